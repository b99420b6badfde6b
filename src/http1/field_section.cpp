#include "http1/field_section.hpp"

#include <algorithm>
#include <array>
#include <limits>

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

/// Writes spaces over each fold of a value: a CR (no other stands in one), its LF, and the
/// whitespace before and behind them.
void replace_folds(Bytes value) noexcept {
  const auto is_fold = [](std::byte byte) {
    const char character = static_cast<char>(byte);
    return is_blank(character) || character == '\r' || character == '\n';
  };
  for (auto at = value.begin(); at != value.end();) {
    const auto first = std::find_if(at, value.end(), is_fold);
    at = std::find_if_not(first, value.end(), is_fold);
    if (std::find(first, at, std::byte{'\r'}) != at) std::fill(first, at, std::byte{' '});
  }
}

/// `next` is `next_field_line`, or does what it does.
template <class Next>
std::expected<bool, Error> read_trailers(Bytes& input, FieldCursor& cursor, std::size_t bytes_max,
                                         std::size_t count_max, FieldTable& fields,
                                         Next next) noexcept {
  const std::string_view text = section_window(input, bytes_max);
  // What earlier calls have read is in no table: from the top, unless nothing is missing.
  bool resumed = cursor.at != 0;
  fields.clear();
  http::FieldView line;
  for (;;) {
    const auto step = next(text, line);
    if (!step) return std::unexpected(step.error());
    if (*step == FieldStep::need_more) break;
    if (*step == FieldStep::line) {
      if (cursor.count > count_max) return std::unexpected(Error::too_many_fields);
      if (may_be_trailer(line.name)) fields.push_back(line);
      continue;
    }
    if (resumed) {
      resumed = false;
      fields.clear();
      cursor = {};
      continue;
    }
    input = input.subspan(cursor.at);
    return true;
  }
  if (text.size() < input.size() || text.size() == bytes_max) {
    return std::unexpected(Error::trailers_too_large);
  }
  return false;
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
      if (is_blank(text[at])) return std::unexpected(Error::folded_line);
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

std::string_view section_window(ConstBytes input, std::size_t bytes_max) noexcept {
  // Offsets in it are 32 bits wide, with room for a CRLF.
  constexpr std::size_t offsets_max = std::numeric_limits<std::uint32_t>::max() - 2;
  return as_text(input.first(std::min({input.size(), bytes_max, offsets_max})));
}

FieldStep end_folded_line(Bytes section, FieldCursor& cursor, bool& folded,
                          http::FieldView& line) noexcept {
  const std::string_view text = as_text(section);
  const auto name_begin = static_cast<std::uint32_t>(line.name.data() - text.data());
  const auto name_end = static_cast<std::uint32_t>(name_begin + line.name.size());
  const std::uint32_t line_end = cursor.at - 2;
  const bool known = cursor.at < text.size();
  if (known && !is_blank(text[cursor.at])) {
    const std::size_t value_bytes = line_end - name_end - 1;
    replace_folds(section.subspan(name_end + 1, value_bytes));
    line.value = trim(text.substr(name_end + 1, value_bytes));
    folded = false;
    return FieldStep::line;
  }
  folded = folded || known;
  cursor = {.at = known ? line_end + 3 : line_end,
            .line_begin = name_begin,
            .name_end = name_end,
            .count = cursor.count - 1};
  return known ? FieldStep::fold : FieldStep::need_more;
}

namespace {

std::expected<FieldStep, Error> next_unfolded_line(Bytes section, FieldCursor& cursor, bool& folded,
                                                   http::FieldView& line) noexcept {
  const std::string_view text = as_text(section);
  for (;;) {
    const auto step = next_field_line(text, cursor, line);
    if (!step || *step != FieldStep::line || !may_be_folded(text, cursor, folded)) return step;
    const FieldStep end = end_folded_line(section, cursor, folded, line);
    if (end != FieldStep::fold) return end;
  }
}

}  // namespace

std::expected<bool, Error> next_trailers(Bytes& input, FieldCursor& cursor, std::size_t bytes_max,
                                         std::size_t count_max, FieldTable& fields) noexcept {
  return read_trailers(input, cursor, bytes_max, count_max, fields,
                       [&cursor](std::string_view text, http::FieldView& line) {
                         return next_field_line(text, cursor, line);
                       });
}

std::expected<bool, Error> next_unfolded_trailers(Bytes& input, FieldCursor& cursor, bool& folded,
                                                  std::size_t bytes_max, std::size_t count_max,
                                                  FieldTable& fields) noexcept {
  const Bytes section = input;
  return read_trailers(input, cursor, bytes_max, count_max, fields,
                       [&, section](std::string_view text, http::FieldView& line) {
                         return next_unfolded_line(section.first(text.size()), cursor, folded,
                                                   line);
                       });
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
