#include <algorithm>

#include <duplex/base/ascii.hpp>
#include <duplex/http/entity_tag.hpp>

namespace duplex::http {

namespace {

/// etagc (RFC 9110 section 8.8.3): visible characters but the quote, and bytes above ASCII.
constexpr bool is_tag_character(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte > 0x20 && byte != '"' && byte != 0x7f;
}

/// Takes one tag off the front of `text`; leaves it as it is when there is none.
std::optional<EntityTag> take(std::string_view& text) noexcept {
  EntityTag tag;
  std::string_view rest = text;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  const std::size_t close = rest.find('"');
  if (close == std::string_view::npos) return std::nullopt;
  tag.opaque = rest.substr(0, close);
  if (!std::ranges::all_of(tag.opaque, is_tag_character)) return std::nullopt;
  text = rest.substr(close + 1);
  return tag;
}

}  // namespace

std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept {
  text = trim(text);
  const auto tag = take(text);
  return text.empty() ? tag : std::nullopt;
}

std::optional<EntityTag> next_entity_tag(std::string_view& list) noexcept {
  list = trim(list);
  while (list.starts_with(',')) list = trim(list.substr(1));
  const auto tag = take(list);
  list = trim(list);
  if (!list.empty() && list.front() != ',') {
    list = {};
    return std::nullopt;
  }
  return tag;
}

bool match_strongly(const EntityTag& left, const EntityTag& right) noexcept {
  return !left.weak && !right.weak && left.opaque == right.opaque;
}

bool match_weakly(const EntityTag& left, const EntityTag& right) noexcept {
  return left.opaque == right.opaque;
}

std::string format_entity_tag(const EntityTag& tag) {
  std::string result = tag.weak ? "W/\"" : "\"";
  result += tag.opaque;
  result += '"';
  return result;
}

}  // namespace duplex::http
