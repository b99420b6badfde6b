#pragma once

#include <string_view>

namespace duplex::app::bench {

/// The first line that a server says to its refusal, cut where it is long; a view of `content`, or
/// empty when there is nothing for people, or a whole page.
std::string_view refusal_line(std::string_view content) noexcept;

}  // namespace duplex::app::bench
