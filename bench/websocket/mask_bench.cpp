#include <benchmark/benchmark.h>

#include <vector>

#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {
namespace {

void mask_in_place(benchmark::State& state) {
  std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)), std::byte{'x'});
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
