#include "http1/scan.hpp"

#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duplex::http1 {

namespace {

using Table = std::array<bool, 256>;

constexpr Table token_table = [] {
  Table table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr Table target_table = [] {
  Table table{};
  for (unsigned char c = 0x21; c < 0x7f; ++c) table[c] = c != '#';
  return table;
}();

constexpr Table value_table = [] {
  Table table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = (c >= 0x20 && c != 0x7f) || c == '\t';
  return table;
}();

std::size_t skip(const Table& table, std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && table[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

#if defined(__SSE2__)

constexpr std::size_t block_bytes = 16;

__m128i load(std::string_view text, std::size_t at) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
}

__m128i equal(__m128i block, char character) noexcept {
  return _mm_cmpeq_epi8(block, _mm_set1_epi8(character));
}

/// Skips whole blocks in which `stops` marks no byte, and up to the first one that it marks; what
/// is too short for a block is left to the table.
template <class Stops>
std::size_t skip_blocks(const Table& table, std::string_view text, std::size_t at,
                        Stops stops) noexcept {
  while (text.size() - at >= block_bytes) {
    const auto marks = static_cast<std::uint32_t>(_mm_movemask_epi8(stops(load(text, at))));
    if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks));
    at += block_bytes;
  }
  return skip(table, text, at);
}

#endif

}  // namespace

std::size_t skip_token(std::string_view text, std::size_t begin) noexcept {
  return skip(token_table, text, begin);
}

std::size_t skip_target(std::string_view text, std::size_t begin) noexcept {
#if defined(__SSE2__)
  return skip_blocks(target_table, text, begin, [](__m128i block) {
    // Signed, so that bytes that are not ASCII count as less than a space.
    const __m128i graphic = _mm_cmpgt_epi8(block, _mm_set1_epi8(' '));
    const __m128i excluded = _mm_or_si128(equal(block, '#'), equal(block, 0x7f));
    return _mm_or_si128(_mm_andnot_si128(graphic, _mm_set1_epi8(-1)), excluded);
  });
#else
  return skip(target_table, text, begin);
#endif
}

std::size_t skip_field_value(std::string_view text, std::size_t begin) noexcept {
#if defined(__SSE2__)
  return skip_blocks(value_table, text, begin, [](__m128i block) {
    // Unsigned: the minimum with 0x1f leaves exactly the controls as they are.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    return _mm_or_si128(_mm_andnot_si128(equal(block, '\t'), control), equal(block, 0x7f));
  });
#else
  return skip(value_table, text, begin);
#endif
}

}  // namespace duplex::http1
