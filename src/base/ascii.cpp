#include <duplex/base/ascii.hpp>

namespace duplex {

namespace {

/// Where the element at the front of `list` ends: at a comma outside a quoted string, or the end.
std::size_t element_end(std::string_view list) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '"') {
      quoted = !quoted;
    } else if (quoted && list[i] == '\\') {
      ++i;
    } else if (!quoted && list[i] == ',') {
      return i;
    }
  }
  return list.size();
}

}  // namespace

std::optional<std::string_view> next_element(std::string_view& list) noexcept {
  while (!list.empty()) {
    const std::size_t end = element_end(list);
    const std::string_view element = trim(list.substr(0, end));
    list.remove_prefix(end == list.size() ? end : end + 1);
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

bool list_contains(std::string_view list, std::string_view token) noexcept {
  while (const auto element = next_element(list)) {
    if (equals_ignoring_case(*element, token)) return true;
  }
  return false;
}

}  // namespace duplex
