#include "peer.hpp"

#include <chrono>
#include <utility>

#include "errands.hpp"
#include "saying.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

Task<> resume_later(WebSocket socket, Ledger& ledger) {
  Course course(ledger);
  co_await sleep_for(3ms);
  socket.resume();
  course.end();
}

/// What callbacks begin with a client, in whichever thread they run.
void begin_something(WebSocket& socket, const PeerPointer& peer) {
  World& world = peer->world;
  Random& random = peer->random;
  const auto client = world.client();
  if (!client) return;
  switch (random.below(5)) {
    case 0:
      socket.pause();
      client->spawn(resume_later(socket, world.ledger));
      break;
    case 1: client->spawn(act(socket, peer, depth_max - 1)); break;
    case 2: client->spawn(run_errands(world, random.fork(), 1)); break;
    case 3: {
      auto callback = [socket, peer, answer = Answer(world.ledger, Answer::Promise::at_most_once)](
                          const Result<ClientResponse>& result) mutable {
        answer.come(result.has_value());
        if (result) say(socket, peer->voice, peer->random);
        fail_once_in(peer->random, 5);
      };
      client->get(world.url("/function", random.below(1'000)))
          .deadline(50ms)
          .then(std::move(callback));
      break;
    }
    default: {
      const auto other = std::make_shared<Peer>(world, random.fork(), "a client's callbacks");
      other->depth = peer->depth + 1;
      client->connect(world.url(some_socket_path(random), random.below(1'000), "ws"))
          .deadline(60ms)
          .start(handlers_of(other));
    }
  }
}

}  // namespace

Parting::Parting(WebSocket socket, PeerPointer peer)
    : life_(peer->world.ledger, Kind::state),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      armed_(peer_->random.one_in(3)) {}

Parting::Parting(Parting&& other) noexcept
    : life_(other.life_),
      socket_(std::move(other.socket_)),
      peer_(other.peer_),
      armed_(std::exchange(other.armed_, false)) {}

Parting::~Parting() {
  if (!armed_) return;
  Random& random = peer_->random;
  switch (random.below(9)) {
    case 0: say(socket_, peer_->voice, random); break;
    case 1: socket_.close(); break;
    case 2: tell(socket_, peer_->topic, peer_->public_voice, random); break;
    case 3: keep_here(socket_); break;
    case 4: release_kept_here(); break;
    case 5: socket_.terminate(); break;
    case 6: tell_by_server(peer_->world, peer_->topic, peer_->public_voice, random); break;
    case 7: say_to_another(random); break;
    default: say_by_sender(socket_.sender(), random); break;
  }
}

void act_at_once(WebSocket& socket, const PeerPointer& peer) {
  if (peer->depth >= depth_max) return;
  World& world = peer->world;
  Random& random = peer->random;
  switch (random.below(20)) {
    case 0:
    case 1: say(socket, peer->voice, random); break;
    case 2: say_in_pieces(socket, peer->voice, *peer); break;
    case 3:
      if (random.one_in(3)) socket.close();
      break;
    case 4:
      if (random.one_in(3)) socket.terminate();
      break;
    case 5: tell(socket, peer->topic, peer->public_voice, random); break;
    case 6: tell_by_server(world, peer->topic, peer->public_voice, random); break;
    case 7: socket.subscribe(some_topic(random)); break;
    case 8: socket.unsubscribe(some_topic(random)); break;
    case 9: keep_here(socket); break;
    case 10: release_kept_here(); break;
    case 11:
      if (socket.is_open()) socket.emplace_state<Parting>(socket, peer);
      break;
    case 12: fail_once_in(random, 2); break;
    case 13: world.keep(socket.sender()); break;
    case 14: say_by_sender(world.some_sender(random), random); break;
    case 15: say_to_another(random); break;
    case 16: socket.ping(); break;
    default: begin_something(socket, peer); break;
  }
}

WebSocketHandlers handlers_of(const PeerPointer& peer) {
  WebSocketHandlers handlers;
  handlers.on_open = [peer](WebSocket& socket) {
    peer->passage.open();
    act_at_once(socket, peer);
  };
  handlers.on_error = [peer](const Error& /*error*/) { peer->passage.fail(); };
  handlers.on_message = [peer](WebSocket& socket, Message message) {
    peer->passage.call();
    peer->ear.hear(message.text());
    if (peer->random.one_in(2)) echo(socket, message);
    act_at_once(socket, peer);
  };
  handlers.on_close = [peer](WebSocket& socket, const CloseInfo& /*info*/) {
    peer->passage.close();
    act_at_once(socket, peer);
  };
  return handlers;
}

}  // namespace duplex::stress
