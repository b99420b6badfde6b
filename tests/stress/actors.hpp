#pragma once

#include <atomic>

#include "random.hpp"
#include "world.hpp"

namespace duplex::stress {

/// Each of these is what one thread does until it is over.

/// Peers that break off in the middle, are slow, reset their connections, or say nonsense.
void misbehave(const World& world, Random random, const std::atomic<bool>& over);

/// Programs with clients, which are made, used from here and from threads beside, and destroyed.
void use_clients(World& world, Random random, const std::atomic<bool>& over);

/// Publishes, sends by handles of sockets that are long gone, resolves what is waited for, and
/// replaces the client that handlers use.
void meddle(World& world, Random random, const std::atomic<bool>& over);

}  // namespace duplex::stress
