#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <duplex/base/shared_bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/http/cookie.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/status.hpp>
#include <duplex/server/body.hpp>

namespace duplex::server {

struct FileResponse;
struct FilesMount;

/// What a handler answers. Framing (`Content-Length`, `Transfer-Encoding`), `Connection` and `Date`
/// are the server's business and are not set here.
///
/// One with status 200 that has an `ETag` or a `Last-Modified` becomes 304 or 412 where the
/// preconditions of a GET or HEAD say so (RFC 9110 section 13).
class Response {
 public:
  /// Pulled whenever the client has room; nullopt ends the content. Called in the connection's
  /// thread, should not block.
  using Generator = std::move_only_function<std::optional<std::string>()>;
  using Stream = std::move_only_function<Task<>(BodyWriter&)>;
  using EventStream = std::move_only_function<Task<>(EventWriter&)>;

  /// 200 without content.
  Response() = default;
  /// No content.
  Response(http::Status status) noexcept : status_(status) {}

  static Response text(std::string text, http::Status status = http::Status::ok);
  static Response html(std::string html, http::Status status = http::Status::ok);
  /// `json` is text that is JSON already.
  static Response json(std::string json, http::Status status = http::Status::ok);
  static Response bytes(std::string bytes, std::string_view media_type = "application/octet-stream",
                        http::Status status = http::Status::ok);
  /// Content that many responses share, without a copy.
  static Response shared(SharedBytes bytes, std::string_view media_type,
                         http::Status status = http::Status::ok);
  /// 303 by default: go there with a GET. Bytes that no URI may hold (spaces, UTF-8, quotes, `%`
  /// alone) are percent-encoded; what is encoded already stays. Throws std::invalid_argument for
  /// CR, LF and NUL, which come from somebody who means no URI.
  static Response redirect(std::string_view location,
                           http::Status status = http::Status::see_other);
  /// 426 with the fields that it needs (RFC 6455 section 4.4): this is a place for a WebSocket.
  static Response upgrade_required(std::string sentence);
  /// The file at `path`, a path of the program's own choice, not the client's: symbolic links are
  /// followed. Honours ranges and conditional requests; 404 when there is no such file.
  static Response file(std::string path);
  /// Content that a function makes piece by piece. It, and the coroutines below, outlive the
  /// request: they own what they need of it.
  static Response generated(std::string_view media_type, Generator generator);
  /// Content that a coroutine writes.
  static Response stream(std::string_view media_type, Stream stream);
  /// Server-sent events that a coroutine writes.
  static Response events(EventStream events);
  /// Server-sent events: every message that is published to `topic`, until the client goes.
  static Response topic(std::string topic);

  /// Adds a field line. Throws std::invalid_argument when name or value may not stand in one.
  Response& add_field(std::string_view name, std::string_view value) &;
  Response&& add_field(std::string_view name, std::string_view value) &&;
  /// Replaces the field lines named `name` by one.
  Response& set_field(std::string_view name, std::string_view value) &;
  Response&& set_field(std::string_view name, std::string_view value) &&;
  Response& set_cookie(const http::SetCookie& cookie) &;
  Response&& set_cookie(const http::SetCookie& cookie) &&;
  Response& set_status(http::Status status) & noexcept;
  Response&& set_status(http::Status status) && noexcept;
  /// Closes the connection behind this response.
  Response& close_connection() & noexcept;
  Response&& close_connection() && noexcept;

  http::Status status() const noexcept { return status_; }
  const http::Fields& fields() const noexcept { return fields_; }

 private:
  friend class ResponseAccess;

  struct FilePath {
    std::string path;
  };
  struct MountedFile {
    const FilesMount* mount;
    /// Once it was looked for; shared only since its type is not known here.
    std::shared_ptr<FileResponse> found = nullptr;
  };
  struct TopicName {
    std::string name;
  };
  using Body = std::variant<std::monostate, std::string, SharedBytes, FilePath, MountedFile,
                            Generator, Stream, EventStream, TopicName>;

  Response(http::Status status, std::string_view media_type, Body body);
  Response(http::Status status, const http::ConstantField& content_type, std::string text);

  http::Status status_ = http::Status::ok;
  bool close_connection_ = false;
  http::Fields fields_;
  Body body_;
};

}  // namespace duplex::server
