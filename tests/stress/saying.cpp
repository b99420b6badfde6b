#include "saying.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace duplex::stress {

namespace {

Compression some_compression(Random& random) {
  constexpr std::array all = {Compression::by_size, Compression::always, Compression::never};
  return random.of(all);
}

}  // namespace

WebSocket::Sent say(WebSocket& socket, Voice& voice, Random& random) {
  const std::string message = voice.say(some_size(random));
  auto sent = [&] {
    switch (random.below(3)) {
      case 0: return socket.send(as_bytes(message), some_compression(random));
      case 1: return socket.send(PreparedMessage::text(message, some_compression(random)));
      default: return socket.send(message, some_compression(random));
    }
  }();
  if (sent) voice.said();
  return sent;
}

void tell(WebSocket& socket, const std::string& topic, Voice& voice, Random& random) {
  const std::string message = voice.say(some_size(random));
  if (random.one_in(2)) {
    socket.publish(topic, PreparedMessage::text(message, some_compression(random)));
  } else {
    socket.publish_to_all(topic, message);
  }
  voice.said();
}

void tell_by_server(World& world, const std::string& topic, Voice& voice, Random& random) {
  if (Server* const server = world.server) {
    server->publish(topic, voice.say(some_size(random)));
    voice.said();
  }
}

void say_in_pieces(WebSocket& socket, Voice& voice, Peer& peer) {
  if (std::exchange(peer.in_pieces, true)) return;
  const std::string message = voice.say(some_size(peer.random));
  const std::size_t cut = peer.random.below(static_cast<std::uint32_t>(message.size()));
  if (!socket.send_fragment(Opcode::text, as_bytes(std::string_view(message).substr(0, cut)), false,
                            some_compression(peer.random))) {
    peer.in_pieces = false;
    return;
  }
  // A beginning without an end, sometimes: nothing else can be said there then.
  if (peer.random.one_in(20)) return;
  if (!socket.send_fragment(Opcode::text, as_bytes(std::string_view(message).substr(cut)), true)) {
    return;
  }
  voice.said();
  peer.in_pieces = false;
}

void say_by_sender(const Sender& sender, Random& random) {
  Voice voice(Voice::Hearing::in_order);
  for (auto messages = random.below(4); messages > 0; --messages) {
    sender.send(voice.say(some_size(random)));
    voice.said();
  }
  if (random.one_in(6)) sender.close();
}

void say_to_another(Random& random) {
  WebSocket other = some_kept_here(random);
  Voice voice(Voice::Hearing::complete);
  say(other, voice, random);
  if (random.one_in(4)) other.close();
  if (random.one_in(8)) other.terminate();
}

void echo(WebSocket& socket, const Message& message) {
  const std::string text = echo_of(message.text());
  if (!text.empty()) socket.send(Message(message.opcode(), as_bytes(text)));
}

}  // namespace duplex::stress
