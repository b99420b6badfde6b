#include <algorithm>
#include <optional>

#include <duplex/base/ascii.hpp>
#include <duplex/http/range.hpp>

namespace duplex::http {

namespace {

/// One element of a range set, before it meets a size (RFC 9110 section 14.1.1).
struct RangeSpec {
  /// nullopt for `-5`, the last five bytes.
  std::optional<std::uint64_t> first;
  /// The last position, or how many bytes of the end; nullopt for `5-`, all from the sixth.
  std::optional<std::uint64_t> last;
};

/// A number of digits only. Those beyond 64 bits are as good as the greatest that fits: no
/// representation reaches there, and `bytes=0-99999999999999999999` asks for a whole one.
std::optional<std::uint64_t> parse_position(std::string_view digits) noexcept {
  const bool well_formed = !digits.empty() && std::ranges::all_of(digits, [](char digit) {
    return digit >= '0' && digit <= '9';
  });
  if (!well_formed) return std::nullopt;
  return parse_decimal(digits).value_or(UINT64_MAX);
}

std::optional<RangeSpec> parse_spec(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  RangeSpec spec{parse_position(first), parse_position(last)};
  if (!spec.first && !first.empty()) return std::nullopt;
  if (!spec.last && !last.empty()) return std::nullopt;
  if (!spec.first && !spec.last) return std::nullopt;
  if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;
  return spec;
}

/// The bytes that `spec` means; of length zero when there are none.
ByteRange resolve(const RangeSpec& spec, std::uint64_t size) noexcept {
  if (!spec.first) {
    const std::uint64_t length = std::min(*spec.last, size);
    return {size - length, length};
  }
  if (*spec.first >= size) return {};
  const std::uint64_t last = std::min(spec.last.value_or(size - 1), size - 1);
  return {*spec.first, last - *spec.first + 1};
}

bool touch(ByteRange left, ByteRange right) noexcept {
  return left.offset <= right.offset + right.length && right.offset <= left.offset + left.length;
}

}  // namespace

void RangeSelection::coalesce() noexcept {
  const std::span<ByteRange> ranges(ranges_.data(), count_);
  bool any_touch = false;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) any_touch = any_touch || touch(ranges[i], ranges[j]);
  }
  if (!any_touch) return;

  std::ranges::sort(ranges, {}, &ByteRange::offset);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    ByteRange& previous = ranges[kept];
    if (!touch(previous, ranges[i])) {
      ranges[++kept] = ranges[i];
      continue;
    }
    const std::uint64_t end =
        std::max(previous.offset + previous.length, ranges[i].offset + ranges[i].length);
    previous.length = end - previous.offset;
  }
  count_ = kept + 1;
}

RangeSelection select_ranges(std::string_view value, std::uint64_t size) noexcept {
  constexpr std::string_view unit = "bytes=";
  const RangeSelection whole;
  value = trim(value);
  if (!equals_ignoring_case(value.substr(0, unit.size()), unit)) return whole;
  value.remove_prefix(unit.size());

  RangeSelection selection;
  std::size_t asked = 0;
  bool any_suffix = false;
  while (const auto element = next_element(value)) {
    const auto spec = parse_spec(*element);
    if (!spec || ++asked > RangeSelection::count_max) return whole;
    const ByteRange range = resolve(*spec, size);
    if (range.length > 0) selection.ranges_[selection.count_++] = range;
    any_suffix = any_suffix || (!spec->first && *spec->last > 0);
  }
  if (asked == 0) return whole;
  if (selection.count_ == 0) {
    // The last bytes of nothing are all of it (section 14.1.2), but no Content-Range can say so.
    if (any_suffix) return whole;
    selection.kind_ = RangeSelection::Kind::unsatisfiable;
    return selection;
  }
  selection.kind_ = RangeSelection::Kind::partial;
  selection.coalesce();
  return selection;
}

std::string format_content_range(ByteRange range, std::uint64_t size) {
  return "bytes " + std::to_string(range.offset) + "-" +
         std::to_string(range.offset + range.length - 1) + "/" + std::to_string(size);
}

std::string format_unsatisfied_range(std::uint64_t size) {
  return "bytes */" + std::to_string(size);
}

std::optional<ContentRange> parse_content_range(std::string_view value) noexcept {
  constexpr std::string_view unit = "bytes ";
  if (!equals_ignoring_case(value.substr(0, unit.size()), unit)) return std::nullopt;
  value.remove_prefix(unit.size());
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view part = value.substr(0, slash);
  const std::string_view whole = value.substr(slash + 1);

  ContentRange result;
  if (whole != "*") {
    result.size = parse_decimal(whole);
    if (!result.size) return std::nullopt;
  }
  if (part == "*") return result.size ? std::optional(result) : std::nullopt;

  const std::size_t dash = part.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_decimal(part.substr(0, dash));
  const auto last = parse_decimal(part.substr(dash + 1));
  // The very last number leaves no room for a length.
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  if (result.size && *last >= *result.size) return std::nullopt;
  result.range = ByteRange{.offset = *first, .length = *last - *first + 1};
  return result;
}

std::string format_part_head(std::string_view boundary, std::string_view media_type,
                             ByteRange range, std::uint64_t size) {
  std::string head = "\r\n--";
  head += boundary;
  head += "\r\nContent-Type: ";
  head += media_type;
  head += "\r\nContent-Range: ";
  head += format_content_range(range, size);
  head += "\r\n\r\n";
  return head;
}

std::string format_multipart_end(std::string_view boundary) {
  std::string end = "\r\n--";
  end += boundary;
  end += "--\r\n";
  return end;
}

}  // namespace duplex::http
