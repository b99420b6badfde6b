#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

// Their errors are what Error::code compares with.
#include <duplex/http/redirect.hpp>
#include <duplex/http/url.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/request_writer.hpp>
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/error.hpp>

namespace duplex::client {

class Response;

/// How far a client came.
enum class Step : std::uint8_t {
  request,    ///< what was asked for can't be: its URL, a field, its content
  resolve,    ///< the name of a host into addresses
  connect,    ///< a connection to one of them
  proxy,      ///< through a proxy: SOCKS5 or HTTP CONNECT
  tls,        ///< encryption: its handshake, who the server is, and all records after that
  handshake,  ///< the opening handshake of a WebSocket (RFC 6455 section 4.1)
  protocol,   ///< the exchange itself: a request, its response and their framing
  redirect,   ///< on to where the response points
  content,    ///< decoding the response's content, or its size
  file,       ///< a file to send, or to write to
};

/// `resolve`, `connect` and so on, in lower case; static.
std::string_view name(Step step) noexcept;

/// What goes wrong in a client that is no other layer's to say. The values of a std::error_code's
/// category of its own, named "client".
enum class ClientError : std::uint8_t {
  invalid_request = 1,     ///< what was asked for can't be sent
  connection_closed,       ///< the connection ended before its time
  upgrade_refused,         ///< a WebSocket was asked for, and an ordinary response came
  too_many_redirects,      ///< more than `Request::redirects_max`
  content_not_replayable,  ///< a redirection wants content again that can be made only once
  content_too_large,       ///< more than `Request::body_bytes_max`
  content_failed,          ///< what was to make the request's content threw an exception
  too_many_requests,       ///< all connections to the server are busy, and enough requests wait
  unexpected_status,       ///< a download was answered with a status that brings no file
  unexpected_part,         ///< a download was answered with a part that was not asked for
  gave_up,                 ///< reconnecting: as many attempts failed as are allowed
};

/// The category of `ClientError`. Lives for ever; any thread.
const std::error_category& client_category() noexcept;
std::error_code make_error_code(ClientError error) noexcept;

/// Why a client's call has no result. What the reason's sentence says stands for people; programs
/// look at `step` and `code`.
///
/// `code` compares with what went wrong, whoever found it: std::errc::timed_out for every limit of
/// time, std::errc::operation_canceled for what was stopped, std::errc::connection_refused and the
/// like of the system, and the enumerations ClientError, net::ResolveError, tls::TlsError,
/// ProxyError, DecodeError, http1::Error, http1::RequestError, http::UrlError, http::RedirectError,
/// websocket::ClientHandshakeError and websocket::Error.
struct Error {
  Step step = Step::request;
  std::error_code code = {};
  /// Who was talked to, as `example.com:443`; a path for a Unix socket or a file.
  std::string peer = {};
  /// A sentence without a full stop.
  std::string reason = {};
  /// The response, with the status and the first part of the content, when that is the reason: to
  /// an upgrade, to CONNECT, to a download. Else null.
  std::shared_ptr<const Response> response = {};

  bool timed_out() const noexcept { return code == std::errc::timed_out; }
  bool cancelled() const noexcept { return code == std::errc::operation_canceled; }

  /// All of it in a line: `tls: example.com:443: the certificate expired on ...`.
  std::string message() const;
};

/// An `Error` for who prefers exceptions: what `Result::value` throws. `what` is its message.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Error error);
  const Error& error() const noexcept { return *error_; }
  const std::error_code& code() const noexcept { return error_->code; }

 private:
  std::shared_ptr<const Error> error_;  // exceptions are copied, and may not throw then
};

}  // namespace duplex::client

template <>
struct std::is_error_code_enum<duplex::client::ClientError> : std::true_type {};
