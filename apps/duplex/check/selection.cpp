#include "selection.hpp"

#include <algorithm>

namespace duplex::app::check {
namespace {

bool matches_any(const std::vector<std::string>& patterns, const Case& what) {
  return std::ranges::any_of(
      patterns, [&what](std::string_view pattern) { return stands_for(pattern, what); });
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;
  std::size_t place = 0;
  while (place < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_end = place;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[place])) {
      ++at;
      ++place;
    } else if (star != std::string_view::npos) {
      // The last star takes one more character; earlier ones need not.
      at = star + 1;
      place = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool stands_for(std::string_view pattern, const Case& what) noexcept {
  const std::string_view group = pattern.substr(0, pattern.find('/'));
  const bool of_group = pattern.size() <= group.size() + 1;
  return matches(pattern, what.id) || (of_group && matches(group, what.group()));
}

bool is_chosen(const Case& what, const std::vector<std::string>& only,
               const std::vector<std::string>& without) {
  return (only.empty() || matches_any(only, what)) && !matches_any(without, what);
}

std::vector<const Case*> select(const Cases& cases, End checked,
                                const std::vector<std::string>& only,
                                const std::vector<std::string>& without) {
  std::vector<const Case*> selected;
  for (const Case& what : cases) {
    if (what.is_for(checked) && is_chosen(what, only, without)) selected.push_back(&what);
  }
  return selected;
}

}  // namespace duplex::app::check
