#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/http/multipart.hpp>

namespace duplex::http {

/// All parts of `content`, or why there are none.
inline std::expected<std::vector<FormPart>, MultipartError> parts_of(
    std::string_view content, std::string_view boundary, const MultipartLimits& limits = {}) {
  MultipartParser parser(content, boundary, limits);
  std::vector<FormPart> parts;
  while (true) {
    const auto part = parser.next();
    if (!part) return std::unexpected(part.error());
    if (!*part) return parts;
    parts.push_back(**part);
  }
}

/// A form that has `parts`, as anybody would write it.
inline std::string written_plainly(const std::vector<FormPart>& parts, std::string_view boundary) {
  std::string text;
  for (const FormPart& part : parts) {
    text.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"");
    text.append(part.name).append("\"");
    if (part.filename) text.append("; filename=\"").append(*part.filename).append("\"");
    text.append("\r\nContent-Type: ").append(part.content_type).append("\r\n\r\n");
    text.append(part.content).append("\r\n");
  }
  return text.append("--").append(boundary).append("--\r\n");
}

/// Whether the parser of forms keeps its promises about `content`; if not, which is broken.
inline std::string_view broken_multipart_property(std::string_view content) {
  constexpr std::string_view boundary = "b";
  constexpr MultipartLimits limits{
      .parts_max = 8, .part_head_bytes_max = 256, .name_bytes_max = 32};
  const auto is_view = [content](std::string_view part) {
    return part.empty() || (part.data() >= content.data() &&
                            part.data() + part.size() <= content.data() + content.size());
  };
  if (const auto named = multipart_boundary(content)) {
    if (named->empty() || named->size() > 70 || !is_view(*named)) return "a boundary is a view";
  }

  MultipartParser parser(content, boundary, limits);
  std::vector<FormPart> parts;
  auto next = parser.next();
  for (; next && *next; next = parser.next()) {
    const FormPart& part = **next;
    if (!is_view(part.name) || !is_view(part.content)) return "parts are views";
    if (part.filename && !is_view(*part.filename)) return "file names are views";
    if (!is_view(part.content_type) && part.content_type != "text/plain") return "types are views";
    if (!parts.empty() && !part.content.empty() && !parts.back().content.empty() &&
        part.content.data() < parts.back().content.data() + parts.back().content.size()) {
      return "parts follow each other";
    }
    if (part.name.size() > limits.name_bytes_max) return "names have a limit";
    if (part.filename.value_or("").size() > limits.name_bytes_max) return "file names have a limit";
    if (part.content.find("\r\n--b\r\n") != std::string_view::npos)
      return "a delimiter ends a part";
    parts.push_back(part);
    if (parts.size() > limits.parts_max) return "parts have a limit";
  }
  const auto again = parser.next();
  if (again.has_value() != next.has_value()) return "what is over stays over";
  if (!next) return again.error() == next.error() ? "" : "an error stays the same";
  if (*again) return "what is over stays over";

  const std::string text = written_plainly(parts, boundary);
  const auto read = parts_of(text, boundary);
  if (!read || *read != parts) return "what is written reads back the same";
  return {};
}

}  // namespace duplex::http
