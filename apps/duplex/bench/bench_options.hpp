#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "messages.hpp"
#include "requirement.hpp"
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
  std::string wait;
  std::string size;
  std::string depth;
  std::string rate;
  std::string content;
  std::string verify;
  std::vector<std::string> fields;
  std::string subprotocol;
  std::string unix_path;
  std::string publishers;
  std::string publish_url;
  std::string pace;
  std::string method;
  std::string body_size;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string pid;
  std::string json;
  std::string plot;
  std::string title;
  std::vector<std::string> required;
  bool text = false;
  bool binary = false;
  bool compress = false;
  bool compress_keep = false;
  bool resume = false;
  bool no_keep_alive = false;
  bool insecure = false;
  bool quiet = false;
};

/// What it means.
struct BenchOptions {
  http::Url url;
  /// Of the Unix socket to connect to, whatever host the URLs name; empty for the hosts.
  std::string unix_path;
  std::size_t connections = 50;
  std::size_t threads = 1;
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds warmup{500};
  /// For the server to start.
  std::chrono::milliseconds wait{0};
  /// How many are under way on each connection; in a fan-out, of each publisher.
  std::size_t depth = 1;
  /// A second, all connections together; 0 for a closed loop.
  double rate = 0;
  /// Connections opened a second, all threads together; 0 for as fast as it goes.
  double pace = 0;
  MessageKind message;
  http::Fields fields;
  std::string subprotocol;
  std::size_t publishers = 1;
  http::Url publish_url;
  std::size_t body_bytes = 0;
  TlsFiles tls;
  /// Files, or `-`; empty for none.
  std::string json;
  std::string plot;
  std::string title;
  /// Of the server.
  std::optional<int> pid;
  std::vector<Requirement> required;
  Mode mode = Mode::echo;
  http::Method method = http::Method::get;
  bool length_only = false;
  bool keep_alive = true;
  bool resume = false;
  bool quiet = false;

  /// Whether standard output is for a report, and nothing else must stand there.
  bool reports_to_output() const { return json == "-" || plot == "-"; }
};

/// Throws UsageError.
BenchOptions resolve(const BenchArguments& arguments);

/// As they are shown in reports.
std::vector<Option> shown(const BenchOptions& options);

}  // namespace duplex::app::bench
