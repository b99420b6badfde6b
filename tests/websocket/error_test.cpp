#include <gtest/gtest.h>

#include <set>
#include <string_view>

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
    const CloseCode expected =
        error == Error::text_not_utf8 || error == Error::close_reason_not_utf8
            ? CloseCode::invalid_payload
        : error == Error::message_too_big ? CloseCode::message_too_big
                                          : CloseCode::protocol_error;
    EXPECT_EQ(close_code_of(error), expected) << describe(error);
  }
}

}  // namespace
}  // namespace duplex::websocket
