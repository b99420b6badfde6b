#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "case.hpp"

namespace duplex::app::check {

/// Whether `text` is what `pattern` describes: `*` stands for any characters, the slash too, `?`
/// for one, and all others for themselves.
bool matches(std::string_view pattern, std::string_view text) noexcept;

/// Whether `pattern` matches the case's id. One without a slash, or with none but at its end, may
/// be that of a group, too: `ping` and `ping/` are all of `ping/*`.
bool stands_for(std::string_view pattern, const Case& what) noexcept;

/// Whether one of `only` stands for it, if there are any, and none of `without`.
bool is_chosen(const Case& what, const std::vector<std::string>& only,
               const std::vector<std::string>& without);

/// Those of `cases` that are chosen and are for `checked` ends.
std::vector<const Case*> select(const Cases& cases, End checked,
                                const std::vector<std::string>& only,
                                const std::vector<std::string>& without);

}  // namespace duplex::app::check
