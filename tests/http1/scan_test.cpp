#include "http1/scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include <duplex/http/fields.hpp>

namespace duplex::http1 {
namespace {

bool is_target_byte(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}
bool is_token_byte(char c) {
  return http::is_token({&c, 1});
}
bool is_value_byte(char c) {
  return http::is_field_value({&c, 1});
}

/// The naive twin of the scanners.
std::size_t skip_naively(std::string_view text, std::size_t at, bool (*allowed)(char)) {
  while (at < text.size() && allowed(text[at])) ++at;
  return at;
}

TEST(Scan, AgreesWithTheNaiveLoopOnEveryByteAtEveryPlace) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (std::size_t place = 0; place < size; ++place) {
        // A block of its own size, so that a sanitizer sees a read beyond it.
        const auto block = std::make_unique<char[]>(size);
        std::fill_n(block.get(), size, 'a');
        block[place] = static_cast<char>(byte);
        const std::string_view text(block.get(), size);
        for (std::size_t begin : {std::size_t{0}, size / 2, size}) {
          ASSERT_EQ(skip_token(text, begin), skip_naively(text, begin, is_token_byte));
          ASSERT_EQ(skip_target(text, begin), skip_naively(text, begin, is_target_byte));
          ASSERT_EQ(skip_field_value(text, begin), skip_naively(text, begin, is_value_byte));
        }
      }
    }
  }
}

}  // namespace
}  // namespace duplex::http1
