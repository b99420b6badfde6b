#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

/// A tunnel through a SOCKS5 proxy (RFC 1928), from the client's side: no login, or one with name
/// and password (RFC 1929); the proxy resolves the server's name.
///
/// The same three functions as `HttpTunnel`'s, so that one driver carries either.
class Socks5 {
 public:
  /// Keeps copies of what it needs: credentials of `proxy`, host and port of `target`.
  Socks5(const Proxy& proxy, const http::Url& target);

  /// Appends the first thing to send; once, and first of all. unexpected: the proxy can't be asked
  /// for this host, or with these credentials; nothing is appended, and this object is at its end.
  std::expected<void, ProxyFailure> begin(ByteQueue& out) noexcept;

  /// Consumes a prefix of `input` and appends to `out` what is to be sent next.
  /// true: the tunnel is open. What stands behind in `input` came through it, and stays there.
  /// false: not yet; present what is left of `input` again, with new bytes behind it.
  /// unexpected: the proxy refused, or broke the named rule; this object refuses all further input.
  std::expected<bool, ProxyFailure> next(Bytes& input, ByteQueue& out) noexcept;

  /// What it means when nothing more comes: the proxy has closed, or nobody waits any longer. To be
  /// called when `next` was the last to say false.
  ProxyFailure end_of_input() noexcept;

 private:
  enum class Phase : std::uint8_t { choosing_method, logging_in, connecting, open, failed };
  /// Whether the message that was awaited is complete, and consumed.
  using Result = std::expected<bool, ProxyError>;

  Result step(Bytes& input, ByteQueue& out) noexcept;
  Result read_method(Bytes& input, ByteQueue& out) noexcept;
  Result read_login_status(Bytes& input, ByteQueue& out) noexcept;
  static Result read_reply(Bytes& input) noexcept;
  void write_login(ByteQueue& out) const noexcept;
  void write_connect(ByteQueue& out) const noexcept;
  std::unexpected<ProxyFailure> fail(ProxyError error) noexcept;

  std::string host_;
  std::optional<ProxyCredentials> credentials_;
  std::uint16_t port_;
  Phase phase_ = Phase::choosing_method;
  ProxyError error_{};  // why `failed`
};

}  // namespace duplex::client
