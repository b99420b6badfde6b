#pragma once

#include <memory>
#include <string>
#include <utility>

#include "messages.hpp"
#include "random.hpp"
#include "world.hpp"
#include <duplex/duplex.hpp>

namespace duplex::stress {

/// What the script knows of one WebSocket. Belongs to the socket's thread.
struct Peer {
  Peer(World& its_world, Random its_random, std::string name, bool its_chunks = false)
      : world(its_world),
        random(its_random),
        passage(its_world.ledger),
        ear(its_world.ledger, std::move(name)),
        chunks(its_chunks) {}

  World& world;
  Random random;
  /// Of a socket with callbacks.
  Passage passage;
  Ear ear;
  /// What its callbacks say to it, and to a topic.
  Voice voice{Voice::Hearing::complete};
  Voice public_voice{Voice::Hearing::in_order};
  std::string topic = some_topic(random);
  /// Whether messages come in pieces.
  const bool chunks;
  /// Whether one is being sent in pieces.
  bool in_pieces = false;
  /// How deep callbacks are that are called by what callbacks do.
  int depth = 0;
};
using PeerPointer = std::shared_ptr<Peer>;

/// Does something with its socket when it is destroyed, wherever that is: at the end of a
/// coroutine, where one is destroyed, with a socket's state.
class Parting {
 public:
  Parting(WebSocket socket, PeerPointer peer);
  Parting(Parting&& other) noexcept;
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;
  ~Parting();

  const PeerPointer& peer() const noexcept { return peer_; }
  WebSocket& socket() noexcept { return socket_; }

 private:
  Life life_;
  WebSocket socket_;
  PeerPointer peer_;
  bool armed_;
};

/// How deep what a script begins may begin something in its turn.
constexpr int depth_max = 3;

/// One thing that a callback may do with its socket, or with others.
void act_at_once(WebSocket& socket, const PeerPointer& peer);
/// Several things that a coroutine may do with a socket, which may be gone before it ends.
Task<> act(WebSocket socket, PeerPointer peer, int depth);

/// Callbacks for a socket that a client opens.
WebSocketHandlers handlers_of(const PeerPointer& peer);

}  // namespace duplex::stress
