#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <duplex/base/utf8.hpp>

namespace duplex {
namespace {

/// How many bytes at the front of `text` can begin a valid text: a decoder by the book
/// (RFC 3629 sections 3 and 4), slow and plain. `open` tells whether a character is cut off.
std::size_t valid_prefix(std::string_view text, bool& open) {
  const auto at = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
  };
  std::size_t i = 0;
  open = false;
  while (i < text.size()) {
    const unsigned lead = at(i);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 0;
    if (size == 0) return i;
    const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned value = size == 1 ? lead : lead & (0x7FU >> size);
    // The values that the character can still get, as its bytes come.
    for (std::size_t k = 1;; ++k) {
      const unsigned low = value << (6 * (size - k));
      const unsigned high = low | ((1U << (6 * (size - k))) - 1);
      const bool possible =
          high >= smallest[size] && low <= 0x10FFFF && !(low >= 0xD800 && high <= 0xDFFF);
      if (!possible) return i + k - 1;
      if (k == size) break;
      if (i + k == text.size()) {
        open = true;
        return i + k;
      }
      if ((at(i + k) & 0xC0U) != 0x80U) return i + k;
      value = value << 6U | (at(i + k) & 0x3FU);
    }
    i += size;
  }
  return i;
}

/// After how many bytes, fed in steps, the validator says no; the size and one when it never does.
std::size_t refused_after(std::string_view text, std::size_t first, std::size_t step) {
  Utf8Validator validator;
  std::size_t fed = 0;
  while (fed < text.size()) {
    const std::size_t size = std::min(fed == 0 && first > 0 ? first : step, text.size() - fed);
    if (!validator.feed(as_bytes(text.substr(fed, size)))) return fed + size;
    fed += size;
  }
  return text.size() + 1;
}

void expect_exact(std::string_view text) {
  bool open = false;
  const std::size_t valid = valid_prefix(text, open);
  const bool all = valid == text.size();
  ASSERT_EQ(is_valid_utf8(as_bytes(text)), all && !open) << text;
  // Byte by byte the first invalid byte itself is refused.
  ASSERT_EQ(refused_after(text, 1, 1), all ? text.size() + 1 : valid + 1) << text;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    const bool first = validator.feed(as_bytes(text.substr(0, cut)));
    ASSERT_EQ(first, valid >= cut) << text << " cut at " << cut;
    const bool second = validator.feed(as_bytes(text.substr(cut)));
    ASSERT_EQ(second, all);
    ASSERT_EQ(validator.complete(), all && !open);
  }
}

TEST(Utf8, AgreesWithTheBookOnEveryThreeBytes) {
  // All leads and, behind them, the bytes where some rule changes.
  const unsigned edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xED, 0xFF};
  for (unsigned lead = 0; lead < 256; ++lead) {
    for (unsigned second : edges) {
      for (unsigned third : edges) {
        for (unsigned fourth : {0x41U, 0x80U, 0xBFU, 0xF0U}) {
          const std::string text{static_cast<char>(lead), static_cast<char>(second),
                                 static_cast<char>(third), static_cast<char>(fourth)};
          expect_exact(text);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Utf8, AgreesWithTheBookInLongTexts) {
  const std::string long_text = [] {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "abc \u00e9 \u20ac \U0001F600 ";
    return text;
  }();
  expect_exact(long_text);
  for (std::size_t i = 0; i < long_text.size(); ++i) {
    for (const char bad : {'\x80', '\xC0', '\xF5', '\xFF', '\xE2', 'a'}) {
      std::string broken = long_text.substr(0, 90);
      broken[i % broken.size()] = bad;
      expect_exact(broken);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Utf8, RefusesAtTheCutWhatNoByteCanSave) {
  struct Case {
    std::string_view what, text;
    bool may_go_on;
  };
  const Case cases[] = {
      {"above U+10FFFF", "\xF4\x90", false}, {"largest plane", "\xF4\x8F", true},
      {"surrogate", "\xED\xA0", false},      {"below surrogates", "\xED\x9F", true},
      {"overlong three", "\xE0\x9F", false}, {"smallest three", "\xE0\xA0", true},
      {"overlong four", "\xF0\x8F", false},  {"smallest four", "\xF0\x90", true},
      {"overlong two", "\xC1", false},       {"smallest two", "\xC2", true},
      {"lead above F4", "\xF5", false},      {"lone continuation", "\x80", false},
  };
  for (const auto& [what, text, may_go_on] : cases) {
    for (const std::string& before : {std::string(), std::string("x"), std::string(100, 'x')}) {
      Utf8Validator validator;
      EXPECT_EQ(validator.feed(as_bytes(before + std::string(text))), may_go_on) << what;
      EXPECT_FALSE(validator.complete()) << what;
    }
  }
}

TEST(Utf8, SaysNoUntilReset) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.complete());
  EXPECT_FALSE(validator.feed(as_bytes("\xFF")));
  EXPECT_FALSE(validator.feed(as_bytes("fine")));
  EXPECT_FALSE(validator.feed({}));
  EXPECT_FALSE(validator.complete());
  validator.reset();
  EXPECT_TRUE(validator.feed(as_bytes("fine")));
  EXPECT_TRUE(validator.complete());
}

TEST(Utf8, TakesNothingForText) {
  EXPECT_TRUE(is_valid_utf8({}));
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed({}));
  EXPECT_TRUE(validator.feed(as_bytes("\xE2\x82")));
  EXPECT_TRUE(validator.feed({}));
  EXPECT_TRUE(validator.feed(as_bytes("\xAC")));
  EXPECT_TRUE(validator.complete());
}

}  // namespace
}  // namespace duplex
