#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/base/log_level.hpp>
#include <duplex/client/cookie_jar.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/tls/client_options.hpp>

namespace duplex::client {

/// How long servers may take. Whatever exceeds them ends with std::errc::timed_out at its step.
struct TimeLimits {
  /// For all answers of name servers.
  std::uint32_t resolve_ms_max = 10'000;
  /// For a connection to any of the addresses.
  std::uint32_t connect_ms_max = 20'000;
  /// For one of them.
  std::uint32_t connect_attempt_ms_max = 10'000;
  /// How long one address is tried alone before the next is tried beside it (RFC 8305 section 5).
  std::uint32_t next_address_ms = 250;
  /// For a proxy to open the way.
  std::uint32_t proxy_ms_max = 10'000;
  /// For the TLS handshake.
  std::uint32_t handshake_ms_max = 10'000;
  /// For a response to begin, from the end of the request; for the answer to an upgrade, too.
  std::uint32_t head_ms_max = 60'000;
  /// For the next bytes of a response.
  std::uint32_t progress_ms_max = 30'000;
  /// For taking any byte of what we send.
  std::uint32_t stalled_write_ms_max = 30'000;
  /// How long content waits for a server that was asked whether it wants it; then it is sent all
  /// the same (RFC 9110 section 10.1.1). curl's value.
  std::uint32_t continue_ms_max = 1'000;
  /// For all of a call whose `deadline` says nothing else, but not for content that is read or
  /// written as it comes, nor for downloads.
  std::uint32_t call_ms_max = 300'000;
};

/// Connections that are kept for further requests; for each thread in which the client is used.
struct PoolLimits {
  /// To one origin, in use and idle; more requests wait for one of them.
  std::size_t connections_per_origin_max = 64;
  /// Requests that wait so, for one origin; of more, each fails.
  std::size_t waiting_per_origin_max = 1'024;
  /// Idle ones to all origins; the one that has been idle longest is closed.
  std::size_t idle_max = 128;
  /// How long one is kept idle. Below what servers allow: 60 s and more, mostly.
  std::uint32_t idle_ms_max = 30'000;
};

/// What a client may spend, by which way it goes, and whom it trusts. The defaults are safe.
struct ClientOptions {
  TimeLimits time_limits = {};
  PoolLimits pool = {};
  http1::ResponseLimits response_limits = {};
  /// Content of a response that is collected, decoded.
  std::uint64_t body_bytes_max = std::uint64_t{64} * 1024 * 1024;
  /// Whom to trust, and how to show who we are.
  tls::ClientOptions tls = {};
  /// By default what the environment says: https_proxy, http_proxy, all_proxy, no_proxy.
  ProxyOptions proxy = {};
  /// Where cookies are kept, and taken from; none by default.
  std::shared_ptr<CookieJar> cookies = {};
  /// The User-Agent field; empty for none.
  std::string user_agent = "duplex";
  /// Sent with every request that has no such field itself.
  http::Fields fields = {};
  /// Name servers to ask, as `127.0.0.1:53`; the system's when there are none.
  std::vector<std::string> name_servers = {};
  /// Called from any thread in which the client is used, from several at a time. By default
  /// warnings and errors go to standard error.
  std::function<void(LogLevel, std::string_view)> log = {};
};

/// What a client has done and is doing, in all threads.
struct ClientStatistics {
  std::uint64_t requests = 0;            ///< sent, redirections counted
  std::uint64_t connections_opened = 0;  ///< WebSockets too
  std::uint64_t connections_open = 0;    ///< now
  std::uint64_t connections_idle = 0;    ///< now, kept for further requests
  std::uint64_t connections_reused = 0;  ///< how often one of those served again
  std::uint64_t tls_handshakes = 0;
  std::uint64_t tls_resumptions = 0;  ///< those of them that resumed an earlier session
};

}  // namespace duplex::client
