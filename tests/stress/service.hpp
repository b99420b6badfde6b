#pragma once

#include "world.hpp"
#include <duplex/duplex.hpp>

namespace duplex::stress {

/// Limits that are soon met.
ServerOptions server_options(Random& random);

/// Routes of every kind; what they answer, `Expected` knows.
void add_routes(Server& server, World& world);
/// WebSockets as callbacks and as sessions.
void add_sockets(Server& server, World& world, Random& random);

/// The dice of who answers `request`: those of its key.
Random random_of(const World& world, const Request& request);
std::uint64_t key_of(const Request& request);

}  // namespace duplex::stress
