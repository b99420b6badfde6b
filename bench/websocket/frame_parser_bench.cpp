#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <duplex/websocket/frame_parser.hpp>

namespace duplex::websocket {
namespace {

/// As many masked frames as fill 64 KiB, copied in as a read would, because they are unmasked in
/// place.
void parse(benchmark::State& state) {
  const auto payload_bytes = static_cast<std::size_t>(state.range(0));
  const FrameHeader header{
      .opcode = Opcode::binary,
      .masked = true,
      .mask_key = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}},
      .payload_bytes = payload_bytes};
  std::array<std::byte, frame_header_bytes_max> head;
  const std::size_t head_bytes = encode_frame_header(header, head);
  std::vector<std::byte> stream;
  std::int64_t frames = 0;
  while (stream.size() + head_bytes + payload_bytes <= 65536) {
    stream.insert(stream.end(), head.begin(),
                  head.begin() + static_cast<std::ptrdiff_t>(head_bytes));
    stream.resize(stream.size() + payload_bytes);
    ++frames;
  }
  auto buffer = stream;
  FrameParser parser(Role::server);
  for (auto _ : state) {
    std::memcpy(buffer.data(), stream.data(), stream.size());
    Bytes input(buffer);
    for (;;) {
      auto frame = parser.next(input);
      if (!frame) std::abort();
      benchmark::DoNotOptimize(frame);
      if (!*frame) break;
    }
  }
  state.SetItemsProcessed(state.iterations() * frames);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}
BENCHMARK(parse)->Arg(20)->Arg(125)->Arg(1024)->Arg(16384)->ArgName("payload_bytes");

}  // namespace
}  // namespace duplex::websocket
