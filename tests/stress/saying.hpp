#pragma once

#include <string>

#include "messages.hpp"
#include "peer.hpp"
#include "random.hpp"
#include "world.hpp"
#include <duplex/duplex.hpp>

/// The ways to send a message.
namespace duplex::stress {

/// Sends the next message of `voice`, in any of the ways that there are.
WebSocket::Sent say(WebSocket& socket, Voice& voice, Random& random);
/// Sends one in pieces, unless another one is being sent so.
void say_in_pieces(WebSocket& socket, Voice& voice, Peer& peer);
/// Says a few words by a handle that is for any thread.
void say_by_sender(const Sender& sender, Random& random);
/// To a socket whose handle this thread keeps, and which may be gone.
void say_to_another(Random& random);
void echo(WebSocket& socket, const Message& message);

/// Sends one to all who have subscribed.
void tell(WebSocket& socket, const std::string& topic, Voice& voice, Random& random);
void tell_by_server(World& world, const std::string& topic, Voice& voice, Random& random);

}  // namespace duplex::stress
