#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <duplex/base/bytes.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/multipart.hpp>
#include <duplex/tls/session_info.hpp>

namespace duplex::tls {
class Stream;
}

namespace duplex::server {

/// A request as handlers see it.
///
/// A plain function's request, and all views of it, hold until the function returns; a coroutine's
/// hold until the coroutine ends, and those of `on_open` until it returns. To be used in the thread
/// of its connection.
class Request {
 public:
  /// Made by the server.
  struct Parameter {
    std::string_view name;
    std::string value;  ///< percent-decoded
  };

  http::Method method() const noexcept { return head_->method; }
  /// The path as it came, percent-encoded.
  std::string_view path() const noexcept { return head_->path; }
  /// The request target as it came.
  std::string_view target() const noexcept { return head_->target; }
  /// Host and port that the client wants to talk to.
  std::string_view authority() const noexcept { return head_->authority; }
  /// All else of the head, as it came.
  const http::RequestHead& head() const noexcept { return *head_; }

  /// The part of the path that matched `{name}` or `{name...}` of the route's pattern,
  /// percent-decoded; empty when the pattern has no such name.
  std::string_view param(std::string_view name) const noexcept;

  /// The value of the first field named `name`, in any case; nullopt when there is none.
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    return head_->fields.find(name);
  }

  /// The first value of `name` in the query, decoded; nullopt when there is none.
  std::optional<std::string> query(std::string_view name) const;
  /// The first value of `name` in an `application/x-www-form-urlencoded` body, decoded; nullopt
  /// when there is none, or the body is of another type.
  std::optional<std::string> form(std::string_view name) const;
  /// The parts of a `multipart/form-data` body (RFC 7578), fields and files, in the order in which
  /// they came; views of the body. Or why it is none.
  std::expected<std::vector<http::FormPart>, http::MultipartError> multipart(
      const http::MultipartLimits& limits = {}) const;
  /// The value of the first cookie named `name`.
  std::optional<std::string_view> cookie(std::string_view name) const noexcept;

  /// The whole content. Empty for a handler that reads it as a `BodyReader`.
  ConstBytes body() const noexcept { return body_; }
  std::string_view text() const noexcept { return as_text(body_); }

  /// The fields behind chunked content (RFC 9110 section 6.5); empty until all of it has come.
  http::FieldsView trailers() const noexcept { return trailers_; }

  /// Address and port of the peer, `127.0.0.1:50123`; `unix` for a Unix socket.
  std::string_view peer() const noexcept { return peer_; }
  /// Whether the connection is encrypted, and this is https or wss.
  bool secure() const noexcept { return stream_ != nullptr; }
  /// What was agreed on for an encrypted connection, and who the client is if it has shown a
  /// certificate; nullopt in clear. Views of it hold as long as this request.
  std::optional<tls::SessionInfo> tls() const;

 private:
  friend class IncomingRequest;
  const http::RequestHead* head_ = nullptr;
  std::span<const Parameter> parameters_;
  ConstBytes body_;
  http::FieldsView trailers_;
  std::string_view peer_;
  const tls::Stream* stream_ = nullptr;
};

}  // namespace duplex::server
