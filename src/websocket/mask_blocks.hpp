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
template <std::size_t VectorBytes>
[[gnu::always_inline]] inline void mask_by_vectors(const std::byte* from, std::byte* to,
                                                   std::size_t size, std::uint32_t key) noexcept {
  using Vector [[gnu::vector_size(VectorBytes)]] = std::uint32_t;
  const Vector keys = key - Vector{};
  for (std::size_t done = 0; done < size; done += 4 * VectorBytes) {
    // Loads before it stores: the two places may be one.
    Vector first;
    Vector second;
    Vector third;
    Vector fourth;
    std::memcpy(&first, from + done, VectorBytes);
    std::memcpy(&second, from + done + VectorBytes, VectorBytes);
    std::memcpy(&third, from + done + 2 * VectorBytes, VectorBytes);
    std::memcpy(&fourth, from + done + 3 * VectorBytes, VectorBytes);
    first ^= keys;
    second ^= keys;
    third ^= keys;
    fourth ^= keys;
    std::memcpy(to + done, &first, VectorBytes);
    std::memcpy(to + done + VectorBytes, &second, VectorBytes);
    std::memcpy(to + done + 2 * VectorBytes, &third, VectorBytes);
    std::memcpy(to + done + 3 * VectorBytes, &fourth, VectorBytes);
  }
}

}  // namespace duplex::websocket
