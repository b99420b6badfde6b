#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "color.hpp"
#include <duplex/client/options.hpp>
#include <duplex/http/fields.hpp>

// NOLINTNEXTLINE(readability-identifier-naming): CLI11's own name.
namespace CLI {
class App;
class Option;
}  // namespace CLI

/// What all subcommands that talk to servers can be told alike.
namespace duplex::app {

/// As it stands on the command line.
struct ClientArguments {
  std::vector<std::string> fields;
  std::string user;
  std::string bearer;
  std::string proxy;
  std::string no_proxy;
  std::string ca;
  std::string certificate;
  std::string key;
  std::vector<std::string> pins;
  std::string tls_min;
  bool insecure = false;
  std::string unix_path;
  std::string time_max;
  std::string connect_time_max;
  bool verbose = false;
  std::string color = "auto";
};

/// What it means.
struct ClientSettings {
  /// Without a log.
  client::ClientOptions options;
  /// Fields of each request, Authorization too.
  http::Fields fields;
  std::string unix_path;
  /// For all of it, and until there is a connection.
  std::optional<std::chrono::milliseconds> time_max;
  std::optional<std::chrono::milliseconds> connect_time_max;
  bool verbose = false;
  ColorChoice color = ColorChoice::automatic;
};

/// Declares the options; `arguments` must live as long as `command`.
void add_client_options(CLI::App& command, ClientArguments& arguments);

/// Has an option take one value each time that it is given, and keep all of them.
void allow_repetition(CLI::Option& option);

/// Throws UsageError for what can't be.
ClientSettings resolve(const ClientArguments& arguments);

}  // namespace duplex::app
