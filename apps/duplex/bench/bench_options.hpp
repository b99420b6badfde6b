#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "messages.hpp"
#include "result.hpp"
#include "tls_context.hpp"
#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/url.hpp>

namespace duplex::app::bench {

/// The command line of `duplex bench` as it stands. Empty: not given.
struct BenchArguments {
  std::string url;
  std::string mode;
  std::string connections;
  std::string duration;
  std::string threads;
  std::string warmup;
  std::string size;
  std::string depth;
  bool text = false;
  bool binary = false;
  std::string rate;
  bool compress = false;
  bool compress_keep = false;
  std::string verify;
  std::vector<std::string> fields;
  std::string subprotocol;
  std::string publishers;
  std::string publish_url;
  std::string pace;
  bool resume = false;
  std::string method;
  std::string body_size;
  bool no_keep_alive = false;
  std::string ca;
  std::string certificate;
  std::string key;
  bool insecure = false;
  std::string pid;
  std::string json;
  std::string plot;
  std::string title;
  bool quiet = false;
};

/// What it means.
struct BenchOptions {
  Mode mode = Mode::echo;
  http::Url url;
  std::size_t connections = 50;
  std::size_t threads = 1;
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds warmup{500};
  MessageKind message;
  /// How many are under way on each connection; in a fan-out, of each publisher.
  std::size_t depth = 1;
  /// A second, all connections together; 0 for a closed loop.
  double rate = 0;
  bool length_only = false;
  http::Fields fields;
  std::string subprotocol;
  std::size_t publishers = 1;
  http::Url publish_url;
  /// Connections opened a second, all threads together; 0 for as fast as it goes.
  double pace = 0;
  bool resume = false;
  http::Method method = http::Method::get;
  std::size_t body_bytes = 0;
  bool keep_alive = true;
  TlsFiles tls;
  /// Of the server.
  std::optional<int> pid;
  /// Files, or `-`; empty for none.
  std::string json;
  std::string plot;
  std::string title;
  bool quiet = false;

  /// Whether standard output is for a report, and nothing else must stand there.
  bool reports_to_output() const { return json == "-" || plot == "-"; }
};

/// Throws UsageError.
BenchOptions resolve(const BenchArguments& arguments);

/// As they are shown in reports.
std::vector<Option> shown(const BenchOptions& options);

}  // namespace duplex::app::bench
