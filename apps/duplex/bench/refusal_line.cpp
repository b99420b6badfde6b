#include "refusal_line.hpp"

#include <algorithm>
#include <cstddef>

#include "printable.hpp"

namespace duplex::app::bench {

std::string_view refusal_line(std::string_view content) noexcept {
  constexpr std::size_t shown_bytes_max = 120;
  content.remove_prefix(std::min(content.find_first_not_of("\r\n \t"), content.size()));
  const std::string_view line = content.substr(0, content.find_first_of("\r\n"));
  return line.starts_with('<') ? std::string_view() : cut_text(line, shown_bytes_max);
}

}  // namespace duplex::app::bench
