#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::http {

/// An entity tag (RFC 9110 section 8.8.3), as a view of its text.
struct EntityTag {
  /// What stands between the quotes.
  std::string_view opaque;
  /// Whether two representations with this tag are only equivalent, not the same bytes.
  bool weak = false;
};

/// Parses one entity tag, `"abc"` or `W/"abc"`, and nothing besides.
std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept;

/// Takes the next tag off the front of a comma-separated list. nullopt at its end, and at the first
/// thing that is no tag: whatever follows that can't be trusted. A backslash is no escape here.
std::optional<EntityTag> next_entity_tag(std::string_view& list) noexcept;

/// Whether both are strong and the same (RFC 9110 section 8.8.3.2): for If-Match and ranges.
bool match_strongly(const EntityTag& left, const EntityTag& right) noexcept;

/// Whether both are the same but for their weakness: for If-None-Match.
bool match_weakly(const EntityTag& left, const EntityTag& right) noexcept;

/// The tag as a field value, with its quotes.
std::string format_entity_tag(const EntityTag& tag);

}  // namespace duplex::http
