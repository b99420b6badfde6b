#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include <duplex/websocket/close_reason.hpp>

namespace duplex::websocket {
namespace {

TEST(CloseReason, NamesTheLimitOfMessages) {
  for (const auto& [limit, reason] : {
           std::pair<std::uint64_t, std::string_view>(
               16'777'216, "a message is bigger than the limit of 16777216 bytes"),
           {1, "a message is bigger than the limit of 1 byte"},
           {0, "a message is bigger than the limit of 0 bytes"},
           {UINT64_MAX, "a message is bigger than the limit of 18446744073709551615 bytes"},
       }) {
    EXPECT_EQ(CloseReason(Error::message_too_big, limit).view(), reason);
  }
}

TEST(CloseReason, IsTheSentenceOfEveryOtherError) {
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    if (error == Error::message_too_big) continue;
    EXPECT_EQ(CloseReason(error, 1024).view(), describe(error));
  }
}

}  // namespace
}  // namespace duplex::websocket
