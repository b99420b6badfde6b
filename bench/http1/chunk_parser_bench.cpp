#include <benchmark/benchmark.h>

#include <cstdlib>
#include <span>
#include <string>

#include <duplex/http1/chunk_parser.hpp>

namespace duplex::http1 {
namespace {

/// 64 KiB of content in chunks of one size.
void parse(benchmark::State& state, std::size_t chunk_bytes, const std::string& head) {
  constexpr std::size_t content_bytes = 65536;
  std::string stream;
  for (std::size_t i = 0; i < content_bytes / chunk_bytes; ++i) {
    stream += head + std::string(chunk_bytes, 'x') + "\r\n";
  }
  stream += "0\r\n";
  for (auto _ : state) {
    ChunkParser parser;
    ChunkParser::Allowance allowance{.content_bytes = content_bytes, .extension_bytes = 0};
    Bytes input = std::as_writable_bytes(std::span(stream));
    Bytes data;
    auto step = parser.next(input, data, allowance);
    while (step == ChunkParser::Step::data) step = parser.next(input, data, allowance);
    if (step != ChunkParser::Step::last_chunk) std::abort();
    benchmark::DoNotOptimize(data.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(content_bytes));
}

void tiny(benchmark::State& state) {
  parse(state, 16, "10\r\n");
}
void usual(benchmark::State& state) {
  parse(state, 1024, "400\r\n");
}
void large(benchmark::State& state) {
  parse(state, 16384, "4000\r\n");
}

BENCHMARK(tiny);
BENCHMARK(usual);
BENCHMARK(large);

}  // namespace
}  // namespace duplex::http1
