#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstring>

#include <duplex/base/utf8.hpp>

namespace duplex {

namespace {

/// What may come next. The names of the states in the middle of a character say what its next
/// byte must be; the narrow ranges keep out overlong forms, surrogates and values above U+10FFFF
/// (RFC 3629 section 4).
enum State : std::uint8_t {
  between_characters,
  one_left,             // 80..BF
  two_left,             // 80..BF, and one more
  three_left,           // 80..BF, and two more
  two_left_after_e0,    // A0..BF, and one more
  two_left_after_ed,    // 80..9F, and one more
  three_left_after_f0,  // 90..BF, and two more
  three_left_after_f4,  // 80..8F, and two more
  invalid,
};

State step(State state, std::uint8_t byte) noexcept {
  const auto within = [byte](std::uint8_t low, std::uint8_t high, State next) {
    return byte >= low && byte <= high ? next : invalid;
  };
  switch (state) {
    case between_characters:
      if (byte < 0x80) return between_characters;
      if (byte < 0xC2) return invalid;
      if (byte < 0xE0) return one_left;
      if (byte == 0xE0) return two_left_after_e0;
      if (byte == 0xED) return two_left_after_ed;
      if (byte < 0xF0) return two_left;
      if (byte == 0xF0) return three_left_after_f0;
      if (byte < 0xF4) return three_left;
      if (byte == 0xF4) return three_left_after_f4;
      return invalid;
    case one_left: return within(0x80, 0xBF, between_characters);
    case two_left: return within(0x80, 0xBF, one_left);
    case three_left: return within(0x80, 0xBF, two_left);
    case two_left_after_e0: return within(0xA0, 0xBF, one_left);
    case two_left_after_ed: return within(0x80, 0x9F, one_left);
    case three_left_after_f0: return within(0x90, 0xBF, two_left);
    case three_left_after_f4: return within(0x80, 0x8F, two_left);
    case invalid: return invalid;
  }
  return invalid;
}

/// How many bytes the character that begins with `lead` has; 1 for what can't begin one.
std::size_t character_bytes(std::uint8_t lead) noexcept {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

/// How many bytes at the end of `bytes` are the beginning of a character that is cut off.
std::size_t open_bytes(ConstBytes bytes) noexcept {
  for (std::size_t i = 1; i <= 3 && i <= bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[bytes.size() - i]);
    const bool continuation = (byte & 0xC0U) == 0x80U;
    if (!continuation) return character_bytes(byte) > i ? i : 0;
  }
  return 0;
}

/// Up to this size a plain loop over words beats the call through simdjson's dispatch when the
/// text is ASCII, as most short messages are.
constexpr std::size_t short_text_bytes_max = 64;

bool is_short_ascii(ConstBytes bytes) noexcept {
  std::uint64_t seen = 0;
  const auto see_word_at = [&](std::size_t position) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + position, sizeof(word));
    seen |= word;
  };
  const std::size_t size = bytes.size();
  if (size > short_text_bytes_max) return false;
  if (size >= sizeof(seen)) {
    for (std::size_t i = 0; i + sizeof(seen) < size; i += sizeof(seen)) see_word_at(i);
    see_word_at(size - sizeof(seen));
  } else {
    for (const std::byte byte : bytes) seen |= static_cast<std::uint64_t>(byte);
  }
  return (seen & 0x8080808080808080U) == 0;
}

}  // namespace

bool is_valid_utf8(ConstBytes bytes) noexcept {
  return is_short_ascii(bytes) ||
         simdjson::validate_utf8(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool Utf8Validator::feed(ConstBytes piece) noexcept {
  auto state = static_cast<State>(state_);
  while (state != between_characters && !piece.empty()) {
    state = step(state, static_cast<std::uint8_t>(piece.front()));
    if (state == invalid) break;
    piece = piece.subspan(1);
  }
  if (state == between_characters) {
    // All whole characters at once; the automaton takes only the one that is cut off.
    const ConstBytes open = piece.last(open_bytes(piece));
    if (is_valid_utf8(piece.first(piece.size() - open.size()))) {
      for (const std::byte byte : open) state = step(state, static_cast<std::uint8_t>(byte));
    } else {
      state = invalid;
    }
  }
  state_ = state;
  return state != invalid;
}

bool Utf8Validator::complete() const noexcept {
  return state_ == between_characters;
}

}  // namespace duplex
