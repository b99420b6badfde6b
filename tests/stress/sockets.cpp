#include <chrono>
#include <memory>
#include <utility>

#include "errands.hpp"
#include "peer.hpp"
#include "service.hpp"

namespace duplex::stress {

namespace {

/// The state of a socket with callbacks is what it knows of itself; `act_at_once` may put another
/// in its place, with the same peer.
PeerPointer peer_of(const WebSocket& socket) {
  const Parting* const state = socket.find_state<Parting>();
  return state != nullptr ? state->peer() : nullptr;
}

WebSocketOptions some_options(Random& random) {
  WebSocketOptions options{.outbox_bytes_max = 600'000,
                           .backlog_bytes = 20'000,
                           .heartbeat_ms = 20,
                           .heartbeat_answer_ms_max = 40,
                           .close_ms_max = 30};
  if (random.one_in(2)) options.slow_consumer = SlowConsumer::drop_newest;
  return options;
}

DeflateOptions some_compression(Random& random) {
  DeflateOptions options;
  options.keep_send_window = options.keep_receive_window = random.one_in(2);
  return options;
}

WebSocketEndpoint callbacks(World& world, Random& random) {
  WebSocketEndpoint endpoint{.on_open =
                                 [&world](WebSocket& socket, const Request& request) {
                                   const auto peer =
                                       std::make_shared<Peer>(world, random_of(world, request),
                                                              std::string(request.path()));
                                   socket.emplace_state<Parting>(socket, peer);
                                   peer->passage.open();
                                   if (peer->random.one_in(2)) socket.subscribe(peer->topic);
                                   act_at_once(socket, peer);
                                 },
                             .on_message =
                                 [](WebSocket& socket, Message message) {
                                   const auto peer = peer_of(socket);
                                   if (peer == nullptr) return;
                                   peer->passage.call();
                                   peer->ear.hear(message.text());
                                   const std::string echo = echo_of(message.text());
                                   if (!echo.empty() && peer->random.one_in(2)) socket.send(echo);
                                   act_at_once(socket, peer);
                                 },
                             .on_drain =
                                 [](WebSocket& socket) {
                                   if (const auto peer = peer_of(socket)) act_at_once(socket, peer);
                                 },
                             .on_pong =
                                 [](WebSocket& socket, ConstBytes) {
                                   if (const auto peer = peer_of(socket)) act_at_once(socket, peer);
                                 },
                             .on_close =
                                 [](WebSocket& socket, const CloseInfo&) {
                                   const auto peer = peer_of(socket);
                                   if (peer == nullptr) return;
                                   peer->passage.close();
                                   act_at_once(socket, peer);
                                   act_at_once(socket, peer);
                                 }};
  endpoint.options = some_options(random);
  return endpoint;
}

Task<> hold_session(World& world, WebSocket socket, const Request& request, bool chunks) {
  Course course(world.ledger);
  const auto peer =
      std::make_shared<Peer>(world, random_of(world, request), std::string(request.path()), chunks);
  if (peer->random.one_in(2)) socket.subscribe(peer->topic);
  for (auto acts = 1 + peer->random.below(3); acts > 0; --acts) {
    co_await act(socket, peer, 0);
  }
  // The request still holds, whatever has become of the connection.
  if (request.query("key").value_or("").empty())
    world.ledger.complain("a request has lost its query");
  course.end();
}

WebSocketEndpoint session(World& world, Random& random, bool chunks) {
  WebSocketEndpoint endpoint{.session = [&world, chunks](WebSocket socket, const Request& request) {
    return hold_session(world, std::move(socket), request, chunks);
  }};
  endpoint.options = some_options(random);
  endpoint.options.deliver_chunks = chunks;
  return endpoint;
}

Task<Upgrade> decide(World& world, const Request& request) {
  Course course(world.ledger);
  Random random = random_of(world, request);
  co_await run_errands(world, random.fork(), 1);
  course.end();
  if (random.one_in(6)) co_return Upgrade::refuse(Response::text("no", Status::not_found));
  co_return Upgrade::accept();
}

}  // namespace

void add_sockets(Server& server, World& world, Random& random) {
  server.websocket("/ws/callbacks", callbacks(world, random));
  auto frames = callbacks(world, random);
  frames.on_frame = [](WebSocket& socket, const FrameInfo&) {
    const auto peer = peer_of(socket);
    if (peer == nullptr || !peer->random.one_in(3)) return;
    // Whatever it says may be said while another message is being sent: by other voices, then. And
    // it is a frame in its turn.
    Voice voice = std::exchange(peer->voice, Voice(Voice::Hearing::complete));
    Voice public_voice = std::exchange(peer->public_voice, Voice(Voice::Hearing::in_order));
    ++peer->depth;
    guarded([&] { act_at_once(socket, peer); });
    --peer->depth;
    peer->voice = voice;
    peer->public_voice = public_voice;
  };
  if (random.one_in(2)) frames.options.deflate = some_compression(random);
  server.websocket("/ws/frames", std::move(frames));
  auto deflate = callbacks(world, random);
  deflate.options.deflate = some_compression(random);
  server.websocket("/ws/deflate", std::move(deflate));

  server.websocket("/ws/session", session(world, random, false));
  auto pieces = session(world, random, true);
  if (random.one_in(2)) pieces.options.deflate = some_compression(random);
  server.websocket("/ws/pieces", std::move(pieces));
  auto deflated = session(world, random, false);
  deflated.options.deflate = some_compression(random);
  server.websocket("/ws/deflated", std::move(deflated));

  auto upgrade = random.one_in(2) ? session(world, random, false) : callbacks(world, random);
  upgrade.on_upgrade = [&world](const Request& request) { return decide(world, request); };
  server.websocket("/ws/upgrade", std::move(upgrade));
}

}  // namespace duplex::stress
