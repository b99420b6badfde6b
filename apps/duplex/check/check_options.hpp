#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "color.hpp"
#include "http_head.hpp"
#include "selection.hpp"
#include "tls_stream.hpp"
#include <duplex/http/url.hpp>

namespace duplex::app::check {

/// The command line of `duplex check` as it stands.
struct CheckArguments {
  std::string url;
  std::string listen;
  std::vector<std::string> only;
  std::vector<std::string> without;
  bool list = false;
  std::string jobs = "16";
  std::string timeout = "10";
  std::string wait = "0";
  std::string idle = "30";
  std::vector<std::string> fields;
  std::string ca;
  std::string certificate;
  std::string key;
  bool insecure = false;
  std::string json;
  std::string junit;
  std::string html;
  bool quiet = false;
  bool verbose = false;
  std::string color = "auto";
};

/// Where to wait for clients.
struct ListenPlace {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

/// What it means.
struct CheckOptions {
  /// One of both; neither is there when cases are to be listed without saying for whom.
  std::optional<http::Url> url = {};
  std::optional<ListenPlace> listen = {};
  /// In the order in which they are run.
  std::vector<const Case*> cases = {};
  bool list = false;
  std::size_t jobs = 16;
  std::chrono::milliseconds time_limit{};
  std::chrono::milliseconds idle_limit{};
  /// How long to try to connect at first.
  std::chrono::milliseconds wait{};
  std::vector<HttpHead::Field> fields = {};
  TlsClientFiles client_tls = {};
  /// To listen encrypted.
  std::optional<TlsServerFiles> server_tls = {};
  /// Files, or `-`; empty for none.
  std::string json = {};
  std::string junit = {};
  std::string html = {};
  bool quiet = false;
  bool verbose = false;
  ColorChoice color = ColorChoice::automatic;

  End checked() const noexcept { return listen ? End::client : End::server; }
  /// Whether standard output is for a report, and nothing else must stand there.
  bool reports_to_output() const { return json == "-" || junit == "-" || html == "-"; }
};

/// Throws UsageError.
CheckOptions resolve(const CheckArguments& arguments);

}  // namespace duplex::app::check
