#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/websocket/support.hpp"
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::websocket {
namespace {

TEST(PreparedMessage, IsTheFrameThatAServerWouldWrite) {
  for (std::size_t size : {0U, 5U, 125U, 126U, 65535U, 65536U}) {
    const std::string payload(size, 'p');
    for (Opcode opcode : {Opcode::text, Opcode::binary}) {
      const auto message = opcode == Opcode::text ? PreparedMessage::text(payload)
                                                  : PreparedMessage::binary(as_bytes(payload));
      EXPECT_EQ(message.opcode(), opcode);
      EXPECT_EQ(as_text(message.payload()), payload);
      EXPECT_EQ(as_text(message.frame().bytes()), test::frame(opcode, payload, {.masked = false}));
    }
  }
}

TEST(PreparedMessage, IsSharedByItsCopies) {
  const auto message = PreparedMessage::text("once");
  const PreparedMessage copy = message;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.frame().bytes().data(), message.frame().bytes().data());
  EXPECT_EQ(copy.payload().data(), message.payload().data());
  static_assert(sizeof(PreparedMessage) <= 16);
}

TEST(PreparedMessage, IsHeardByAClient) {
  CountingMasks masks;
  const SessionOptions client{.role = Role::client, .masks = &masks};
  const auto message = PreparedMessage::text("to all");
  EXPECT_THAT(transcript::listen(client, message.frame().bytes(), transcript::steps(1)).events,
              testing::ElementsAre("text to all"));
}

TEST(PreparedMessage, IsOfTextOrBinary) {
  EXPECT_EQ(PreparedMessage::of(Opcode::binary, as_bytes("a")).opcode(), Opcode::binary);
  for (const Opcode opcode : {Opcode::continuation, Opcode::close, Opcode::ping, Opcode::pong,
                              static_cast<Opcode>(3), static_cast<Opcode>(0xf)}) {
    EXPECT_THROW(PreparedMessage::of(opcode, as_bytes("a")), std::invalid_argument)
        << static_cast<int>(opcode);
  }
}

}  // namespace
}  // namespace duplex::websocket
