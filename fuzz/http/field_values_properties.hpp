#pragma once

#include <array>
#include <string>
#include <string_view>

#include <duplex/http/accept.hpp>
#include <duplex/http/conditional.hpp>
#include <duplex/http/cookie.hpp>
#include <duplex/http/date.hpp>
#include <duplex/http/entity_tag.hpp>
#include <duplex/http/range.hpp>

namespace duplex::http {

/// Whether `part` lies in `whole`.
inline bool is_view_of(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// Whether every parser of a field value keeps its promises about `value`; if not, which is broken.
inline std::string_view broken_field_value_property(std::string_view value) {
  constexpr std::int64_t now = 1'795'000'000;

  if (const auto date = parse_date(value, now)) {
    if (parse_date(format_date(*date), now) != *date) return "a date is what its text says";
  }

  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{10}, UINT64_MAX}) {
    const RangeSelection selection = select_ranges(value, size);
    const bool partial = selection.kind() == RangeSelection::Kind::partial;
    if (partial == selection.ranges().empty()) return "a part has ranges, and only a part";
    for (const ByteRange& range : selection.ranges()) {
      if (range.length == 0) return "ranges are not empty";
      if (range.offset >= size || range.length > size - range.offset) return "ranges lie inside";
      for (const ByteRange& other : selection.ranges()) {
        const bool before = range.offset + (range.length - 1) < other.offset;
        const bool after = other.offset + (other.length - 1) < range.offset;
        if (&range != &other && !before && !after) return "no byte is sent twice";
      }
      const std::string text = "bytes=" + std::to_string(range.offset) + "-" +
                               std::to_string(range.offset + (range.length - 1));
      const RangeSelection again = select_ranges(text, size);
      if (again.ranges().size() != 1 || again.ranges()[0] != range)
        return "a range asks for itself";
    }
  }

  if (const auto tag = parse_entity_tag(value)) {
    const std::string text = format_entity_tag(*tag);
    const auto again = parse_entity_tag(text);
    if (!again || !match_weakly(*tag, *again)) return "a tag is what its text says";
    std::string_view list = text;
    if (!next_entity_tag(list)) return "a tag is a list of one";
  }
  std::string_view list = value;
  while (!list.empty()) {
    const std::size_t before = list.size();
    const auto tag = next_entity_tag(list);
    if (!tag) break;
    if (list.size() >= before) return "a list of tags comes to its end";
    if (!is_view_of(tag->opaque, value)) return "a tag is a view";
  }

  for (const CookiesView::Cookie& cookie : CookiesView(value)) {
    if (cookie.name.empty()) return "a cookie has a name";
    if (!is_view_of(cookie.name, value) || !is_view_of(cookie.value, value)) {
      return "cookies are views";
    }
  }

  const std::array<FieldView, 6> lines = {{{"Accept", value},
                                           {"Accept-Encoding", value},
                                           {"If-Match", value},
                                           {"If-None-Match", value},
                                           {"If-Range", value},
                                           {"Cookie", value}}};
  const FieldsView fields(lines);
  constexpr std::array codings = {ContentCoding::br, ContentCoding::gzip};
  const auto coding = choose_coding(fields, codings);
  if (coding && *coding != ContentCoding::br && *coding != ContentCoding::gzip) {
    return "only what is available is chosen";
  }
  if (media_type_quality(fields, "text/html") > 1000) return "a quality is one at most";
  const Validators current = {EntityTag{"x", false}, now - 1, true};
  const bool matches =
      evaluate_preconditions(Method::get, fields, current, now) != Precondition::failed;
  if (matches && value.find("\"x\"") == std::string_view::npos &&
      value.find('*') == std::string_view::npos) {
    return "only what is named matches";
  }
  static_cast<void>(range_is_current(fields, current, now));
  return {};
}

}  // namespace duplex::http
