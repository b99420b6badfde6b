#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frame.hpp"
#include "http_head.hpp"

namespace duplex::app::check {

/// What one has to know of the peer that one talks to.
struct PeerUnderTest {
  End end = End::server;
  /// Of the request to a server: `localhost:8080`, `/echo?a=b`, and what users add to it.
  std::string authority = {};
  std::string target = {};
  std::vector<HttpHead::Field> fields = {};
};

/// A right request to a server that opens a WebSocket (RFC 6455 section 4.1); what users have added
/// takes the place of what else would stand there. `extensions` is an offer; empty for none.
HttpHead opening_request(const PeerUnderTest& server, std::string_view key,
                         std::string_view extensions = {});

}  // namespace duplex::app::check
