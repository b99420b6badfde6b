#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <string>
#include <vector>

#include "connection/websocket_link.hpp"
#include "net/event_loop.hpp"
#include "tests/connection/memory_carrier.hpp"
#include "tests/connection/plain_hub.hpp"
#include "tests/websocket/deflate/deflate_samples.hpp"
#include "tests/websocket/support.hpp"

namespace duplex::connection {
namespace {

using websocket::Compression;
using websocket::DeflateParameters;
using websocket::json_sample;
using websocket::Opcode;
using websocket::PreparedMessage;

constexpr DeflateParameters anew{.server_no_context_takeover = true,
                                 .client_no_context_takeover = true};
constexpr char compressed_text = static_cast<char>(0xC1);
constexpr char plain_text = static_cast<char>(0x81);

LinkOptions roomy() {
  LinkOptions options;
  options.session.message_bytes_max = 100'000'000;
  options.outbox_bytes_max = SIZE_MAX;
  return options;
}

/// A server's socket of a hub that it may share.
struct Socket {
  explicit Socket(Hub& hub, const LinkOptions& its_options = roomy())
      : options(its_options), carrier(hub), link(carrier, options) {}

  LinkOptions options;
  MemoryCarrier carrier;
  WebSocketLink link;
};

/// What large blocks of memory have; 0 where a sanitizer's allocator does not tell.
std::size_t large_blocks_bytes() {
  return mallinfo2().hblkhd;
}

std::size_t heap_bytes() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

TEST(WebSocketDeflate, CompressesWhatIsSentAsItWasAgreedOn) {
  net::EventLoop loop;
  PlainHub hub(loop);
  Socket socket(hub);
  EXPECT_EQ(socket.link.deflate(), std::nullopt);
  const std::string json = json_sample(1000);
  socket.link.send(Opcode::text, as_bytes(json));
  EXPECT_EQ(socket.carrier.take_wire().front(), plain_text);

  socket.link.enable_deflate(anew);
  EXPECT_EQ(socket.link.deflate(), anew);
  socket.link.send(Opcode::text, as_bytes(json));
  EXPECT_EQ(socket.carrier.wire.front(), compressed_text);
  EXPECT_LT(socket.carrier.take_wire().size(), json.size() / 2);
  socket.link.send(Opcode::text, as_bytes(json), Compression::never);
  EXPECT_EQ(socket.carrier.take_wire().front(), plain_text);
  // What would go uncompressed from where it is, is compressed first.
  socket.link.send(Opcode::text, as_bytes(json_sample(100'000)));
  EXPECT_EQ(socket.carrier.take_wire().front(), compressed_text);
  EXPECT_TRUE(socket.carrier.large_ones.empty());
  socket.link.send(Opcode::text, as_bytes(json_sample(100'000)), Compression::never);
  EXPECT_EQ(socket.carrier.large_ones.size(), 1U);
  socket.carrier.take_wire();
  socket.link.send_fragment(Opcode::text, as_bytes(json), false);
  EXPECT_EQ(socket.carrier.take_wire().front(), static_cast<char>(0x41));
}

TEST(WebSocketDeflate, SharesWhatIsPreparedWithAllSocketsOfAHub) {
  net::EventLoop loop;
  PlainHub hub(loop);
  Socket first(hub);
  Socket second(hub);
  Socket without(hub);
  first.link.enable_deflate(anew);
  second.link.enable_deflate(anew);
  const auto message = PreparedMessage::text(json_sample(1000));
  for (Socket* socket : {&first, &second, &without}) socket->link.send(message);
  EXPECT_EQ(first.carrier.wire.front(), compressed_text);
  EXPECT_EQ(second.carrier.wire, first.carrier.wire);
  EXPECT_EQ(first.carrier.references_sent, 1);
  EXPECT_EQ(without.carrier.wire, as_text(message.frame().bytes()));
}

TEST(WebSocketDeflate, ShowsItsFramesAsTheyAreOnTheWire) {
  struct Watcher final : FrameObserver {
    void frame_sent(WebSocketLink& /*link*/, const websocket::FrameHeader& header) noexcept final {
      seen.push_back(header.rsv1);
    }
    std::vector<bool> seen;
  };
  net::EventLoop loop;
  PlainHub hub(loop);
  Watcher watcher;
  LinkOptions options = roomy();
  options.observer = &watcher;
  Socket socket(hub, options);
  socket.link.enable_deflate(anew);
  socket.link.send(Opcode::text, as_bytes(json_sample(1000)));
  socket.link.send(PreparedMessage::text(json_sample(1000)));
  socket.link.send(Opcode::text, as_bytes("short"));
  socket.link.ping({});
  EXPECT_THAT(watcher.seen, testing::ElementsAre(true, true, false, false));
}

TEST(WebSocketDeflate, GivesUpItsWindowsWhenTheConnectionEnds) {
  net::EventLoop loop;
  PlainHub hub(loop);
  LinkOptions options = roomy();
  options.session.deflate.keep_send_window = true;
  Socket socket(hub, options);
  socket.link.enable_deflate({});
  const WebSocket handle = socket.link.handle();
  socket.link.send(Opcode::text, as_bytes(json_sample(1000)));
  const std::size_t before = heap_bytes();
  socket.link.end();
  EXPECT_LE(heap_bytes() + (before > 0 ? 200'000 : 0), before);
  EXPECT_EQ(handle.deflate(), DeflateParameters{}) << "that is still known";
}

TEST(WebSocketDeflate, GivesBackWhatALargeMessageNeededAtTheEndOfTheIteration) {
  net::EventLoop loop;
  PlainHub hub(loop);
  Socket sender(hub);
  sender.link.enable_deflate(anew);
  sender.link.send(Opcode::binary, as_bytes(std::string(50'000'000, 'a')));
  LinkOptions options = roomy();
  options.session.role = websocket::Role::client;
  Socket client(hub, options);
  client.link.enable_deflate(anew);
  Bytes input(reinterpret_cast<std::byte*>(sender.carrier.wire.data()), sender.carrier.wire.size());
  ASSERT_TRUE(client.link.next(input).value());
  const std::size_t before = large_blocks_bytes();
  hub.on_iteration_end();
  EXPECT_LE(large_blocks_bytes() + (before > 0 ? 40'000'000 : 0), before);
}

}  // namespace
}  // namespace duplex::connection
