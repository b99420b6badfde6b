#include <benchmark/benchmark.h>
#include <libdeflate.h>

#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bench/json.hpp"
#include "websocket/deflate/stream_deflater.hpp"
#include "websocket/deflate/stream_inflater.hpp"
#include "websocket/deflate/tail.hpp"
#include "websocket/deflate/whole_deflater.hpp"
#include "websocket/deflate/whole_inflater.hpp"
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

constexpr std::uint64_t bytes_max = std::uint64_t{1} << 20U;

/// Different ones, to be taken in turn: what is compressed again and again, the processor's
/// branch predictors learn by heart.
std::vector<std::string> messages_of(std::size_t bytes) {
  std::vector<std::string> messages;
  messages.reserve(64);
  for (unsigned seed = 0; seed < 64; ++seed) messages.push_back(json(bytes, seed));
  return messages;
}

/// The same as zlib at level 6 sends them.
std::vector<std::string> compressed_messages_of(std::size_t bytes) {
  StreamDeflater deflater({.level = 6});
  ByteQueue output;
  std::vector<std::string> compressed;
  for (const std::string& message : messages_of(bytes)) {
    output.clear();
    deflater.reset();
    deflater.deflate(as_bytes(message), true, output);
    compressed.emplace_back(as_text(output.content()));
  }
  return compressed;
}

/// `deflate` compresses a message to the end of a queue.
template <typename Deflate>
void measure_deflating(benchmark::State& state, Deflate deflate) {
  const auto messages = messages_of(static_cast<std::size_t>(state.range(0)));
  ByteQueue output;
  std::size_t result_bytes = 0;
  for (const std::string& message : messages) {
    output.clear();
    deflate(as_bytes(message), output);
    result_bytes += output.size();
  }
  std::size_t turn = 0;
  for (auto _ : state) {
    output.clear();
    deflate(as_bytes(messages[turn++ % messages.size()]), output);
    benchmark::DoNotOptimize(output.content().data());
  }
  state.counters["result_bytes"] =
      static_cast<double>(result_bytes) / static_cast<double>(messages.size());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void deflate_whole(benchmark::State& state) {
  WholeDeflater deflater;
  const DeflateEffort effort{.level = static_cast<int>(state.range(1))};
  measure_deflating(state, [&](ConstBytes message, ByteQueue& output) {
    deflater.deflate(message, effort, output);
  });
}

void deflate_by_zlib(benchmark::State& state) {
  StreamDeflater deflater({.level = static_cast<int>(state.range(1))});
  measure_deflating(state, [&](ConstBytes message, ByteQueue& output) {
    deflater.reset();
    deflater.deflate(message, true, output);
  });
}

/// It can only end the stream with each message, so that one byte more has to be sent.
void deflate_by_libdeflate(benchmark::State& state) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> deflater(
      libdeflate_alloc_compressor(static_cast<int>(state.range(1))), &libdeflate_free_compressor);
  measure_deflating(state, [&](ConstBytes message, ByteQueue& output) {
    const Bytes room =
        output.prepare(libdeflate_deflate_compress_bound(deflater.get(), message.size()));
    output.commit(libdeflate_deflate_compress(deflater.get(), message.data(), message.size(),
                                              room.data(), room.size()));
    output.append(ConstBytes(&empty_block, 1));
  });
}

const std::vector<std::int64_t> sizes{1024, 2048, 16384, 200'000};
BENCHMARK(deflate_whole)->ArgsProduct({sizes, {1, 2, 6, 9}})->ArgNames({"bytes", "level"});
BENCHMARK(deflate_by_zlib)->ArgsProduct({sizes, {1, 6}})->ArgNames({"bytes", "level"});
BENCHMARK(deflate_by_libdeflate)->ArgsProduct({sizes, {1}})->ArgNames({"bytes", "level"});

/// `inflate` returns whether it could.
template <typename Inflate>
void measure_inflating(benchmark::State& state, Inflate inflate) {
  const auto messages = compressed_messages_of(static_cast<std::size_t>(state.range(0)));
  std::size_t turn = 0;
  for (auto _ : state) {
    if (!inflate(as_bytes(messages[turn++ % messages.size()]))) state.SkipWithError("not inflated");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void inflate_whole(benchmark::State& state) {
  WholeInflater inflater;
  measure_inflating(state, [&](ConstBytes compressed) {
    return inflater.inflate(compressed, bytes_max).has_value();
  });
}
BENCHMARK(inflate_whole)->ArgsProduct({sizes})->ArgName("bytes");

void inflate_by_zlib(benchmark::State& state) {
  StreamInflater inflater(15);
  ByteQueue output;
  measure_inflating(state, [&](ConstBytes compressed) {
    output.clear();
    inflater.reset();
    return !inflater.inflate(compressed, true, bytes_max, output);
  });
}
BENCHMARK(inflate_by_zlib)->ArgsProduct({sizes})->ArgName("bytes");

void fill_with_anything(Bytes room) noexcept {
  for (std::size_t i = 0; i < room.size(); ++i) room[i] = static_cast<std::byte>(i * 37);
}

constexpr DeflateParameters nothing_kept{.server_no_context_takeover = true,
                                         .client_no_context_takeover = true};

/// 64 messages of a client, compressed and masked.
std::vector<std::byte> stream_of(std::size_t payload_bytes) {
  MaskSource masks(fill_with_anything);
  const SessionOptions options{.role = Role::client, .masks = &masks, .deflate = {.level = 6}};
  DeflateWorkspace workspace;
  Session client(options);
  client.enable_deflate(nothing_kept, workspace);
  ByteQueue stream;
  for (const std::string& message : messages_of(payload_bytes)) {
    client.write_message(Opcode::text, as_bytes(message), stream);
  }
  return {stream.content().begin(), stream.content().end()};
}

/// What arrives is copied in, as a read would, because it is unmasked in place.
template <bool echo>
void receive_compressed(benchmark::State& state) {
  const auto stream = stream_of(static_cast<std::size_t>(state.range(0)));
  auto buffer = stream;
  const SessionOptions options{};
  DeflateWorkspace workspace;
  Session session(options);
  session.enable_deflate(nothing_kept, workspace);
  ByteQueue output;
  std::int64_t messages = 0;
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
      ++messages;
    }
  }
  state.counters["per_message"] = benchmark::Counter(
      static_cast<double>(messages), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetBytesProcessed(messages * state.range(0));
}
BENCHMARK(receive_compressed<false>)->Name("receive_compressed")->ArgName("bytes")->Arg(1024);
BENCHMARK(receive_compressed<true>)->Name("echo_compressed")->ArgName("bytes")->Arg(1024);

}  // namespace
}  // namespace duplex::websocket
