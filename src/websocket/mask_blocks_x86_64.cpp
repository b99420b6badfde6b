#include "websocket/mask_blocks.hpp"

namespace duplex::websocket {

namespace {

void mask_by_sse2(const std::byte* from, std::byte* to, std::size_t size,
                  std::uint32_t key) noexcept {
  mask_by_vectors<16>(from, to, size, key);
}

[[gnu::target("avx2")]] void mask_by_avx2(const std::byte* from, std::byte* to, std::size_t size,
                                          std::uint32_t key) noexcept {
  mask_by_vectors<32>(from, to, size, key);
}

[[gnu::target("avx512f")]] void mask_by_avx512(const std::byte* from, std::byte* to,
                                               std::size_t size, std::uint32_t key) noexcept {
  mask_by_vectors<64>(from, to, size, key);
}

using MaskBlocks = void (*)(const std::byte*, std::byte*, std::size_t, std::uint32_t) noexcept;

/// What this processor does with the widest vectors that it has.
MaskBlocks choose() noexcept {
  if (__builtin_cpu_supports("avx512f")) return mask_by_avx512;
  if (__builtin_cpu_supports("avx2")) return mask_by_avx2;
  return mask_by_sse2;
}

}  // namespace

void mask_blocks(const std::byte* from, std::byte* to, std::size_t size,
                 std::uint32_t key) noexcept {
  static const MaskBlocks chosen = choose();
  chosen(from, to, size, key);
}

}  // namespace duplex::websocket
