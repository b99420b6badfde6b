#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <system_error>

#include <duplex/websocket/error.hpp>

namespace duplex::websocket {
namespace {

TEST(WebSocketError, HasASentenceOfItsOwnThatFitsACloseFrame) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < error_count; ++i) {
    const std::string_view sentence = describe(static_cast<Error>(i));
    EXPECT_LE(sentence.size(), 123U);
    EXPECT_FALSE(sentence.ends_with('.'));
    sentences.insert(sentence);
  }
  EXPECT_EQ(sentences.size(), error_count);
  EXPECT_FALSE(sentences.contains(describe(static_cast<Error>(error_count))));
}

TEST(WebSocketError, HasTheCloseCodeThatTheSpecificationNames) {
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    const CloseCode expected = error == Error::text_not_utf8 ||
                                       error == Error::close_reason_not_utf8 ||
                                       error == Error::compressed_data_invalid
                                   ? CloseCode::invalid_payload
                               : error == Error::message_too_big ? CloseCode::message_too_big
                                                                 : CloseCode::protocol_error;
    EXPECT_EQ(close_code_of(error), expected) << describe(error);
  }
}

TEST(WebSocketError, IsAnErrorCodeOfItsOwnCategory) {
  const std::error_code code = Error::reserved_bits_set;
  EXPECT_EQ(code, Error::reserved_bits_set);
  EXPECT_NE(code, Error::close_reason_not_utf8);
  EXPECT_EQ(code.category(), websocket_category());
  EXPECT_STREQ(code.category().name(), "websocket");
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_EQ(make_error_code(error).message(), describe(error));
  }
  EXPECT_EQ(websocket_category().message(0), "an unknown error");
}

}  // namespace
}  // namespace duplex::websocket
