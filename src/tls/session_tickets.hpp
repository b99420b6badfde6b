#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

#include "tls/ticket_keys.hpp"

namespace duplex::tls {

/// Tells the time.
using Clock = TicketKeys::Time (*)();

/// Lets clients of `context` resume by tickets that `keys` seal, instead of by a memory of sessions
/// that threads would share. `context` keeps `keys` alive; `clock` says how old they are. Throws
/// std::bad_alloc.
void offer_tickets(SSL_CTX& context, std::shared_ptr<TicketKeys> keys,
                   Clock clock = std::chrono::steady_clock::now);

}  // namespace duplex::tls
