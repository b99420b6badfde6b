#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

#include "client/http_tunnel.hpp"
#include "client/socks5.hpp"
#include "net/alarm.hpp"
#include "net/descriptor.hpp"
#include "net/event_loop.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/http/status.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

struct TunnelOptions {
  /// From the first byte sent to the tunnel's being open. The proxy connects to the server in this
  /// time.
  std::uint64_t tunnel_ms_max = 10'000;
};

/// Why there is no tunnel.
struct TunnelError {
  /// Of `proxy_category()`, or the system's; std::errc::timed_out for our own limit.
  std::error_code error;
  /// Names the proxy: "http://proxy:3128: the proxy refused to connect: 403 Filtered". May hold the
  /// proxy's own text.
  std::string message;
  /// Of an HTTP proxy that refused: its status, and the beginning of its content.
  std::optional<http::Status> status = std::nullopt;
  std::string content = {};
};

/// Makes a tunnel to a server of a connection to a proxy: drives a `Socks5` or an `HttpTunnel` over
/// it until it is open.
///
/// Used in the loop's thread. Destroying it closes the connection, unless that has been handed on,
/// and nothing is called.
class Tunnel final : public net::Pollable {
 public:
  /// Called exactly once in the loop's thread, never from within the constructor, with the
  /// connection, through which the server is reached from now on. May destroy the tunnel. May not
  /// throw.
  using OnTunnel = std::move_only_function<void(std::expected<net::Descriptor, TunnelError>)>;

  /// Begins. `loop` is borrowed and must outlive it; `socket` is connected to `proxy`, non-blocking
  /// and watched by nobody; of `target` host and port count.
  Tunnel(net::EventLoop& loop, net::Descriptor socket, const Proxy& proxy, const http::Url& target,
         const TunnelOptions& options, OnTunnel on_tunnel);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

 private:
  using Protocol = std::variant<HttpTunnel, Socks5>;

  void on_ready(net::Readiness readiness) noexcept override;
  void on_deadline() noexcept;
  void receive() noexcept;
  void process() noexcept;
  void send() noexcept;
  void stop_watching() noexcept;
  void end(std::optional<TunnelError> error) noexcept;
  void tell() noexcept;
  ProxyFailure end_of_input() noexcept;
  TunnelError error_of(const ProxyFailure& failure) const;
  TunnelError error_of(std::error_code error) const;

  net::EventLoop& loop_;
  net::Descriptor socket_;
  std::string proxy_text_;
  Protocol protocol_;
  OnTunnel on_tunnel_;
  ByteQueue input_;
  ByteQueue output_;
  bool watched_ = false;
  bool watches_output_ = false;
  // Once `tell_` is armed: why there is none, or that there is one.
  std::optional<TunnelError> error_;
  net::Alarm<Tunnel> deadline_{*this, &Tunnel::on_deadline};
  net::Alarm<Tunnel> tell_{*this, &Tunnel::tell};
};

}  // namespace duplex::client
