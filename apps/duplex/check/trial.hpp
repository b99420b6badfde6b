#pragma once

#include <string>

#include "peer_under_test.hpp"
#include "wire.hpp"

namespace duplex::app::check {

/// A whole conversation with a server, to see that it is one that can be checked: that it opens a
/// WebSocket and echoes a text message, and sends none before. What keeps it from that, in a
/// sentence; empty when nothing does. Throws Stopped.
///
/// Only what would make all cases wrong, and for the same reason, which then is hard to see among
/// them. What the server does against a rule is for the cases to find, however much it is.
std::string what_hinders(Wire wire, const PeerUnderTest& server, Wire::Time deadline);

}  // namespace duplex::app::check
