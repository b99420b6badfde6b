#include <duplex/server/body.hpp>

namespace duplex::server {

namespace {

/// One line `name: value`; line breaks in the value are left out.
void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char character : value) {
    if (character != '\r' && character != '\n' && character != '\0') out.push_back(character);
  }
  out.push_back('\n');
}

/// Takes the text up to the next line break (CR LF, LF or CR) off the front of `text`.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return line;
}

}  // namespace

std::string to_string(const ServerSentEvent& event) {
  std::string out;
  out.reserve(event.data.size() + 64);
  if (!event.event.empty()) append_line(out, "event", event.event);
  if (!event.id.empty()) append_line(out, "id", event.id);
  if (event.retry_ms > 0) append_line(out, "retry", std::to_string(event.retry_ms));
  std::string_view data = event.data;
  const bool ends_with_break = data.ends_with('\n') || data.ends_with('\r');
  do append_line(out, "data", next_line(data));
  while (!data.empty());
  // A last break begins an empty line, which belongs to the data.
  if (ends_with_break) append_line(out, "data", {});
  out.push_back('\n');
  return out;
}

BodyWriter::Write EventWriter::send(const ServerSentEvent& event) {
  return body_.write(to_string(event));
}

BodyWriter::Write EventWriter::comment(std::string_view text) {
  std::string line;
  append_line(line, "", text);
  line.push_back('\n');
  return body_.write(line);
}

}  // namespace duplex::server
