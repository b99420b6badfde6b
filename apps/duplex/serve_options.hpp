#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compress_options.hpp"
#include "log_format.hpp"
#include "tls_options.hpp"
#include <duplex/server/options.hpp>

namespace duplex::app {

/// What `duplex serve` can be told.
struct ServeOptions {
  /// The folder to serve at `/`; empty for the page.
  std::string folder;
  /// Where to listen in clear. Empty, and nowhere encrypted either: 127.0.0.1:8080, encrypted when
  /// there is anything to encrypt with.
  std::vector<server::ListenOptions> listen;
  TlsOptions tls;
  /// Whether other programs may listen at the same ports.
  bool reuse_port = false;
  CompressOptions compress;
  /// Worker threads; 0 for one for each core.
  unsigned threads = 0;
  /// Origins besides our own whose pages may connect and publish.
  std::vector<std::string> origins;
  bool single_page = false;
  bool list = false;
  /// One WebSocket message, and one `POST` to a live channel.
  std::uint64_t message_bytes_max = 1024 * 1024;
  /// Content of one request. By default 16 MiB, and never too little for a message.
  std::optional<std::uint64_t> body_bytes_max;
  std::size_t connections_max = server::ServerOptions().connections_max;
  /// By default 4096, and none for loopback and Unix sockets.
  std::optional<std::size_t> connections_per_address_max;
  /// How long a WebSocket may be silent before it is pinged; 0 for never.
  std::chrono::milliseconds heartbeat{30'000};
  /// How long a connection may wait between two requests.
  std::chrono::milliseconds idle_timeout{60'000};
  /// How long responses in flight may take when the program is asked to stop.
  std::chrono::milliseconds shutdown_timeout{10'000};
  LogFormat log = LogFormat::text;
};

/// One option as it was given, on the command line or in a file.
struct Setting {
  std::string name;                 ///< without dashes: `max-message`
  std::vector<std::string> values;  ///< as many as there are for an option that is repeated
  std::string source;  ///< where it stands, for messages: `--threads`, `duplex.toml:3: threads`
};

/// One row of the table of options, which is the same for the command line and for the file.
struct ServeOption {
  std::string_view name;
  /// What stands for the value in the help; empty for a switch.
  std::string_view placeholder;
  bool repeatable;
  std::string_view group;  ///< heading in the help
  std::string_view help;
  /// Takes the values, in place of those before; throws BadValue.
  void (*set)(ServeOptions& options, std::span<const std::string> values);
};

/// All options but `--config`, in the order of the help. `dir` is first: on the command line it
/// stands alone, without a name.
std::span<const ServeOption> serve_option_table() noexcept;

/// Puts `settings` over the defaults in their order: what comes later wins. Throws UsageError with
/// the source of the setting that is wrong.
ServeOptions resolve(std::span<const Setting> settings);

}  // namespace duplex::app
