#include <gtest/gtest.h>

#include <duplex/websocket/close_code.hpp>

namespace duplex::websocket {
namespace {

TEST(CloseCode, MayBeOnTheWireOnlyWhenItIsDefined) {
  const auto expected = [](unsigned value) {
    if (value >= 3000 && value <= 4999) return true;
    if (value < 1000 || value > 1014) return false;
    return value != 1004 && value != 1005 && value != 1006;
  };
  for (unsigned value = 0; value <= 0xFFFF; ++value) {
    const auto code = static_cast<CloseCode>(value);
    EXPECT_EQ(may_be_received(code), expected(value)) << value;
    EXPECT_EQ(may_be_sent(code), expected(value)) << value;
  }
}

TEST(CloseCode, HasTheRegisteredNumbers) {
  EXPECT_EQ(number(CloseCode::normal), 1000);
  EXPECT_EQ(number(CloseCode::no_status), 1005);
  EXPECT_EQ(number(CloseCode::invalid_payload), 1007);
  EXPECT_EQ(number(CloseCode::tls_handshake), 1015);
}

}  // namespace
}  // namespace duplex::websocket
