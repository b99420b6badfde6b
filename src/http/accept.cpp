#include <algorithm>
#include <array>

#include <duplex/base/ascii.hpp>
#include <duplex/http/accept.hpp>

namespace duplex::http {

namespace {

/// One element of an Accept or Accept-Encoding list.
struct Preference {
  std::string_view value;
  std::uint16_t thousandths = 1000;
  bool has_parameters = false;
};

/// A qvalue (RFC 9110 section 12.4.2) in thousandths; what can't be read is taken for 0, so that
/// nobody gets what they may have refused.
std::uint16_t parse_quality(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  unsigned value = text[0] == '1' ? 1000 : 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  unsigned unit = 100;
  for (char const digit : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (digit < '0' || digit > '9') return 0;
    value += static_cast<unsigned>(digit - '0') * unit;
    unit /= 10;
  }
  return static_cast<std::uint16_t>(value > 1000 ? 0 : value);
}

Preference parse_preference(std::string_view element) noexcept {
  Preference preference;
  const std::size_t semicolon = element.find(';');
  preference.value = trim(element.substr(0, semicolon));
  while (!element.empty()) {
    element.remove_prefix(std::min(element.find(';'), element.size()));
    if (element.empty()) break;
    element.remove_prefix(1);
    const std::string_view parameter = trim(element.substr(0, element.find(';')));
    if (parameter.empty()) continue;
    if (equals_ignoring_case(parameter.substr(0, 2), "q=")) {
      preference.thousandths = parse_quality(parameter.substr(2));
      break;  // What follows `q` was an extension once, and is nothing now.
    }
    preference.has_parameters = true;
  }
  return preference;
}

/// Calls `take` with each element of each line named `name`.
template <class Take>
void for_each_preference(FieldsView fields, std::string_view name, Take take) noexcept {
  for (const FieldView& line : fields) {
    if (!equals_ignoring_case(line.name, name)) continue;
    std::string_view list = line.value;
    while (const auto element = next_element(list)) take(parse_preference(*element));
  }
}

/// How specific the range `pattern` is about `media_type`: 3 it names it, 2 `type/*`, 1 `*/*`,
/// 0 it doesn't match.
int specificity(std::string_view pattern, std::string_view media_type) noexcept {
  if (equals_ignoring_case(pattern, media_type)) return 3;
  if (pattern == "*/*") return 1;
  if (!pattern.ends_with("/*")) return 0;
  const std::string_view type = pattern.substr(0, pattern.size() - 1);
  return equals_ignoring_case(media_type.substr(0, type.size()), type) ? 2 : 0;
}

}  // namespace

std::optional<ContentCoding> choose_coding(FieldsView fields,
                                           std::span<const ContentCoding> available) noexcept {
  std::array<std::optional<std::uint16_t>, content_coding_count> named;
  std::optional<std::uint16_t> others;
  for_each_preference(fields, "accept-encoding", [&](const Preference& preference) {
    if (preference.value == "*") others = preference.thousandths;
    if (const auto coding = parse_content_coding(preference.value)) {
      named[static_cast<std::size_t>(*coding)] = preference.thousandths;
    }
  });

  std::optional<ContentCoding> best;
  int best_quality = 0;
  for (ContentCoding coding : available) {
    // In steps of two, so that an unnamed identity fits between "refused" and "liked least".
    const auto quality = [&]() -> int {
      if (const auto own = named[static_cast<std::size_t>(coding)]) return 2 * *own;
      if (coding == ContentCoding::identity) return others == 0 ? 0 : 1;
      return 2 * others.value_or(0);
    }();
    if (quality > best_quality) {
      best = coding;
      best_quality = quality;
    }
  }
  return best;
}

std::uint16_t media_type_quality(FieldsView fields, std::string_view media_type) noexcept {
  int best = 0;
  bool any = false;
  std::uint16_t quality = 0;
  for_each_preference(fields, "accept", [&](const Preference& preference) {
    any = true;
    const int match = preference.has_parameters ? 0 : specificity(preference.value, media_type);
    if (match > best) {
      best = match;
      quality = preference.thousandths;
    }
  });
  return any ? quality : 1000;
}

bool asks_for(FieldsView fields, std::string_view media_type) noexcept {
  bool asked = false;
  for_each_preference(fields, "accept", [&](const Preference& preference) {
    asked =
        asked || (preference.thousandths > 0 && equals_ignoring_case(preference.value, media_type));
  });
  return asked;
}

}  // namespace duplex::http
