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

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(CheckDeflate, ReadsWhatTheRfcShows) {
  // RFC 7692 section 7.2.3, in its order.
  Inflater inflater({});
  EXPECT_EQ(inflater.decompress(bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), plenty),
            "Hello");
  EXPECT_EQ(inflater.decompress(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), plenty), "Hello");
  EXPECT_EQ(inflater.decompress(
                bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}), plenty),
            "Hello");
  EXPECT_EQ(inflater.decompress(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), plenty),
            "Hello");
  EXPECT_EQ(inflater.decompress(bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9,
                                       0xc9, 0x07, 0x00}),
                                plenty),
            "Hello");
  EXPECT_EQ(inflater.decompress(bytes({0x00}), plenty), "");
}

TEST(CheckDeflate, RemembersAcrossAFinalBlock) {
  Inflater inflater({});
  EXPECT_EQ(inflater.decompress(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), plenty),
            "Hello");
  EXPECT_EQ(inflater.decompress(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), plenty), "Hello");
}

TEST(CheckDeflate, WritesWhatItReads) {
  for (const bool keeps_context : {true, false}) {
    for (int bits = 8; bits <= 15; ++bits) {
      const DeflateDirection direction{.keeps_context = keeps_context, .window_bits = bits};
      Deflater deflater(direction);
      Inflater inflater(direction);
      for (const std::size_t size : {0UL, 1UL, 300UL, 70000UL}) {
        for (const std::string& message : {ascii_payload(size), binary_payload(size)}) {
          EXPECT_EQ(inflater.decompress(deflater.compress(message), plenty), message);
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
  EXPECT_FALSE(Inflater({}).decompress("\xff\xff", plenty));
  EXPECT_FALSE(Inflater({}).decompress(Deflater({}).compress(ascii_payload(1000)), 999));
  // Looks back further than the window that was agreed on.
  const std::string far = binary_payload(2000) + binary_payload(2000);
  EXPECT_FALSE(Inflater({.window_bits = 9}).decompress(Deflater({}).compress(far), plenty));
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
