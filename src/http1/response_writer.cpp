#include "http1/pen.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/response_writer.hpp>

namespace duplex::http1 {

namespace {

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
                     framing.size() + connection.size() + crlf.size();
  if (!date.empty()) size += date_name.size() + date.size() + crlf.size();
  if (!standing.name.empty()) size += line_bytes(standing);
  // Those of them that are not the handler's to set leave a little room.
  for (const http::FieldView line : fields) size += line_bytes(line);

  Pen pen(out.prepare(size));
  pen << version << number.text() << " " << reason << crlf;
  if (!date.empty()) pen << date_name << date << crlf;
  for (const http::FieldView line : fields) {
    if (is_handlers(line.name, status)) pen << line.name << ": " << line.value << crlf;
  }
  if (!standing.name.empty()) pen << standing.name << ": " << standing.value << crlf;
  pen << framing.name << framing.value << framing.end << connection << crlf;
  out.commit(pen.size());
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

}  // namespace duplex::http1
