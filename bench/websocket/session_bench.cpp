#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

void fill_with_anything(Bytes room) noexcept {
  for (std::size_t i = 0; i < room.size(); ++i) room[i] = static_cast<std::byte>(i * 37);
}

/// As many masked text messages of `payload_bytes` as a read buffer of 64 KiB holds.
std::vector<std::byte> stream_of(std::size_t payload_bytes, std::size_t& messages) {
  MaskSource masks(fill_with_anything);
  const SessionOptions client{.role = Role::client, .masks = &masks};
  Session session(client);
  ByteQueue stream;
  const std::string payload(payload_bytes, 'x');
  messages = 0;
  do {
    session.write_message(Opcode::text, as_bytes(payload), stream);
    ++messages;
  } while (stream.size() + payload_bytes + frame_header_bytes_max <= 65536);
  return {stream.content().begin(), stream.content().end()};
}

/// What arrives is copied in, as a read would, because it is unmasked in place.
template <bool echo>
void receive_text(benchmark::State& state) {
  std::size_t messages = 0;
  const auto stream = stream_of(static_cast<std::size_t>(state.range(0)), messages);
  auto buffer = stream;
  const SessionOptions options{};
  Session session(options);
  ByteQueue output;
  for (auto _ : state) {
    std::memcpy(buffer.data(), stream.data(), stream.size());
    Bytes input(buffer);
    output.clear();
    while (true) {
      const auto event = session.next(input, output);
      if (!event || !*event) break;
      const auto& message = std::get<Session::Message>(**event);
      if (echo) session.write_message(message.opcode, message.payload, output);
      benchmark::DoNotOptimize(message.payload.data());
    }
  }
  const auto count = static_cast<double>(messages) * static_cast<double>(state.iterations());
  state.counters["per_message"] =
      benchmark::Counter(count, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}
BENCHMARK(receive_text<false>)->Name("receive_text")->Arg(20)->Arg(125)->Arg(16384);
BENCHMARK(receive_text<true>)->Name("echo_text")->Arg(20)->Arg(125)->Arg(16384);

}  // namespace
}  // namespace duplex::websocket
