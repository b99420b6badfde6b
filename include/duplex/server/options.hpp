#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/base/log_level.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/tls/server_options.hpp>

namespace duplex::server {

/// How long a client may take.
struct TimeLimits {
  /// For the TLS handshake; then the connection is closed.
  std::uint32_t handshake_ms_max = 10'000;
  /// For a whole request head, from its first byte, or from the connection's beginning. 408.
  std::uint32_t head_ms_max = 10'000;
  /// For the next bytes of a request's content. 408.
  std::uint32_t body_progress_ms_max = 20'000;
  /// Between two requests; then the connection is closed.
  std::uint32_t idle_ms_max = 60'000;
  /// For taking any byte of what we send; then the connection is closed.
  std::uint32_t stalled_write_ms_max = 30'000;
};

/// One exchange, for access logs: its response is complete, or cut off; the client may still be
/// taking it. Views hold during the call.
struct AccessRecord {
  std::string_view peer;
  http::Method method;
  std::string_view
      target;  ///< empty when the request could not be read; then `method` says nothing
  http::Status status;
  std::uint64_t response_bytes;  ///< content, without head and framing
  std::chrono::microseconds duration;
  std::string_view user_agent;
  std::string_view referer;
  /// The exchange was upgraded to WebSocket, and is logged at its beginning.
  bool upgraded;
};

/// What a server may spend, and where it tells what happens. The defaults are safe for the open
/// Internet.
struct ServerOptions {
  /// Worker threads, the one that calls `Server::run` among them; 0 for one for each core.
  unsigned threads = 0;
  http1::Limits limits = {};
  TimeLimits time_limits = {};
  /// Content of a request whose handler reads it piece by piece (`BodyReader`), and so needs no
  /// memory for all of it. By default the same as `limits.body_bytes_max`.
  std::optional<std::uint64_t> streamed_body_bytes_max = {};
  /// Connections in all; one more is answered 503 and closed, or just closed where it would be
  /// encrypted.
  std::size_t connections_max = 200'000;
  /// Connections of one client address (of one /64 network for IPv6). By default 4,096, and none
  /// for loopback and Unix sockets, where a proxy stands for all its clients; a number given here
  /// counts for every address.
  std::optional<std::size_t> connections_per_address_max = {};
  /// Called from any worker's thread, one call at a time for each worker, and from those that read
  /// certificates: `listen`'s, `reload_certificates`', and the one that watches their files. By
  /// default warnings and errors go to standard error.
  std::function<void(LogLevel, std::string_view)> log = {};
  /// Called for each exchange, from any worker's thread.
  std::function<void(const AccessRecord&)> access_log = {};
};

/// What browsers are to remember about this host (HSTS, RFC 6797): to come by https only.
struct StrictTransport {
  /// For how long. 0 withdraws what they were told before, for subdomains, too (RFC 6797 section
  /// 6.1.1).
  std::chrono::seconds max_age{0};
  bool include_subdomains = false;
};

/// Where to listen, and how: in clear, or encrypted.
struct ListenOptions {
  /// A numeric IPv4 or IPv6 address. This machine only by default; `0.0.0.0` for all of IPv4, `::`
  /// for all of IPv6 and IPv4.
  std::string address = "127.0.0.1";
  /// 0 for any free port.
  std::uint16_t port = 0;
  /// The path of a Unix socket, instead of address and port.
  std::string unix_path = {};
  /// Connections that the kernel keeps until they are accepted.
  int backlog = 4096;
  /// Lets several servers listen here, of one program or of several of the same user, among which
  /// the system spreads new connections (SO_REUSEPORT): a program can begin before the one that it
  /// replaces ends. Each of them has to share the port, and has topics of its own. Not for Unix
  /// sockets. By default it is an error when anybody listens here already.
  bool reuse_port = false;
  /// Encrypts everything here: https and wss. Off by default.
  tls::ServerOptions tls = {};
  /// Sent with every response of an encrypted listener. Nothing by default; browsers then keep to
  /// what they were told before.
  std::optional<StrictTransport> strict_transport = {};
  /// For a listener in clear: answers every request with a redirection (308) to https at this port
  /// of the same host. A WebSocket handshake is refused with a sentence instead, since clients
  /// don't follow redirections there.
  std::optional<std::uint16_t> redirect_to_https = {};
};

/// How to stop.
struct StopOptions {
  /// What is still open by then is cut off; handlers that block are waited for all the same.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);
};

/// What a server has done and is doing; sums over its workers, each read at its own moment.
struct Statistics {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t websockets_open = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_dropped = 0;       ///< by `SlowConsumer::drop_newest`
  std::uint64_t slow_consumers_closed = 0;  ///< by `SlowConsumer::close`
  /// Messages that were published in one thread and are yet to be delivered by another; each counts
  /// for each such thread.
  std::uint64_t publications_waiting = 0;
  std::uint64_t tls_handshakes = 0;   ///< that ended well
  std::uint64_t tls_resumptions = 0;  ///< those of them that resumed an earlier session
  /// Connections that ended for what TLS forbids, or can't agree on; not those whose client went
  /// without a word.
  std::uint64_t tls_failures = 0;
};

}  // namespace duplex::server
