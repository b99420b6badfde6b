#include "check/deflate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "check/payloads.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;

constexpr std::size_t plenty = 1 << 24;

/// The message, or which fault there is.
std::string inflated(Inflater& inflater, std::string_view payload) {
  const Inflated result = inflater.decompress(payload, plenty);
  switch (result.fault) {
    case Inflated::Fault::none: return result.bytes;
    case Inflated::Fault::invalid: return "invalid";
    case Inflated::Fault::too_long: return "too long";
    case Inflated::Fault::incomplete: return "incomplete";
  }
  return "";
}

std::string inflated(std::string_view payload) {
  Inflater inflater({});
  return inflated(inflater, payload);
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(CheckDeflate, ReadsWhatTheRfcShows) {
  // RFC 7692 section 7.2.3, in its order.
  Inflater inflater({});
  EXPECT_EQ(inflated(inflater, bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
  EXPECT_EQ(inflated(inflater, bytes({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello");
  EXPECT_EQ(
      inflated(inflater, bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})),
      "Hello");
  EXPECT_EQ(inflated(inflater, bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), "Hello");
  EXPECT_EQ(inflated(inflater, bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9,
                                      0xc9, 0x07, 0x00})),
            "Hello");
  EXPECT_EQ(inflated(inflater, bytes({0x00})), "");
}

TEST(CheckDeflate, RemembersAcrossAFinalBlock) {
  Inflater inflater({});
  EXPECT_EQ(inflated(inflater, bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), "Hello");
  EXPECT_EQ(inflated(inflater, bytes({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello");
}

TEST(CheckDeflate, WritesWhatItReads) {
  for (const bool keeps_context : {true, false}) {
    for (int bits = 8; bits <= 15; ++bits) {
      const DeflateDirection direction{.keeps_context = keeps_context, .window_bits = bits};
      Deflater deflater(direction);
      Inflater inflater(direction);
      for (const std::size_t size : {0UL, 1UL, 300UL, 70000UL}) {
        for (const std::string& message : {ascii_payload(size), binary_payload(size)}) {
          EXPECT_EQ(inflated(inflater, deflater.compress(message)), message);
        }
      }
    }
  }
  EXPECT_EQ(Deflater({}).compress("Hello"), bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}));
  EXPECT_EQ(Deflater({}).compress(""), bytes({0x00}));
}

TEST(CheckDeflate, ForgetsWhereThatIsAgreedOn) {
  Deflater keeping({});
  const std::string first = keeping.compress(ascii_payload(1000));
  EXPECT_LT(keeping.compress(ascii_payload(1000)).size(), first.size() / 4);
  Deflater forgetting({.keeps_context = false});
  EXPECT_EQ(forgetting.compress(ascii_payload(1000)), forgetting.compress(ascii_payload(1000)));
}

TEST(CheckDeflate, RefusesWhatIsNotDeflate) {
  EXPECT_EQ(inflated("\xff\xff"), "invalid");
  const Inflated longer = Inflater({}).decompress(Deflater({}).compress(ascii_payload(1000)), 999);
  EXPECT_EQ(longer.fault, Inflated::Fault::too_long);
  // Looks back further than the window that was agreed on.
  const std::string far = binary_payload(2000) + binary_payload(2000);
  Inflater small({.window_bits = 9});
  EXPECT_EQ(inflated(small, Deflater({}).compress(far)), "invalid");
}

TEST(CheckDeflate, NoticesDataWithoutItsEnd) {
  const std::string whole = deflated(ascii_payload(300));
  ASSERT_EQ(inflated(whole), ascii_payload(300));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string result = inflated(std::string_view(whole).substr(0, size));
    EXPECT_TRUE(result == "incomplete" || result == "invalid") << size << ": " << result;
  }
  // A block without compression that has room for the tail.
  const std::string room = bytes({0x00, 0x09, 0x00, 0xf6, 0xff}) + "hello";
  EXPECT_EQ(inflated(room), "incomplete");
  // A final block, and nothing behind it.
  const std::string final = deflated("hello", {.final = true});
  EXPECT_EQ(inflated(final), "incomplete");
  EXPECT_EQ(inflated(final + '\0'), "hello");
  Inflater small({.keeps_context = false, .window_bits = 9});
  EXPECT_EQ(inflated(small, deflated("hello")), "hello");
  EXPECT_EQ(inflated(small, deflated("hello").substr(0, 4)), "incomplete");
}

TEST(CheckDeflate, ReadsBlocksOfEveryKind) {
  const std::string message = ascii_payload(1000) + binary_payload(1000);
  for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE}) {
    for (const int flush : {Z_SYNC_FLUSH, Z_BLOCK, Z_PARTIAL_FLUSH, Z_FULL_FLUSH}) {
      for (const int level : {Z_NO_COMPRESSION, Z_BEST_SPEED, Z_BEST_COMPRESSION}) {
        const Blocks blocks{
            .level = level, .strategy = strategy, .flush_every = 100, .flush = flush};
        EXPECT_EQ(inflated(deflated(message, blocks)), message);
      }
    }
  }
  EXPECT_GT(deflated(message, {.flush_every = 100}).size(), deflated(message).size());
}

TEST(CheckDeflate, ReadsAgreements) {
  EXPECT_FALSE(parse_agreement("permessage-deflate", ""));
  const auto plain = parse_agreement("permessage-deflate", "permessage-deflate");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->from_client.keeps_context && plain->from_server.keeps_context);
  const auto all = parse_agreement(
      "permessage-deflate; server_max_window_bits=12; client_max_window_bits, permessage-deflate",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
      "server_max_window_bits=\"10\";client_max_window_bits = 9");
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->from(End::client).keeps_context || all->from(End::server).keeps_context);
  EXPECT_EQ(all->from(End::server).window_bits, 10);
  EXPECT_EQ(all->from(End::client).window_bits, 9);
}

