#include <benchmark/benchmark.h>

#include <string>

#include <duplex/base/utf8.hpp>

namespace duplex {
namespace {

std::string text_of(std::size_t size, bool ascii) {
  const std::string words = ascii ? "plain words. " : "gr\u00fc\u00dfe \u20ac \U0001F600 ";
  std::string text;
  while (text.size() < size) text += words;
  // Cut to the size at a character, and filled up with ASCII.
  while ((static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) text[size--] = 'x';
  text.resize(size);
  return text;
}

void validate(benchmark::State& state) {
  std::string text = text_of(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
  for (auto _ : state) benchmark::DoNotOptimize(is_valid_utf8(as_bytes(text)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(validate)->ArgsProduct({{20, 64, 1024, 16384}, {0, 1}})->ArgNames({"size", "ascii"});

void validate_in_pieces(benchmark::State& state) {
  const std::string text = text_of(16384, false);
  for (auto _ : state) {
    Utf8Validator validator;
    ConstBytes left = as_bytes(text);
    while (!left.empty()) {
      const auto piece = left.first(std::min<std::size_t>(1000, left.size()));
      benchmark::DoNotOptimize(validator.feed(piece));
      left = left.subspan(piece.size());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(validate_in_pieces);

}  // namespace
}  // namespace duplex
