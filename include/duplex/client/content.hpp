#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <duplex/base/bytes.hpp>
#include <duplex/base/compiler.hpp>
#include <duplex/base/task.hpp>
#include <duplex/http/query.hpp>

namespace duplex::client {

class Http1Connection;

/// The content of a request, for a coroutine that writes it as it is made. Used in the thread where
/// the request was begun, and only until the coroutine has ended.
class ContentWriter {
 public:
  class Write;
  /// Sends a piece, and waits while the server has more than enough to read.
  Write write(std::string_view piece);
  Write write(ConstBytes piece);

  explicit ContentWriter(Http1Connection& connection) noexcept : connection_(&connection) {}
  ContentWriter(const ContentWriter&) = delete;
  ContentWriter& operator=(const ContentWriter&) = delete;

 private:
  Http1Connection* connection_;
};

/// See `ContentWriter::write`. The piece has been taken before the wait begins.
class [[nodiscard]] ContentWriter::Write {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  void await_resume() noexcept { waiting_ = false; }

  Write(Write&& other) noexcept : connection_(other.connection_) {}  // before it has begun
  Write& operator=(Write&&) = delete;
  ~Write();

 private:
  friend ContentWriter;
  explicit Write(Http1Connection& connection) noexcept : connection_(&connection) {}
  Http1Connection* connection_;
  bool waiting_ = false;
};

/// What a request carries: nothing, text, a file, or what a coroutine makes. Whatever is not made
/// by a coroutine can be sent again, when a redirection or a lost connection demands it.
class Content {
 public:
  using Writer = std::move_only_function<Task<>(ContentWriter&)>;

  /// None.
  Content() = default;
  /// Text in UTF-8.
  Content(std::string text) : Content("text/plain; charset=utf-8", std::move(text)) {}
  Content(std::string_view text) : Content(std::string(text)) {}
  Content(const char* text) : Content(std::string(text)) {}

  /// `json` is text that is JSON already.
  static Content json(std::string json);
  static Content bytes(std::string bytes, std::string_view media_type = "application/octet-stream");
  static Content form(const std::vector<http::FormEntry>& entries);
  /// The file at `path`, read as it is sent; its media type by its name unless given.
  static Content file(std::string path, std::string_view media_type = {});
  /// What `writer` writes, a coroutine that is started when the request is sent. Its length, if it
  /// is known, is announced, and must then be true; else the content goes in chunks.
  template <class Callable>
  static Content stream(std::string_view media_type, Callable&& writer,
                        std::optional<std::uint64_t> bytes = std::nullopt) {
    static_assert(!destroys_awaited_closures_twice || std::is_lvalue_reference_v<Callable> ||
                      std::is_trivially_destructible_v<std::decay_t<Callable>>,
                  "this compiler (GCC before 13) destroys a closure that is made inside of "
                  "co_await twice; give it a name first");
    return {media_type, Stream{Writer(std::forward<Callable>(writer)), bytes}};
  }

  const std::string& media_type() const noexcept { return media_type_; }
  bool empty() const noexcept { return std::holds_alternative<std::monostate>(body_); }
  /// Whether it can be sent more than once.
  bool replayable() const noexcept { return !std::holds_alternative<Stream>(body_); }

 private:
  friend class ContentAccess;
  struct File {
    std::string path;
  };
  struct Stream {
    Writer writer;
    std::optional<std::uint64_t> bytes;
  };
  using Body = std::variant<std::monostate, std::string, File, Stream>;

  Content(std::string_view media_type, Body body)
      : media_type_(media_type), body_(std::move(body)) {}

  std::string media_type_;
  Body body_;
};

}  // namespace duplex::client