TEST(CheckDeflate, RefusesAgreementsThatCantBe) {
  constexpr auto offer = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11";
  const struct {
    std::string_view offer;
    std::string_view answer;
    std::string_view words;
  } cases[] = {
      {"", "permessage-deflate", "not offered"},
      {offer, "x-other", "not offered"},
      {"permessage-deflate", "permessage-deflate, permessage-deflate", "one extension"},
      {"permessage-deflate", "permessage-deflate; client_max_window_bits=10", "was not offered"},
      {"permessage-deflate", "permessage-deflate; unknown", "no parameter unknown"},
      {"permessage-deflate", "permessage-deflate; server_no_context_takeover=1", "has a value"},
      {"permessage-deflate",
       "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "doubled"},
      {"permessage-deflate", "permessage-deflate; server_max_window_bits=16", "8 to 15"},
      {"permessage-deflate", "permessage-deflate; server_max_window_bits=08", "8 to 15"},
      {"permessage-deflate", "permessage-deflate; server_max_window_bits", "8 to 15"},
      {offer, "permessage-deflate", "server_max_window_bits was demanded"},
      {offer, "permessage-deflate; server_max_window_bits=13", "larger"},
      {offer, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12", "larger"},
      {"permessage-deflate; server_no_context_takeover", "permessage-deflate", "was demanded"},
      {"permessage-deflate; unknown", "permessage-deflate", "invalid"},
      {"permessage-deflate; server_max_window_bits=7", "permessage-deflate", "invalid"},
      {"permessage-deflate; client_max_window_bits=99", "permessage-deflate", "invalid"},
      {"permessage-deflate; client_no_context_takeover=0", "permessage-deflate", "invalid"},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits", "permessage-deflate",
       "invalid"},
  };
  for (const auto& [offered, answer, words] : cases) {
    try {
      parse_agreement(offered, answer);
      ADD_FAILURE() << offered << " | " << answer;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
    EXPECT_FALSE(allows(offered, answer) && answer.find(',') == std::string_view::npos);
  }
}

}  // namespace
}  // namespace duplex::app::check
