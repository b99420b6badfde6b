#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http1/response_plan.hpp>

namespace duplex::http1 {

inline constexpr std::string_view crlf = "\r\n";

/// Of any 64-bit number.
inline constexpr std::size_t digits_max = 20;

/// A number as text, without an allocation.
class Digits {
 public:
  explicit Digits(std::uint64_t number, int base = 10) noexcept
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number, base).ptr) {}

  std::string_view text() const noexcept {
    return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
  }

 private:
  std::array<char, digits_max> text_;
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
  Pen& operator<<(std::uint64_t number) noexcept {
    char* const at = reinterpret_cast<char*>(at_);
    at_ += std::to_chars(at, at + digits_max, number).ptr - at;
    return *this;
  }
  /// With the end of its line.
  Pen& operator<<(const http::FieldView& line) noexcept {
    return *this << line.name << ": " << line.value << crlf;
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

/// The line that frames the content, if there is any.
inline void write_framing(Pen& pen, Framing framing, std::uint64_t content_length) noexcept {
  switch (framing) {
    case Framing::content_length: pen << "Content-Length: " << content_length << crlf; return;
    case Framing::chunked: pen << "Transfer-Encoding: chunked\r\n"; return;
    case Framing::none:
    case Framing::until_close: return;
  }
}

/// What the line of a field takes up with its end.
inline std::size_t line_bytes(const http::FieldView& line) noexcept {
  return line.name.size() + 2 + line.value.size() + crlf.size();
}

/// More than what the lines for framing and connection take up together.
inline constexpr std::size_t own_lines_bytes_max = 80;

}  // namespace duplex::http1
