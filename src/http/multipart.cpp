#include <algorithm>
#include <utility>

#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/media_type.hpp>
#include <duplex/http/multipart.hpp>

namespace duplex::http {

namespace {

constexpr std::string_view line_break = "\r\n";

struct Parameter {
  std::string_view name;
  std::string_view value;
  bool quoted = false;
};

/// Takes the next parameter (RFC 9110 section 5.6.6) off the front of `rest`. An empty name is the
/// end; nullopt for what is none.
std::optional<Parameter> next_parameter(std::string_view& rest) noexcept {
  rest = trim(rest);
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  while (rest.starts_with(';')) rest = trim(rest.substr(1));
  Parameter parameter;
  if (rest.empty()) return parameter;
  parameter.name = rest.substr(0, rest.find('='));
  if (!is_token(parameter.name) || parameter.name.size() == rest.size()) return std::nullopt;
  rest.remove_prefix(parameter.name.size() + 1);

  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    parameter.quoted = true;
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != '"') size += rest[size] == '\\' ? 2U : 1U;
    if (size >= rest.size()) return std::nullopt;
    parameter.value = rest.substr(0, size);
    rest.remove_prefix(size + 1);
  } else {
    const std::string_view raw = rest.substr(0, rest.find(';'));
    parameter.value = trim(raw);
    rest.remove_prefix(raw.size());
  }
  return parameter;
}

/// bchars (RFC 2046 section 5.1.1).
bool is_boundary_character(char character) noexcept {
  constexpr std::string_view marks = "'()+_,-./:=? ";
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z') || marks.find(character) != std::string_view::npos;
}

/// What the rest of a line behind a boundary is: nullopt for what shows that it was none. Whether
/// it was the last one, and how long it is.
struct LineEnd {
  std::size_t bytes;
  bool last;
};

std::optional<LineEnd> read_line_end(std::string_view text) noexcept {
  const bool last = text.starts_with("--");
  std::size_t at = last ? 2 : 0;
  // Gateways may have added blanks.
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (text.substr(at).starts_with(line_break)) return LineEnd{at + line_break.size(), last};
  if (last && at == text.size()) return LineEnd{at, last};
  return std::nullopt;
}

/// Reads the value of a Content-Disposition into `part`.
std::optional<MultipartError> read_disposition(std::string_view value, FormPart& part,
                                               std::size_t name_bytes_max) noexcept {
  const std::string_view kind = value.substr(0, value.find(';'));
  if (!equals_ignoring_case(trim(kind), "form-data")) return MultipartError::unnamed_part;
  value.remove_prefix(kind.size());
  bool named = false;
  while (true) {
    const auto parameter = next_parameter(value);
    if (!parameter) return MultipartError::malformed_part_head;
    if (parameter->name.empty()) break;
    if (!parameter->quoted && !is_token(parameter->value)) {
      return MultipartError::malformed_part_head;
    }
    const bool is_name = equals_ignoring_case(parameter->name, "name");
    const bool is_filename = equals_ignoring_case(parameter->name, "filename");
    if (!is_name && !is_filename) continue;
    if (parameter->value.size() > name_bytes_max) return MultipartError::name_too_long;
    if (is_name ? named : part.filename.has_value()) return MultipartError::malformed_part_head;
    if (is_name) {
      part.name = parameter->value;
      named = true;
    } else {
      part.filename = parameter->value;
    }
  }
  if (!named) return MultipartError::unnamed_part;
  return std::nullopt;
}

}  // namespace

std::string_view describe(MultipartError error) noexcept {
  switch (error) {
    case MultipartError::not_multipart: return "the content is not multipart/form-data";
    case MultipartError::malformed_boundary:
      return "the content's type names no boundary, or one that can't be one";
    case MultipartError::no_delimiter: return "the boundary stands nowhere in the form";
    case MultipartError::incomplete: return "the form ends within a part";
    case MultipartError::malformed_part_head: return "the fields of a part can't be read";
    case MultipartError::unnamed_part: return "a part of the form has no name";
    case MultipartError::part_head_too_long: return "the fields of a part are too long";
    case MultipartError::name_too_long: return "the name of a part, or of its file, is too long";
    case MultipartError::too_many_parts: return "the form has too many parts";
  }
  return {};
}

