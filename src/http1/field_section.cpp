#include "http1/field_section.hpp"

#include <algorithm>
#include <array>

#include "http1/scan.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::http1 {

namespace {

/// The error of a field name that is followed by `stop`, which is no colon.
Error name_error(char stop) noexcept {
  switch (stop) {
    case ' ':
    case '\t': return Error::space_before_colon;
    case '\n': return Error::bare_line_feed;
    default: return Error::invalid_field_name;
  }
}

/// The error of a field value that is followed by `stop`, which is no CR.
Error value_error(char stop) noexcept {
  return stop == '\n' ? Error::bare_line_feed : Error::invalid_field_value;
}

}  // namespace

std::expected<FieldStep, Error> next_field_line(std::string_view text, FieldCursor& cursor,
                                                http::FieldView& line) noexcept {
  std::size_t at = cursor.at;
  if (cursor.name_end == 0) {
    if (at == cursor.line_begin) {
      if (at == text.size()) return FieldStep::need_more;
      if (text[at] == '\r') {
        if (at + 1 == text.size()) return FieldStep::need_more;
        if (text[at + 1] != '\n') return std::unexpected(Error::bare_carriage_return);
        cursor.at = static_cast<std::uint32_t>(at + 2);
        return FieldStep::section_end;
      }
      if (text[at] == ' ' || text[at] == '\t') return std::unexpected(Error::folded_line);
      if (text[at] == ':') return std::unexpected(Error::empty_field_name);
    }
    at = skip_token(text, at);
    cursor.at = static_cast<std::uint32_t>(at);
    if (at == text.size()) return FieldStep::need_more;
    if (text[at] != ':') return std::unexpected(name_error(text[at]));
    cursor.name_end = static_cast<std::uint32_t>(at);
    ++at;
  }

  at = skip_field_value(text, at);
  cursor.at = static_cast<std::uint32_t>(at);
  if (at == text.size()) return FieldStep::need_more;
  if (text[at] != '\r') return std::unexpected(value_error(text[at]));
  if (at + 1 == text.size()) return FieldStep::need_more;
  if (text[at + 1] != '\n') return std::unexpected(Error::bare_carriage_return);

  line.name = text.substr(cursor.line_begin, cursor.name_end - cursor.line_begin);
  line.value = trim(text.substr(cursor.name_end + 1, at - cursor.name_end - 1));
  cursor.at = cursor.line_begin = static_cast<std::uint32_t>(at + 2);
  cursor.name_end = 0;
  ++cursor.count;
  return FieldStep::line;
}

bool may_be_trailer(std::string_view name) noexcept {
  static constexpr auto forbidden = std::to_array<std::string_view>({
      "authorization",
      "cache-control",
      "connection",
      "content-encoding",
      "content-length",
      "content-range",
      "content-type",
      "cookie",
      "expect",
      "host",
      "keep-alive",
      "max-forwards",
      "proxy-authorization",
      "proxy-connection",
      "range",
      "set-cookie",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
  });
  return std::ranges::none_of(
      forbidden, [name](std::string_view other) { return equals_ignoring_case(name, other); });
}

}  // namespace duplex::http1
