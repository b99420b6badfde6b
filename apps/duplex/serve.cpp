#include "serve.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "cert.hpp"
#include "descriptor_limit.hpp"
#include "development_certificate.hpp"
#include "hangup.hpp"
#include "health.hpp"
#include "listen_address.hpp"
#include "live.hpp"
#include "log_format.hpp"
#include "log_writer.hpp"
#include "page.hpp"
#include "subcommand.hpp"
#include <duplex/server/server.hpp>

namespace duplex::app {
namespace {

using server::Server;
using std::chrono::system_clock;

/// A program may be started without standard descriptors. The first connection would take the place
/// of standard error then, and be sent the log.
void occupy_standard_descriptors() {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) == -1) ::open("/dev/null", O_RDWR);  // takes the lowest
  }
}

void check_folder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(folder, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw std::runtime_error(fmt::format(
        "there is no folder {}: give one that exists, or none to serve the page alone", folder));
  }
  if (error) throw std::runtime_error(fmt::format("{}: {}", folder, error.message()));
  if (!std::filesystem::is_directory(status)) {
    throw std::runtime_error(fmt::format("{} is not a folder: give the one it is in", folder));
  }
}

LogWriter::Options log_writer_options(LogFormat format) {
  return {.describe_loss = [format](std::uint64_t lost) {
    return message_line(
        format, duplex::LogLevel::warning,
        fmt::format("{} entries of the log were lost: its reader is too slow", lost),
        system_clock::now());
  }};
}

server::ServerOptions server_options(const ServeOptions& options, LogWriter& log) {
  server::ServerOptions result;
  result.threads = options.threads;
  // Messages may be posted to live channels too.
  result.limits.body_bytes_max = options.body_bytes_max.value_or(
      std::max<std::uint64_t>(result.limits.body_bytes_max, options.message_bytes_max));
  result.time_limits.idle_ms_max = static_cast<std::uint32_t>(options.idle_timeout.count());
  result.connections_max = options.connections_max;
  result.connections_per_address_max = options.connections_per_address_max;
  const LogFormat format = options.log;
  result.log = [format, &log](duplex::LogLevel level, std::string_view message) {
    log.write(message_line(format, level, message, system_clock::now()));
  };
  if (format != LogFormat::off) {
    result.access_log = [format, &log](const server::AccessRecord& record) {
      log.write(access_line(format, record, system_clock::now()));
    };
  }
  return result;
}

server::WebSocketOptions websocket_options(const ServeOptions& options) {
  server::WebSocketOptions result;
  result.message_bytes_max = options.message_bytes_max;
  // One message must fit at least, and another behind it.
  result.outbox_bytes_max =
      std::max<std::size_t>(result.outbox_bytes_max, 2 * (options.message_bytes_max + 1024));
  result.heartbeat_ms = static_cast<std::uint32_t>(options.heartbeat.count());
  result.deflate = deflate_of(options.compress);
  result.origins = options.origins;
  return result;
}

void add_echo(Server& server, const server::WebSocketOptions& options) {
  server.websocket("/echo",
                   {
                       .on_message = [](connection::WebSocket& socket,
                                        connection::Message message) { socket.send(message); },
                       .options = options,
                   });
}

void add_routes(Server& server, const ServeOptions& options,
                std::shared_ptr<const PagePorts> ports) {
  const server::WebSocketOptions websockets = websocket_options(options);
  add_echo(server, websockets);
  add_live_channels(server, websockets);
  add_health(server);
  add_page(server, {.at_root = options.folder.empty(),
                    .origins = options.origins,
                    .message_bytes_max = options.message_bytes_max,
                    .deflate = websockets.deflate,
                    .ports = std::move(ports)});
  if (options.folder.empty()) return;
  server.files("/", {.folder = options.folder,
                     .list = options.list,
                     .single_page = options.single_page ? "index.html" : ""});
}

/// Says of the certificate that vouches for itself what people need to know of it.
void introduce(const DevelopmentCertificate& development, const server::ServerOptions& told) {
  const tls::Certificate& certificate = development.certificate;
  told.log(duplex::LogLevel::warning,
           fmt::format("the certificate is self-signed, for development only; its SHA-256 "
                       "fingerprint is {}",
                       certificate.fingerprint));
  if (development.public_path.empty()) {
    told.log(duplex::LogLevel::warning,
             fmt::format("it is in memory only, and another one at the next start: {}",
                         development.reason));
    return;
  }
  told.log(duplex::LogLevel::info,
           "browsers warn of it: compare the fingerprint that they show, and go on; or see 'duplex "
           "cert' for one that they can be told to trust");
  const std::string file = shell_word(development.public_path);
  told.log(duplex::LogLevel::info, fmt::format("curl trusts it with --cacert {}", file));
  told.log(duplex::LogLevel::info,
           fmt::format("Chromium trusts it after certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n "
                       "duplex-self-signed -i {}",
                       file));
}

