#include <bit>
#include <cstdint>
#include <cstring>

#include "websocket/mask_blocks.hpp"
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {

namespace {

/// Sixteen bytes that the compiler keeps in one vector register on every target that has them.
using Block = std::uint32_t __attribute__((vector_size(16)));

// A vector that is written across two cache lines takes twice as long. From this size on it pays to
// begin where a line does: behind a header there is none.
constexpr std::size_t line_bytes = 64;
constexpr std::size_t aligned_bytes_min = 4096;

/// XORs one `Word` of `from` with the key into `to`. Loads before it stores: the two may be one.
template <typename Word>
void mask_one(const std::byte* from, std::byte* to, Word key) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  word ^= key;
  std::memcpy(to, &word, sizeof(word));
}

/// `key`, whose bytes lie as they are used, turned so that its first one masks the byte at
/// `offset`.
std::uint32_t turned(std::uint32_t key, std::size_t offset) noexcept {
  const int bits = static_cast<int>(offset % sizeof(key)) * 8;
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

/// By steps that get shorter. All but the last are a multiple of the key long, so that it does not
/// turn on the way.
[[gnu::always_inline]] inline void mask_by_steps(const std::byte* from, std::byte* to,
                                                 std::size_t left, std::uint32_t key) noexcept {
  const auto advance = [&](std::size_t size) {
    from += size;
    to += size;
    left -= size;
  };
  const Block key16 = {key, key, key, key};
  while (left >= sizeof(Block)) {
    mask_one(from, to, key16);
    advance(sizeof(Block));
  }
  if (left >= sizeof(std::uint64_t)) {
    mask_one(from, to, std::uint64_t{key} << 32U | key);
    advance(sizeof(std::uint64_t));
  }
  if (left >= sizeof(key)) {
    mask_one(from, to, key);
    advance(sizeof(key));
  }
  std::byte last[sizeof(key)];
  std::memcpy(last, &key, sizeof(key));
  for (std::size_t i = 0; i < left; ++i) to[i] = from[i] ^ last[i];
}

/// For a block and more. Not in one piece with the shorter ones, which have no call to prepare for.
[[gnu::noinline]] void mask_long(const std::byte* from, std::byte* to, std::size_t size,
                                 std::uint32_t key) noexcept {
  if (size >= aligned_bytes_min) {
    const std::size_t head = -reinterpret_cast<std::uintptr_t>(to) % line_bytes;
    mask_by_steps(from, to, head, key);
    from += head;
    to += head;
    size -= head;
    key = turned(key, head);
  }
  const std::size_t rest = size % mask_block_bytes;
  const std::size_t blocks = size - rest;
  mask_blocks(from, to, blocks, key);
  mask_by_steps(from + blocks, to + blocks, rest, key);
}

}  // namespace

void apply_mask(ConstBytes from, std::byte* to, MaskKey key, std::size_t offset) noexcept {
  std::uint32_t word;
  std::memcpy(&word, key.data(), sizeof(word));
  word = turned(word, offset);
  if (from.size() >= mask_block_bytes) return mask_long(from.data(), to, from.size(), word);
  mask_by_steps(from.data(), to, from.size(), word);
}

void apply_mask(Bytes payload, MaskKey key, std::size_t offset) noexcept {
  apply_mask(payload, payload.data(), key, offset);
}

}  // namespace duplex::websocket
