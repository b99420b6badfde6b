#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "tls/ticket_keys.hpp"

namespace duplex::tls {

/// Lets clients of `context` resume by tickets that `keys` seal, instead of by a memory of sessions
/// that threads would share. `context` keeps `keys` alive. Throws std::bad_alloc.
void offer_tickets(SSL_CTX& context, std::shared_ptr<TicketKeys> keys);

}  // namespace duplex::tls
