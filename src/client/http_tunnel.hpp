#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/url.hpp>
#include <duplex/http1/field_table.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/http1/response_parser.hpp>

namespace duplex::client {

/// A tunnel through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), from the client's side. Logs
/// in with name and password (RFC 7617) in the first request, where there are such.
///
/// The same three functions as `Socks5`'s, so that one driver carries either. A refusal is told
/// with what the proxy says about it: `next` waits for the beginning of its content.
class HttpTunnel {
 public:
  /// Of a reason phrase, and of the content of a refusal, so much is kept. What is longer is cut.
  static constexpr std::size_t reason_bytes_max = 200;
  static constexpr std::size_t content_bytes_max = std::size_t{4} * 1024;
  /// Proxies have little to say.
  static constexpr http1::ResponseLimits limits = {.head_bytes_max = std::size_t{64} * 1024};

  /// Keeps copies of what it needs: credentials of `proxy`, host and port of `target`.
  HttpTunnel(const Proxy& proxy, const http::Url& target);
  HttpTunnel(const HttpTunnel&) = delete;
  HttpTunnel& operator=(const HttpTunnel&) = delete;

  /// Appends the request; once, and first of all. unexpected: the proxy can't be asked for this
  /// host, or with these credentials; nothing is appended, and this object is at its end.
  std::expected<void, ProxyFailure> begin(ByteQueue& out) noexcept;

  /// Consumes a prefix of `input`; appends nothing, since there is one request only.
  /// true: the tunnel is open. What stands behind in `input` came through it, and stays there.
  /// false: not yet; present what is left of `input` again, with new bytes behind it.
  /// unexpected: the proxy refused, or broke the named rule; this object refuses all further input.
  std::expected<bool, ProxyFailure> next(Bytes& input, ByteQueue& out) noexcept;

  /// What it means when nothing more comes: the proxy has closed, or nobody waits any longer. A
  /// refusal is one, if less than all of its content has come. To be called when `next` was the
  /// last to say false.
  ProxyFailure end_of_input() noexcept;

 private:
  std::expected<bool, ProxyFailure> fail(ProxyFailure failure) noexcept;
  void note_refusal(const http::ResponseHead& head) noexcept;
  /// False when there is no room for more.
  bool keep(ConstBytes content) noexcept;

  Proxy proxy_;
  http::Url target_;
  http1::FieldTable table_;
  http1::ResponseParser parser_{limits, table_};
  // A refusal whose content is still coming; the failure that was told, once `failed_`.
  std::optional<ProxyFailure> failure_;
  bool failed_ = false;
};

}  // namespace duplex::client
