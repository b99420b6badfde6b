#include <array>
#include <charconv>
#include <cstring>

#include "http1/field_section.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/response_writer.hpp>

namespace duplex::http1 {

namespace {

constexpr std::string_view crlf = "\r\n";

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

/// Writes into room whose size has been computed before.
class Pen {
 public:
  explicit Pen(Bytes room) noexcept : at_(room.data()) {}

  Pen& operator<<(std::string_view text) noexcept {
    if (text.empty()) return *this;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }

 private:
  std::byte* at_;
};

/// Whether a handler's field is its own to set in a response with `status`.
bool is_handlers(std::string_view name, http::Status status) noexcept {
  switch (name.size()) {
    case 7:
      return !equals_ignoring_case(name, "upgrade") ||
             status == http::Status::switching_protocols ||
             status == http::Status::upgrade_required;
    case 10:
      return !equals_ignoring_case(name, "connection") && !equals_ignoring_case(name, "keep-alive");
    case 14: return !equals_ignoring_case(name, "content-length");
    case 16: return !equals_ignoring_case(name, "proxy-connection");
    case 17: return !equals_ignoring_case(name, "transfer-encoding");
    default: return true;
  }
}

std::string_view connection_line(ConnectionOptions options) noexcept {
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
};

FramingLine framing_line(Framing framing, const Digits& length) noexcept {
  switch (framing) {
    case Framing::content_length: return {"Content-Length: ", length.text(), crlf};
    case Framing::chunked: return {"Transfer-Encoding: ", "chunked", crlf};
    case Framing::none:
    case Framing::until_close: break;
  }
  return {};
}

template <class Line>
std::size_t line_bytes(const Line& line) noexcept {
  return line.name.size() + 2 + line.value.size() + crlf.size();
}

}  // namespace

void write_response_head(http::Status status, const http::Fields& fields, const ResponsePlan& plan,
                         std::string_view date, ByteQueue& out, http::FieldView standing) noexcept {
  const Digits number(http::code(status));
  const Digits length(plan.content_length);
  const std::string_view reason = http::reason_phrase(status);
  const FramingLine framing = framing_line(plan.framing, length);
  const std::string_view connection = connection_line(plan.connection);
  if (fields.contains("date")) date = {};
  if (!standing.name.empty() && fields.contains(standing.name)) standing = {};

  static constexpr std::string_view version = "HTTP/1.1 ";
  static constexpr std::string_view date_name = "Date: ";
  std::size_t size = version.size() + number.text().size() + 1 + reason.size() + crlf.size() +
                     framing.name.size() + framing.value.size() + framing.end.size() +
                     connection.size() + crlf.size();
  if (!date.empty()) size += date_name.size() + date.size() + crlf.size();
  if (!standing.name.empty()) size += line_bytes(standing);
  for (const auto& line : fields.lines()) {
    if (is_handlers(line.name, status)) size += line_bytes(line);
  }

  Pen pen(out.prepare(size));
  pen << version << number.text() << " " << reason << crlf;
  if (!date.empty()) pen << date_name << date << crlf;
  for (const auto& line : fields.lines()) {
    if (is_handlers(line.name, status)) pen << line.name << ": " << line.value << crlf;
  }
  if (!standing.name.empty()) pen << standing.name << ": " << standing.value << crlf;
  pen << framing.name << framing.value << framing.end << connection << crlf;
  out.commit(size);
}

void write_error_response(http::Status status, std::string_view sentence, std::string_view date,
                          ByteQueue& out, http::FieldView standing) noexcept {
  out.append("HTTP/1.1 ");
  out.append(Digits(http::code(status)).text());
  out.append(" ");
  out.append(http::reason_phrase(status));
  if (!date.empty()) {
    out.append("\r\nDate: ");
    out.append(date);
  }
  if (!standing.name.empty()) {
    out.append(crlf);
    out.append(standing.name);
    out.append(": ");
    out.append(standing.value);
  }
  out.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
  out.append(Digits(sentence.size() + 1).text());
  out.append("\r\nConnection: close\r\n\r\n");
  out.append(sentence);
  out.append("\n");
}

void write_continue(ByteQueue& out) noexcept {
  out.append("HTTP/1.1 100 Continue\r\n\r\n");
}

void write_chunk(ConstBytes data, ByteQueue& out) noexcept {
  if (data.empty()) return;
  write_chunk_head(data.size(), out);
  out.append(data);
  write_chunk_tail(out);
}

void write_chunk_head(std::uint64_t data_bytes, ByteQueue& out) noexcept {
  out.append(Digits(data_bytes, 16).text());
  out.append(crlf);
}

void write_chunk_tail(ByteQueue& out) noexcept {
  out.append(crlf);
}

void write_last_chunk(const http::Fields& trailers, ByteQueue& out) noexcept {
  out.append("0\r\n");
  for (const auto& line : trailers.lines()) {
    if (!may_be_trailer(line.name)) continue;
    Pen pen(out.prepare(line_bytes(line)));
    pen << line.name << ": " << line.value << crlf;
    out.commit(line_bytes(line));
  }
  out.append(crlf);
}

void write_last_chunk(ByteQueue& out) noexcept {
  out.append("0\r\n\r\n");
}

}  // namespace duplex::http1
