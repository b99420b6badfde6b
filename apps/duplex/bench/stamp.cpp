#include "stamp.hpp"

#include <array>
#include <cstring>

namespace duplex::app::bench {
namespace {

constexpr unsigned sequence_bits = 48;
constexpr std::uint64_t sequence_mask = (std::uint64_t{1} << sequence_bits) - 1;

using Words = std::array<std::uint64_t, 2>;

/// Four bits are a letter from A to P.
void write_letters(const Words& words, char* text) noexcept {
  for (const std::uint64_t word : words) {
    for (unsigned shift = 0; shift < 64; shift += 4) {
      *text++ = static_cast<char>('A' + (word >> shift & 15U));
    }
  }
}

bool read_letters(const char* text, Words& words) noexcept {
  for (std::uint64_t& word : words) {
    word = 0;
    for (unsigned shift = 0; shift < 64; shift += 4) {
      const char letter = *text++;
      if (letter < 'A' || letter > 'P') return false;
      word |= static_cast<std::uint64_t>(letter - 'A') << shift;
    }
  }
  return true;
}

}  // namespace

void Stamp::write(char* payload, bool text) const noexcept {
  const Words words{std::uint64_t{publisher} << sequence_bits | (sequence & sequence_mask), time};
  if (text) {
    write_letters(words, payload);
  } else {
    std::memcpy(payload, words.data(), sizeof words);
  }
}

std::optional<Stamp> Stamp::read(const char* payload, bool text) noexcept {
  Words words{};
  if (!text) {
    std::memcpy(words.data(), payload, sizeof words);
  } else if (!read_letters(payload, words)) {
    return std::nullopt;
  }
  return Stamp{.publisher = static_cast<std::uint16_t>(words[0] >> sequence_bits),
               .sequence = words[0] & sequence_mask,
               .time = words[1]};
}

}  // namespace duplex::app::bench