/// What encrypted listeners encrypt with.
tls::ServerOptions encryption(const ServeOptions& options, const server::ServerOptions& told) {
  tls::ServerOptions result = encryption_of(options.tls);
  if (!options.tls.self_signed) return result;
  DevelopmentCertificate development = development_certificate();
  introduce(development, told);
  result.certificate = std::move(development.credential);
  return result;
}

std::uint16_t listen(Server& server, const server::ListenOptions& options) {
  try {
    return server.listen(options);
  } catch (const server::ListenError& error) {
    throw std::runtime_error(
        fmt::format("{}, for example with {}", error.what(), listen_elsewhere(options)));
  }
}

std::string line_of(const server::ListenOptions& options, std::uint16_t port) {
  return fmt::format("duplex serves {}\n", where(options, port));
}

/// Listens, and answers the lines that say so. Puts the first ports of each kind into `ports`.
std::string listen_everywhere(Server& server, const ServeOptions& options,
                              const server::ServerOptions& told, PagePorts& ports) {
  std::vector<server::ListenOptions> clear = options.listen;
  std::vector<server::ListenOptions> encrypted = options.tls.listen;
  if (clear.empty() && encrypted.empty()) {
    (options.tls.enabled() ? encrypted : clear).push_back({.port = 8080});
  }
  tls::ServerOptions tls;
  if (!encrypted.empty()) tls = encryption(options, told);

  // First, since where others lead to must be known; said last, as it was given.
  std::string encrypted_lines;
  for (server::ListenOptions& address : encrypted) {
    address.tls = tls;
    address.reuse_port = options.reuse_port;
    if (options.tls.strict_transport) {
      address.strict_transport = server::StrictTransport{
          .max_age = *options.tls.strict_transport,
          .include_subdomains = options.tls.strict_transport_subdomains,
      };
    }
    const std::uint16_t port = listen(server, address);
    if (!ports.encrypted && address.unix_path.empty()) ports.encrypted = port;
    encrypted_lines += line_of(address, port);
  }
  std::string lines;
  for (server::ListenOptions& address : clear) {
    address.reuse_port = options.reuse_port;
    if (options.tls.redirect) address.redirect_to_https = ports.encrypted;
    const std::uint16_t port = listen(server, address);
    const bool serves_page = !options.tls.redirect && address.unix_path.empty();
    if (!ports.clear && serves_page) ports.clear = port;
    lines += line_of(address, port);
  }
  return lines + encrypted_lines;
}

void stop_or_reload_on_signals(Server& server, const ServeOptions& options, const Hangup& hangup) {
  const server::StopOptions stopping{.deadline = options.shutdown_timeout};
  server.stop_on_signals(stopping);
  // Without anything to reload it ends the program, as ever.
  if (!options.tls.enabled()) return;
  // A terminal that is closed may send it twice: the second may come when the server has ended.
  std::signal(SIGHUP, SIG_IGN);
  server.on_signal(SIGHUP, [&server, &hangup, stopping] {
    if (hangup.is_of_terminal()) return server.stop(stopping);
    // The server's log tells what became of it.
    [[maybe_unused]] const auto reloaded = server.reload_certificates();
  });
}

}  // namespace

int serve(const ServeOptions& options) {
  const Hangup hangup;
  std::signal(SIGPIPE, SIG_IGN);  // that a reader has gone is told by the calls that write
  occupy_standard_descriptors();
  raise_descriptor_limit();
  if (!options.folder.empty()) check_folder(options.folder);

  LogWriter log(log_writer_options(options.log));
  const server::ServerOptions settings = server_options(options, log);
  Server server(settings);
  stop_or_reload_on_signals(server, options, hangup);
  const auto ports = std::make_shared<PagePorts>();
  add_routes(server, options, ports);
  if (const auto deflate = deflate_of(options.compress)) {
    settings.log(duplex::LogLevel::info, describe_compression(*deflate));
  }

  const std::string lines = listen_everywhere(server, options, settings, *ports);
  // Whoever started the program may wait for these lines, and connect: the system takes connections
  // from now on.
  std::fputs(lines.c_str(), stdout);
  std::fflush(stdout);
  server.run();
  return exit_success;
}

}  // namespace duplex::app
