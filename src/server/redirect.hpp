#pragma once

#include <cstdint>

#include <duplex/http/head.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

/// The answer of a listener in clear to a request that belongs on `port`, encrypted: a redirection
/// to the same at https (308, which keeps method and content). A WebSocket handshake is refused
/// with a sentence, since clients don't follow redirections there (RFC 6455 section 4.1 leaves it
/// to them, and browsers fail); and so is a request that names no host.
Response redirect_to_https(const http::RequestHead& head, std::uint16_t port);

}  // namespace duplex::server
