#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "case.hpp"

namespace duplex::app::check {

/// Whether `text` is what `pattern` describes: `*` stands for any characters, the slash too, `?`
/// for one, and all others for themselves.
bool matches(std::string_view pattern, std::string_view text) noexcept;

/// Whether it matches one of `only`, if there are any, and none of `without`. A pattern without a
/// slash may be that of a group, too: `ping` is all of `ping/*`.
bool is_chosen(const Case& what, const std::vector<std::string>& only,
               const std::vector<std::string>& without);

/// Those of `cases` that are chosen and are for `checked` ends.
std::vector<const Case*> select(const Cases& cases, End checked,
                                const std::vector<std::string>& only,
                                const std::vector<std::string>& without);

}  // namespace duplex::app::check