std::expected<std::string_view, MultipartError> multipart_boundary(
    std::string_view content_type) noexcept {
  if (!equals_ignoring_case(essence_of(content_type), "multipart/form-data")) {
    return std::unexpected(MultipartError::not_multipart);
  }
  std::string_view rest =
      content_type.substr(std::min(content_type.find(';'), content_type.size()));
  while (true) {
    const auto parameter = next_parameter(rest);
    if (!parameter || parameter->name.empty()) {
      return std::unexpected(MultipartError::malformed_boundary);
    }
    if (!equals_ignoring_case(parameter->name, "boundary")) continue;
    const std::string_view boundary = parameter->value;
    if (boundary.empty() || boundary.size() > 70 || boundary.ends_with(' ') ||
        !std::ranges::all_of(boundary, is_boundary_character)) {
      return std::unexpected(MultipartError::malformed_boundary);
    }
    return boundary;
  }
}

MultipartParser::MultipartParser(std::string_view content, std::string_view boundary,
                                 const MultipartLimits& limits) noexcept
    : rest_(content), limits_(limits) {
  if (boundary.empty() || boundary.size() > boundary_bytes_max) {
    error_ = MultipartError::malformed_boundary;
    return;
  }
  constexpr std::string_view before = "\r\n--";
  std::ranges::copy(before, delimiter_.begin());
  std::ranges::copy(boundary, delimiter_.begin() + before.size());
  delimiter_bytes_ = before.size() + boundary.size();
}

/// The first delimiter in `text`, before which a line has just ended.
std::optional<MultipartParser::Delimiter> MultipartParser::find_delimiter(
    std::string_view text) const noexcept {
  const std::string_view whole(delimiter_.data(), delimiter_bytes_);
  const std::string_view line = whole.substr(line_break.size());
  if (text.starts_with(line)) {
    if (const auto end = read_line_end(text.substr(line.size()))) {
      return Delimiter{0, line.size() + end->bytes, end->last};
    }
  }
  for (std::size_t at = text.find(whole); at != std::string_view::npos;
       at = text.find(whole, at + line_break.size())) {
    const std::size_t behind = at + whole.size();
    // A longer line that begins like a boundary is content.
    if (const auto end = read_line_end(text.substr(behind))) {
      return Delimiter{at, behind + end->bytes, end->last};
    }
  }
  return std::nullopt;
}

std::expected<std::optional<FormPart>, MultipartError> MultipartParser::fail(
    MultipartError error) noexcept {
  error_ = error;
  return std::unexpected(error);
}

/// Takes a part's fields and the empty line behind them off the front of the rest.
std::expected<FormPart, MultipartError> MultipartParser::read_head() noexcept {
  FormPart part;
  bool has_disposition = false;
  bool has_type = false;
  std::size_t left = limits_.part_head_bytes_max;
  while (true) {
    const std::size_t size = rest_.substr(0, left).find(line_break);
    if (size == std::string_view::npos) {
      return std::unexpected(rest_.size() < left ? MultipartError::incomplete
                                                 : MultipartError::part_head_too_long);
    }
    const std::string_view line = rest_.substr(0, size);
    rest_.remove_prefix(size + line_break.size());
    left -= size + line_break.size();
    if (line.empty()) break;

    const std::string_view name = line.substr(0, line.find(':'));
    if (name.size() == line.size() || !is_token(name) || !is_field_value(line)) {
      return std::unexpected(MultipartError::malformed_part_head);
    }
    const std::string_view value = trim(line.substr(name.size() + 1));
    if (equals_ignoring_case(name, "content-disposition")) {
      if (std::exchange(has_disposition, true)) {
        return std::unexpected(MultipartError::malformed_part_head);
      }
      if (const auto error = read_disposition(value, part, limits_.name_bytes_max)) {
        return std::unexpected(*error);
      }
    } else if (equals_ignoring_case(name, "content-type")) {
      if (std::exchange(has_type, true)) {
        return std::unexpected(MultipartError::malformed_part_head);
      }
      part.content_type = value;
    }
  }
  if (!has_disposition) return std::unexpected(MultipartError::unnamed_part);
  return part;
}

std::expected<std::optional<FormPart>, MultipartError> MultipartParser::next() noexcept {
  if (error_) return std::unexpected(*error_);
  if (!begun_) {
    begun_ = true;
    const auto first = find_delimiter(rest_);
    if (!first) return fail(MultipartError::no_delimiter);
    rest_.remove_prefix(first->end);
    over_ = first->last;
  }
  if (over_) return std::nullopt;
  if (parts_ == limits_.parts_max) return fail(MultipartError::too_many_parts);
  ++parts_;
  auto part = read_head();
  if (!part) return fail(part.error());
  const auto end = find_delimiter(rest_);
  if (!end) return fail(MultipartError::incomplete);
  part->content = rest_.substr(0, end->begin);
  rest_.remove_prefix(end->end);
  over_ = end->last;
  return *part;
}

}  // namespace duplex::http
