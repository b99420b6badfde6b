#include <cassert>

#include "http1/pen.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/response_writer.hpp>

namespace duplex::http1 {

namespace {

/// More than what the status line, the name of the date and the empty line take up together.
constexpr std::size_t rest_bytes_max = 80;

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
  // Not all of it is needed: some lines are not the handler's to set, or stand for ours.
  std::size_t room = rest_bytes_max + own_lines_bytes_max + date.size() + line_bytes(standing);
  for (const http::FieldView line : fields) {
    room += line_bytes(line);
    if (equals_ignoring_case(line.name, "date")) date = {};
    if (equals_ignoring_case(line.name, standing.name)) standing = {};
  }

  Pen pen(out.prepare(room));
  if (status == http::Status::ok) {
    pen << "HTTP/1.1 200 OK\r\n";
  } else {
    pen << "HTTP/1.1 " << http::code(status) << " " << http::reason_phrase(status) << crlf;
  }
  if (!date.empty()) pen << "Date: " << date << crlf;
  for (const http::FieldView line : fields) {
    if (is_handlers(line.name, status)) pen << line;
  }
  if (!standing.name.empty()) pen << standing;
  write_framing(pen, plan.framing, plan.content_length);
  pen << connection_line(plan.connection) << crlf;
  assert(pen.size() <= room);
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
