#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "in_flight.hpp"

namespace duplex::app::bench {

/// What a message that is fanned out says of itself in its first bytes: who published it, as which,
/// and when. All are of this process, so that its clock tells how long it took.
struct Stamp {
  std::uint16_t publisher = 0;
  /// Counted from 0.
  std::uint64_t sequence = 0;
  Time time = 0;

  /// How many bytes it takes: as text it has to be UTF-8.
  static constexpr std::size_t bytes(bool text) noexcept { return text ? 32 : 16; }
  static constexpr std::size_t bytes_max = 32;

  /// To the front of a payload, which has room.
  void write(char* payload, bool text) const noexcept;
  /// nullopt: nobody wrote it.
  static std::optional<Stamp> read(const char* payload, bool text) noexcept;
};

}  // namespace duplex::app::bench
