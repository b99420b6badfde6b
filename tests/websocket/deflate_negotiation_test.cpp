#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "websocket/deflate_element.hpp"
#include <duplex/websocket/deflate_negotiation.hpp>

namespace duplex::websocket {
namespace {

/// A server that minds nothing.
constexpr DeflateOptions keeping{.keep_send_window = true, .keep_receive_window = true};

std::optional<DeflateAnswer> answer_to(const std::vector<std::string>& values,
                                       const DeflateOptions& options = keeping) {
  std::vector<http::FieldView> lines{{"Host", "example.com"}};
  for (const std::string& value : values) lines.push_back({"sec-websocket-extensions", value});
  http::RequestHead head;
  head.fields = http::FieldsView(lines);
  return accept_deflate(head, options);
}

/// The answer's text; `declined` when there is none.
std::string text_to(const std::vector<std::string>& values,
                    const DeflateOptions& options = keeping) {
  const auto answer = answer_to(values, options);
  return answer ? std::string(answer->text.view()) : "declined";
}

// ---------------------------------------------------------------------------- values

TEST(DeflateParameters, HaveAKeyOfOneByte) {
  std::set<std::uint8_t> keys;
  for (unsigned key = 0; key < 256; ++key) {
    const auto parameters = DeflateParameters::from_key(static_cast<std::uint8_t>(key));
    EXPECT_EQ(parameters.key(), key);
    EXPECT_GE(parameters.server_max_window_bits, 8);
    EXPECT_LE(parameters.client_max_window_bits, 15);
    keys.insert(parameters.key());
  }
  EXPECT_EQ(keys.size(), 256U);
  static_assert(sizeof(DeflateParameters) == 4);
  static_assert(DeflateParameters{}.key() == 0xFC);
  static_assert(DeflateParameters::from_key(1).server_no_context_takeover);
  static_assert(DeflateParameters::from_key(2).client_no_context_takeover);
}

TEST(DeflateOptions, AreRefusedOutsideOfTheirRanges) {
  struct Case {
    DeflateOptions options;
    std::string says;
  };
  const Case cases[] = {
      {{.send_window_bits_max = 8}, "send_window_bits_max is 8: set it to 9 to 15"},
      {{.send_window_bits_max = 16}, "send_window_bits_max is 16: set it to 9 to 15"},
      {{.receive_window_bits_max = 8}, "receive_window_bits_max is 8: set it to 9 to 15"},
      {{.receive_window_bits_max = 255}, "receive_window_bits_max is 255: set it to 9 to 15"},
      {{.level = 0}, "the compression level is 0: set it to 1 (fast) to 9 (small)"},
      {{.level = 10}, "the compression level is 10: set it to 1 (fast) to 9 (small)"},
  };
  for (const auto& [options, says] : cases) {
    try {
      check_deflate_options(options);
      ADD_FAILURE() << says;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), says);
    }
  }
  EXPECT_NO_THROW(check_deflate_options({}));
  EXPECT_NO_THROW(check_deflate_options({.send_window_bits_max = 9, .level = 1}));
  EXPECT_NO_THROW(check_deflate_options({.receive_window_bits_max = 9, .level = 9}));
}

