#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>

namespace duplex::server {

class Http1Connection;

/// The content of a request, for a handler that takes it as it comes:
/// `while (auto piece = co_await body.read()) ...`
///
/// What is not read is not received either: the client is slowed down by TCP. If the client breaks
/// off or sends what can't be read, the handler's coroutine is destroyed where it waits.
class BodyReader {
 public:
  class Read;
  /// Waits for the next piece, never empty; nullopt at the end of the content.
  Read read() noexcept;

  explicit BodyReader(Http1Connection& connection) noexcept : connection_(&connection) {}
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

 private:
  Http1Connection* connection_;
};

/// See `BodyReader::read`.
class [[nodiscard]] BodyReader::Read {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  std::optional<std::string> await_resume();

  Read(Read&& other) noexcept : connection_(other.connection_) {}  // before it has begun
  Read& operator=(Read&&) = delete;
  ~Read();

 private:
  friend BodyReader;
  explicit Read(Http1Connection& connection) noexcept : connection_(&connection) {}
  Http1Connection* connection_;
  std::coroutine_handle<> waiter_;
};

/// The content of a response, for a coroutine that writes it as it is made. The content ends when
/// the coroutine does; if it ends with an exception the connection is closed, so that the client
/// can tell. When the client goes away the coroutine is destroyed where it waits.
class BodyWriter {
 public:
  class Write;
  /// Sends a piece, and waits while the client has more than enough to read.
  Write write(std::string_view piece);
  Write write(ConstBytes piece);

  /// Adds a field line behind the content (RFC 9110 section 6.5); not sent to HTTP/1.0. Throws
  /// std::invalid_argument when name or value may not stand in one.
  void add_trailer(std::string_view name, std::string_view value);

  explicit BodyWriter(Http1Connection& connection) noexcept : connection_(&connection) {}
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

 private:
  Http1Connection* connection_;
};

/// See `BodyWriter::write`. The piece has been taken before the wait begins.
class [[nodiscard]] BodyWriter::Write {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  void await_resume() noexcept { waiter_ = nullptr; }

  Write(Write&& other) noexcept : connection_(other.connection_) {}  // before it has begun
  Write& operator=(Write&&) = delete;
  ~Write();

 private:
  friend BodyWriter;
  explicit Write(Http1Connection& connection) noexcept : connection_(&connection) {}
  Http1Connection* connection_;
  std::coroutine_handle<> waiter_;
};

/// One server-sent event (WHATWG HTML, section "Server-sent events").
struct ServerSentEvent {
  /// May have several lines.
  std::string_view data;
  /// What the browser dispatches; `message` when empty.
  std::string_view event = {};
  /// Comes back as `Last-Event-ID` when the browser reconnects.
  std::string_view id = {};
  /// How long the browser waits before it reconnects; 0 leaves that to it.
  std::uint32_t retry_ms = 0;
};

/// `event` as text, with the empty line that ends it. Line breaks in `event` and `id` are left out.
std::string to_string(const ServerSentEvent& event);

/// Writes server-sent events; a `BodyWriter` with their format.
class EventWriter {
 public:
  BodyWriter::Write send(const ServerSentEvent& event);
  /// A line that browsers ignore; keeps proxies from closing a silent connection.
  BodyWriter::Write comment(std::string_view text);

  explicit EventWriter(Http1Connection& connection) noexcept : body_(connection) {}

 private:
  BodyWriter body_;
};

}  // namespace duplex::server
