#pragma once

#include <cstdint>

namespace duplex::http1 {

/// How far a parser has come in a head or trailer section that arrives in pieces. Offsets, not
/// pointers, since the section may move between two pieces; scanning goes on where it stopped.
struct FieldCursor {
  std::uint32_t at = 0;          ///< the next byte to look at
  std::uint32_t line_begin = 0;  ///< where the line that `at` stands in begins
  std::uint32_t name_end = 0;    ///< that line's colon; zero before it has been seen
  std::uint32_t count = 0;       ///< lines that are complete
};

}  // namespace duplex::http1
