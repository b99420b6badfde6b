#include <bit>
#include <cstdint>
#include <cstring>

#include "websocket/mask_blocks.hpp"
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {

namespace {

/// Sixteen bytes that the compiler keeps in one vector register on every target that has them.
using Block = std::uint32_t __attribute__((vector_size(16)));

/// XORs one `Word` of `from` with the key into `to`. Loads before it stores: the two may be one.
template <typename Word>
void mask_one(const std::byte* from, std::byte* to, Word key) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  word ^= key;
  std::memcpy(to, &word, sizeof(word));
}

/// `key` turned so that its first byte masks the byte at `offset` of the payload.
std::uint32_t turned(MaskKey key, std::size_t offset) noexcept {
  std::uint32_t word;
  std::memcpy(&word, key.data(), sizeof(word));
  const int bits = static_cast<int>(offset % key.size()) * 8;
  return std::endian::native == std::endian::little ? std::rotr(word, bits) : std::rotl(word, bits);
}

}  // namespace

void apply_mask(ConstBytes from, std::byte* to, MaskKey key, std::size_t offset) noexcept {
  // Every step but the last is a multiple of the key long, so the key never turns on the way.
  const std::uint32_t key4 = turned(key, offset);
  const std::byte* in = from.data();
  std::size_t left = from.size();
  const auto advance = [&](std::size_t size) {
    in += size;
    to += size;
    left -= size;
  };

  if (left >= mask_block_bytes) {
    const std::size_t size = left - left % mask_block_bytes;
    mask_blocks(in, to, size, key4);
    advance(size);
  }
  const Block key16 = {key4, key4, key4, key4};
  while (left >= sizeof(Block)) {
    mask_one(in, to, key16);
    advance(sizeof(Block));
  }
  if (left >= sizeof(std::uint64_t)) {
    mask_one(in, to, std::uint64_t{key4} << 32U | key4);
    advance(sizeof(std::uint64_t));
  }
  if (left >= sizeof(key4)) {
    mask_one(in, to, key4);
    advance(sizeof(key4));
  }
  std::byte last[sizeof(key4)];
  std::memcpy(last, &key4, sizeof(key4));
  for (std::size_t i = 0; i < left; ++i) to[i] = in[i] ^ last[i];
}

void apply_mask(Bytes payload, MaskKey key, std::size_t offset) noexcept {
  apply_mask(payload, payload.data(), key, offset);
}

}  // namespace duplex::websocket
