#include <benchmark/benchmark.h>

#include <vector>

#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {
namespace {

constexpr std::size_t frame_header_bytes = 8;

/// The payload begins behind a header, as it does where frames are read to.
void mask_in_place(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> frame(frame_header_bytes + size, std::byte{'x'});
  const Bytes payload = Bytes(frame).subspan(frame_header_bytes);
  const MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
  for (auto _ : state) {
    apply_mask(payload, key);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(mask_in_place)->Arg(20)->Arg(125)->Arg(1024)->Arg(16384)->Arg(1 << 20);

}  // namespace
}  // namespace duplex::websocket
