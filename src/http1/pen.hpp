#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/http1/response_plan.hpp>

namespace duplex::http1 {

inline constexpr std::string_view crlf = "\r\n";

/// A number as text, without an allocation.
class Digits {
 public:
  explicit Digits(std::uint64_t number, int base = 10) noexcept
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number, base).ptr) {}

  std::string_view text() const noexcept {
    return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
  }

 private:
  std::array<char, 20> text_;
  char* end_;
};

/// Writes into room that was made large enough before.
class Pen {
 public:
  explicit Pen(Bytes room) noexcept : begin_(room.data()), at_(begin_) {}

  /// How much was written.
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

  Pen& operator<<(std::string_view text) noexcept {
    if (text.empty()) return *this;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }

 private:
  std::byte* begin_;
  std::byte* at_;
};

/// The line that says `options`; empty when there is nothing to say.
inline std::string_view connection_line(ConnectionOptions options) noexcept {
  if (options.upgrade) {
    if (options.close) return "Connection: Upgrade, close\r\n";
    return options.keep_alive ? "Connection: Upgrade, keep-alive\r\n" : "Connection: Upgrade\r\n";
  }
  if (options.close) return "Connection: close\r\n";
  return options.keep_alive ? "Connection: keep-alive\r\n" : "";
}

/// The line that frames the content, in up to three parts.
struct FramingLine {
  std::string_view name, value, end;

  std::size_t size() const noexcept { return name.size() + value.size() + end.size(); }
};

inline FramingLine framing_line(Framing framing, const Digits& length) noexcept {
  switch (framing) {
    case Framing::content_length: return {"Content-Length: ", length.text(), crlf};
    case Framing::chunked: return {"Transfer-Encoding: ", "chunked", crlf};
    case Framing::none:
    case Framing::until_close: break;
  }
  return {};
}

/// What `name: value` takes up with its end.
template <class Line>
std::size_t line_bytes(const Line& line) noexcept {
  return line.name.size() + 2 + line.value.size() + crlf.size();
}

}  // namespace duplex::http1
