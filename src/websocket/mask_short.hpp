#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// `apply_mask` for payloads of some dozens of bytes, in place: there, choosing among vectors costs
/// more than it saves, and so does the call.
inline void mask_short(Bytes payload, MaskKey key) noexcept {
  std::uint32_t key4;
  std::memcpy(&key4, key.data(), sizeof(key4));
  const std::uint64_t key8 = std::uint64_t{key4} << 32U | key4;
  std::byte* at = payload.data();
  std::byte* const end = at + payload.size();
  const auto mask_word = [&at](auto key_word) {
    auto word = key_word;
    std::memcpy(&word, at, sizeof(word));
    word ^= key_word;
    std::memcpy(at, &word, sizeof(word));
    at += sizeof(word);
  };
  while (end - at >= 8) mask_word(key8);
  if (end - at >= 4) mask_word(key4);
  for (std::size_t i = 0; at != end; ++i) *at++ ^= key[i];
}

}  // namespace duplex::websocket