TEST(DeflateElement, HasRoomForAllParameters) {
  const DeflateElement element{.server_no_context_takeover = true,
                               .client_no_context_takeover = true,
                               .server_max_window_bits = 10,
                               .client_max_window_bits = 15};
  EXPECT_EQ(write_deflate_element(element).view(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=10; client_max_window_bits=15");
  EXPECT_EQ(write_deflate_element(element).view().size(), 128U);
}

// ---------------------------------------------------------------------------- what is offered

TEST(DeflateOffer, SaysWhatTheOptionsMean) {
  struct Case {
    DeflateOptions options;
    std::string text;
  };
  const Case cases[] = {
      {{},
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "client_max_window_bits"},
      {keeping, "permessage-deflate; client_max_window_bits"},
      {{.keep_send_window = true, .let_server_limit_window = false},
       "permessage-deflate; server_no_context_takeover"},
      {{.keep_receive_window = true, .let_server_limit_window = false},
       "permessage-deflate; client_no_context_takeover"},
      {{.send_window_bits_max = 9,
        .receive_window_bits_max = 10,
        .keep_send_window = true,
        .keep_receive_window = true},
       "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"},
      {{.send_window_bits_max = 9,
        .keep_send_window = true,
        .keep_receive_window = true,
        .let_server_limit_window = false},
       "permessage-deflate"},
  };
  for (const auto& [options, text] : cases) EXPECT_EQ(deflate_offer(options).view(), text);
}

// ---------------------------------------------------------------------------- what is accepted

TEST(DeflateAnswer, AcceptsTheOffersOfTheSpecification) {
  struct Case {
    std::vector<std::string> offers;
    std::string answer;
  };
  const Case cases[] = {
      // RFC 7692 section 7.1.3.
      {{"permessage-deflate"}, "permessage-deflate"},
      {{"permessage-deflate; client_max_window_bits; server_max_window_bits=10"},
       "permessage-deflate; server_max_window_bits=10"},
      {{"permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
        "permessage-deflate; client_max_window_bits"},
       "permessage-deflate; server_max_window_bits=10"},
      // Sections 7.1.1 and 7.1.2.
      {{"permessage-deflate; server_no_context_takeover"},
       "permessage-deflate; server_no_context_takeover"},
      {{"permessage-deflate; client_no_context_takeover"},
       "permessage-deflate; client_no_context_takeover"},
      {{"permessage-deflate; server_max_window_bits=15"},
       "permessage-deflate; server_max_window_bits=15"},
      {{"permessage-deflate; server_max_window_bits=9"},
       "permessage-deflate; server_max_window_bits=9"},
      {{"permessage-deflate; client_max_window_bits"}, "permessage-deflate"},
      {{"permessage-deflate; client_max_window_bits=15"}, "permessage-deflate"},
      {{"permessage-deflate; client_max_window_bits=10"},
       "permessage-deflate; client_max_window_bits=10"},
      {{"permessage-deflate; client_max_window_bits=8"},
       "permessage-deflate; client_max_window_bits=8"},
      {{"permessage-deflate; client_max_window_bits=\"1\\0\"; server_max_window_bits=\"12\""},
       "permessage-deflate; server_max_window_bits=12; client_max_window_bits=10"},
      {{"permessage-deflate;client_max_window_bits=9;server_max_window_bits=9;"
        "client_no_context_takeover;server_no_context_takeover"},
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=9; client_max_window_bits=9"},
  };
  for (const auto& [offers, answer] : cases) EXPECT_EQ(text_to(offers), answer) << offers[0];
}

TEST(DeflateAnswer, TakesTheFirstOfferThatCanBeMet) {
  const std::string good = "permessage-deflate; server_max_window_bits=12";
  const std::string later = "permessage-deflate; server_max_window_bits=11";
  const std::string impossible = "permessage-deflate; server_max_window_bits=8";
  const std::string invalid = "permessage-deflate; server_max_window_bits=16";
  const std::string unknown = "permessage-foo; server_max_window_bits=9";
  const std::vector<std::string> orders[] = {
      {good, later},
      {impossible, good, later},
      {invalid, unknown, good, later},
      {impossible + ", " + unknown + "," + invalid, "", good + ", " + later},
      {unknown + ", " + good, invalid, later},
  };
  for (const auto& offers : orders) EXPECT_EQ(text_to(offers), good);
}

TEST(DeflateAnswer, DeclinesWhatIsInvalidOrCanNotBeMet) {
  const std::string cases[] = {
      // An unknown parameter.
      "permessage-deflate; foo",
      "permessage-deflate; server_max_window_bits=10; foo=1",
      "permessage-deflate; max_window_bits=10",
      "permessage-deflate; Server_No_Context_Takeover",
      // One twice.
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
      "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
      "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
      "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
      "permessage-deflate; client_max_window_bits; client_max_window_bits",
      "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
      "permessage-deflate; client_max_window_bits=10; client_max_window_bits",
      // A value where there is none.
      "permessage-deflate; server_no_context_takeover=1",
      "permessage-deflate; server_no_context_takeover=true",
      "permessage-deflate; client_no_context_takeover=\"0\"",
      // None where there is one.
      "permessage-deflate; server_max_window_bits",
      // Values that are no size of a window.
      "permessage-deflate; server_max_window_bits=0",
      "permessage-deflate; server_max_window_bits=7",
      "permessage-deflate; server_max_window_bits=16",
      "permessage-deflate; server_max_window_bits=09",
      "permessage-deflate; server_max_window_bits=010",
      "permessage-deflate; server_max_window_bits=+10",
      "permessage-deflate; server_max_window_bits=-10",
      "permessage-deflate; server_max_window_bits=1e1",
      "permessage-deflate; server_max_window_bits=0xA",
      "permessage-deflate; server_max_window_bits=10.0",
      "permessage-deflate; server_max_window_bits=266",
      "permessage-deflate; server_max_window_bits=4294967306",
      "permessage-deflate; server_max_window_bits=ten",
      "permessage-deflate; server_max_window_bits=\"010\"",
      "permessage-deflate; client_max_window_bits=7",
      "permessage-deflate; client_max_window_bits=16",
      "permessage-deflate; client_max_window_bits=08",
      // One that we can't compress with.
      "permessage-deflate; server_max_window_bits=8",
      "permessage-deflate; server_max_window_bits=8; server_no_context_takeover",
      // Another extension.
      "x-webkit-deflate-frame",
      "permessage-bzip2",
      "Permessage-Deflate",
      "permessage-deflate2",
      // None at all.
      "",
  };
  for (const std::string& offer : cases) {
    EXPECT_EQ(text_to({offer}), "declined") << offer;
    EXPECT_EQ(text_to({offer, "permessage-deflate"}), "permessage-deflate") << offer;
  }
  EXPECT_EQ(text_to({}), "declined");
  EXPECT_EQ(text_to({"permessage-deflate;"}), "declined") << "where nobody has checked before";
}

TEST(DeflateAnswer, SaysWhatTheOptionsMean) {
  struct Case {
    DeflateOptions options;
    std::string offer;
    std::string answer;
    DeflateParameters agreed;
  };
  const Case cases[] = {
      {{},
       "permessage-deflate",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
       {.server_no_context_takeover = true, .client_no_context_takeover = true}},
      {{.keep_send_window = true},
       "permessage-deflate; client_max_window_bits",
       "permessage-deflate; client_no_context_takeover",
       {.client_no_context_takeover = true}},
      {{.keep_receive_window = true},
       "permessage-deflate; client_max_window_bits",
       "permessage-deflate; server_no_context_takeover",
       {.server_no_context_takeover = true}},
      {keeping,
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
       {.server_no_context_takeover = true, .client_no_context_takeover = true}},
      // The smaller of both windows.
      {{.send_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate",
       "permessage-deflate; server_max_window_bits=10",
       {.server_max_window_bits = 10}},
      {{.send_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate; server_max_window_bits=12",
       "permessage-deflate; server_max_window_bits=10",
       {.server_max_window_bits = 10}},
      {{.send_window_bits_max = 12, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate; server_max_window_bits=10",
       "permessage-deflate; server_max_window_bits=10",
       {.server_max_window_bits = 10}},
      {{.receive_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate; client_max_window_bits",
       "permessage-deflate; client_max_window_bits=10",
       {.client_max_window_bits = 10}},
      {{.receive_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate; client_max_window_bits=15",
       "permessage-deflate; client_max_window_bits=10",
       {.client_max_window_bits = 10}},
      {{.receive_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate; client_max_window_bits=9",
       "permessage-deflate; client_max_window_bits=9",
       {.client_max_window_bits = 9}},
      // A client whose window we can't limit does not keep it.
      {{.receive_window_bits_max = 10, .keep_send_window = true, .keep_receive_window = true},
       "permessage-deflate",
       "permessage-deflate; client_no_context_takeover",
       {.client_no_context_takeover = true}},
  };
  for (const auto& [options, offer, text, agreed] : cases) {
    const auto answer = answer_to({offer}, options);
    ASSERT_TRUE(answer) << offer;
    EXPECT_EQ(answer->text.view(), text) << offer;
    EXPECT_EQ(answer->parameters, agreed) << offer << " " << text;
  }
}

}  // namespace
}  // namespace duplex::websocket
