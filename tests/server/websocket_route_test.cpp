#include "server/websocket_route.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace duplex::server {
namespace {

using connection::Chunk;
using connection::CloseInfo;
using connection::Message;
using connection::WebSocket;

TEST(WebSocketRoute, RefusesEndpointsThatContradictThemselves) {
  const auto refused = [](WebSocketEndpoint endpoint) {
    EXPECT_THROW(WebSocketRoute{std::move(endpoint)}, std::invalid_argument);
  };
  const auto talk = [](WebSocket, const Request&) -> Task<> { co_return; };
  refused({.on_open = [](WebSocket&, const Request&) {}, .session = talk});
  refused({.on_message = [](WebSocket&, Message) {}, .session = talk});
  refused({.on_chunk = [](WebSocket&, Chunk) {}, .session = talk});
  refused({.on_drain = [](WebSocket&) {}, .session = talk});
  refused({.on_pong = [](WebSocket&, ConstBytes) {}, .session = talk});
  refused({.on_close = [](WebSocket&, const CloseInfo&) {}, .session = talk});
  refused({.on_message = [](WebSocket&, Message) {}, .on_chunk = [](WebSocket&, Chunk) {}});
  refused({.options = {.deliver_chunks = true}});
  refused({.options = {.origins = {"example.com"}}});
  refused({.options = {.subprotocols = {"has space"}}});
  refused({.options = {.subprotocols = {""}}});
}

TEST(WebSocketRoute, GivesItsOptionsToItsLinks) {
  const WebSocketRoute route({.on_chunk = [](WebSocket&, Chunk) {},
                              .options = {.message_bytes_max = 1,
                                          .outbox_bytes_max = 2,
                                          .slow_consumer = connection::SlowConsumer::drop_newest,
                                          .backlog_bytes = 3,
                                          .heartbeat_ms = 4,
                                          .heartbeat_answer_ms_max = 5,
                                          .close_ms_max = 6}});
  const connection::LinkOptions& options = route;
  EXPECT_EQ(options.session.message_bytes_max, 1u);
  EXPECT_TRUE(options.session.deliver_chunks);
  EXPECT_FALSE(options.session.report_frames);
  EXPECT_EQ(options.outbox_bytes_max, 2u);
  EXPECT_EQ(options.slow_consumer, connection::SlowConsumer::drop_newest);
  EXPECT_EQ(options.backlog_bytes, 3u);
  EXPECT_EQ(options.heartbeat_ms, 4u);
  EXPECT_EQ(options.heartbeat_answer_ms_max, 5u);
  EXPECT_EQ(options.close_ms_max, 6u);
  EXPECT_EQ(options.observer, nullptr);
}

}  // namespace
}  // namespace duplex::server
