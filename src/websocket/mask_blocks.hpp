#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace duplex::websocket {

/// What `mask_blocks` works on at a time: four vectors of the widest kind.
inline constexpr std::size_t mask_block_bytes = 256;

/// Masks `size` bytes, a multiple of `mask_block_bytes`, from `from` to `to`, which may be the
/// same, by a key whose bytes lie in memory as they are to be used. In one source for each kind of
/// processor, of which one is compiled.
void mask_blocks(const std::byte* from, std::byte* to, std::size_t size,
                 std::uint32_t key) noexcept;

/// The same by vectors of so many bytes, as far as the function that it is compiled into may use
/// them.
template <std::size_t vector_bytes>
[[gnu::always_inline]] inline void mask_by_vectors(const std::byte* from, std::byte* to,
                                                   std::size_t size, std::uint32_t key) noexcept {
  using Vector [[gnu::vector_size(vector_bytes)]] = std::uint32_t;
  const Vector keys = key - Vector{};
  for (std::size_t done = 0; done < size; done += 4 * vector_bytes) {
    // Loads before it stores: the two places may be one.
    Vector first;
    Vector second;
    Vector third;
    Vector fourth;
    std::memcpy(&first, from + done, vector_bytes);
    std::memcpy(&second, from + done + vector_bytes, vector_bytes);
    std::memcpy(&third, from + done + 2 * vector_bytes, vector_bytes);
    std::memcpy(&fourth, from + done + 3 * vector_bytes, vector_bytes);
    first ^= keys;
    second ^= keys;
    third ^= keys;
    fourth ^= keys;
    std::memcpy(to + done, &first, vector_bytes);
    std::memcpy(to + done + vector_bytes, &second, vector_bytes);
    std::memcpy(to + done + 2 * vector_bytes, &third, vector_bytes);
    std::memcpy(to + done + 3 * vector_bytes, &fourth, vector_bytes);
  }
}

}  // namespace duplex::websocket
