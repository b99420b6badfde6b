#include "bench/messages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "bench/compression.hpp"
#include "bench/stamp.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::app::bench {
namespace {

TEST(Messages, HaveTheirSizeAndDiffer) {
  for (const std::size_t bytes : {1U, 20U, 33U, 125U, 1024U, 70'000U}) {
    for (const bool text : {false, true}) {
      const Messages messages({.bytes = bytes, .text = text});
      std::set<std::string_view> different;
      for (std::size_t i = 0; i < messages.count(); ++i) {
        EXPECT_EQ(messages.payload(i).size(), bytes);
        EXPECT_TRUE(is_valid_utf8(as_bytes(messages.payload(i)))) << messages.payload(i);
        different.insert(messages.payload(i));
      }
      EXPECT_GE(messages.count(), 2U);
      EXPECT_EQ(different.size(), messages.count());
    }
  }
}

TEST(Messages, AreTextOfMoreThanAscii) {
  EXPECT_NE(Messages({.bytes = 20, .text = true}).payload(1).find("Grüße"), std::string_view::npos);
  const Messages messages({.bytes = 200, .text = true, .stamped = true});
  const std::string_view text = messages.payload(0);
  EXPECT_NE(text.find("世界"), std::string_view::npos);
  // Where a stamp may be put no character is cut.
  for (const char letter : text.substr(0, Stamp::bytes_max)) EXPECT_GE(letter, ' ');
}

TEST(Messages, AreOfTheContentThatIsWanted) {
  const auto first = [](const MessageKind& kind) {
    return std::string(Messages(kind).payload(0).substr(0, 7));
  };
  EXPECT_EQ(first({.bytes = 100, .content = Content::letters}), "abcdefg");
  EXPECT_EQ(first({.bytes = 100, .text = true, .content = Content::letters}), "abcdefg");
  EXPECT_EQ(first({.bytes = 300, .text = true, .content = Content::json}), R"([{"id":)");
  EXPECT_EQ(first({.bytes = 300, .compressed = true}), R"([{"id":)");
  const Messages prose({.bytes = 200, .content = Content::prose});
  EXPECT_NE(prose.payload(0).find("世界"), std::string_view::npos);
}

TEST(Messages, AreValidJsonOfEverySize) {
  for (std::size_t bytes = 1; bytes < 500; ++bytes) {
    const Messages messages({.bytes = bytes, .content = Content::json});
    for (std::size_t i = 0; i < messages.count(); ++i) {
      EXPECT_EQ(messages.payload(i).size(), bytes);
      EXPECT_TRUE(nlohmann::json::accept(messages.payload(i))) << messages.payload(i);
    }
  }
}

TEST(Messages, AreTheUsersOwn) {
  const Messages messages({.bytes = 3, .content = Content::own, .own = "one"});
  EXPECT_GE(messages.count(), 2U);
  for (std::size_t i = 0; i < messages.count(); ++i) EXPECT_EQ(messages.payload(i), "one");
}

TEST(Messages, KnowWhatTheyTakeCompressed) {
  EXPECT_FALSE(Messages({.bytes = 1000}).compressed());
  for (const bool keep : {false, true}) {
    const Messages messages({.bytes = 1000, .compressed = true, .keep = keep});
    ASSERT_TRUE(messages.compressed());
    Compressor compressor(keep);
    for (std::size_t i = 0; i < messages.count(); ++i) {
      EXPECT_EQ(messages.compressed()->bytes_of(i, 1),
                compressor.compressed(messages.payload(i)).size());
    }
  }
}

}  // namespace
}  // namespace duplex::app::bench
