#include <chrono>
#include <optional>
#include <utility>

#include "errands.hpp"
#include "peer.hpp"
#include "saying.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

/// Waits for a message, perhaps not long enough, and looks at it.
Task<bool> listen(WebSocket socket, PeerPointer peer) {
  Course course(peer->world.ledger);
  const auto limit = peer->random.one_in(2) ? peer->random.moment() : 10'000ms;
  if (peer->chunks) {
    const auto chunk = co_await within(limit, socket.receive_chunk());
    course.end();
    if (!chunk || !*chunk) co_return !chunk;
    peer->ear.hear((*chunk)->piece().text(), (*chunk)->first(), (*chunk)->last());
  } else {
    const auto message = co_await within(limit, socket.receive());
    course.end();
    if (!message || !*message) co_return !message;
    peer->ear.hear((*message)->text());
    if (peer->random.one_in(2)) echo(socket, **message);
  }
  co_return true;
}

/// Hands a socket to another thread, which uses it while it is going on, or has ended.
Task<> say_from_elsewhere(WebSocket socket, PeerPointer peer) {
  World& world = peer->world;
  Course course(world.ledger);
  world.keep(socket.sender());
  auto work = [sender = world.some_sender(peer->random), dice = peer->random.fork(),
               life = Life(world.ledger, Kind::work)]() mutable { say_by_sender(sender, dice); };
  co_await offload(work);
  course.end();
}

}  // namespace

Task<> act(WebSocket socket, PeerPointer peer, int depth) {
  World& world = peer->world;
  Random& random = peer->random;
  Course course(world.ledger);
  std::optional<Parting> parting;
  if (random.one_in(4)) parting.emplace(socket, peer);
  Voice voice(Voice::Hearing::complete);
  for (auto acts = 2 + random.below(10); acts > 0; --acts) {
    switch (random.below(16)) {
      case 0: say(socket, voice, random); break;
      case 1: {
        auto sent = say(socket, voice, random);
        co_await sent;
        break;
      }
      case 2: {
        auto sent = say(socket, voice, random);
        (void)co_await within(random.moment(), std::move(sent));
        break;
      }
      case 3:
      case 4:
      case 5:
      case 6: {
        const bool open = co_await listen(socket, peer);
        if (!open && random.one_in(2)) acts = 1;
        break;
      }
      case 7: (void)co_await within(random.moment(), socket.round_trip()); break;
      case 8: co_await sleep_for(random.moment()); break;
      case 9:
        if (depth < depth_max)
          co_await all(act(socket, peer, depth + 1), act(socket, peer, depth + 1));
        break;
      case 10:
        if (depth < depth_max) (void)co_await within(random.moment(), act(socket, peer, depth + 1));
        break;
      case 11: fail_once_in(random, 3); break;
      case 12:
        if (depth < depth_max) co_await run_errands(world, random.fork(), depth + 1);
        break;
      case 13: co_await say_from_elsewhere(socket, peer); break;
      case 14:
        socket.pause();
        if (!random.one_in(3)) {
          co_await sleep_for(random.moment());
          socket.resume();
        }
        break;
      default: act_at_once(socket, peer); break;
    }
  }
  course.end();
}

}  // namespace duplex::stress
