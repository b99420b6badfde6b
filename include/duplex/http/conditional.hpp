#pragma once

#include <cstdint>
#include <optional>

#include <duplex/http/entity_tag.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>

namespace duplex::http {

/// What the server knows of the representation that a conditional request is about.
struct Validators {
  /// nullopt when the representation has none.
  std::optional<EntityTag> entity_tag;
  /// Seconds since 1970; nullopt when it's not known.
  std::optional<std::int64_t> last_modified_unix_s;
  /// False for a target without a representation, such as one that a PUT would create.
  bool exists = true;
};

/// What a request's preconditions come to.
enum class Precondition : std::uint8_t {
  proceed,       ///< Do what the method says.
  not_modified,  ///< The client has it already: 304.
  failed,        ///< The client had another state in mind: 412.
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of
/// RFC 9110 section 13.2.2. Call it only when the answer without them would be 2xx
/// (section 13.2.1). Dates that can't be read are ignored; a list of tags is believed up to the
/// first thing that is no tag. `now_unix_s` decides the century of obsolete dates.
Precondition evaluate_preconditions(Method method, FieldsView fields, const Validators& current,
                                    std::int64_t now_unix_s) noexcept;

/// Whether the Range field may be obeyed, as far as If-Range (RFC 9110 section 13.1.5) has it:
/// there is none, or it names the current representation. A date only counts when it is the exact
/// one, and over a second old: else the file may have changed twice within it (section 8.8.2.2).
bool range_is_current(FieldsView fields, const Validators& current,
                      std::int64_t now_unix_s) noexcept;

}  // namespace duplex::http
