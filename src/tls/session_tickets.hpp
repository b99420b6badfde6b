#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

#include "tls/ticket_keys.hpp"

namespace duplex::tls {

/// How long after its full handshake a session may be resumed, however often its ticket was
/// renewed meanwhile: as long as one key opens tickets. RFC 8446 section 4.6.1 asks for a limit,
/// since who resumes proves nothing but that he still has the ticket.
inline constexpr std::chrono::seconds session_life_max = 2 * TicketKeys::period;

/// Tells the time, for the age of keys.
using Clock = TicketKeys::Time (*)();
/// Tells the date, for the end of sessions and certificates.
using Calendar = std::chrono::system_clock::time_point (*)();

/// When a session of `ssl`, whose full handshake has ended at `now`, may no longer be resumed:
/// after `session_life_max`, or earlier with a certificate by which the peer was let in.
std::chrono::sys_seconds end_of_new_session(const SSL& ssl, std::chrono::sys_seconds now) noexcept;

/// Lets clients of `context` resume by tickets that `keys` seal, instead of by a memory of sessions
/// that threads would share. A session ends after `session_life_max`, or earlier with a certificate
/// by which its client was let in. `context` keeps `keys` alive. Throws std::bad_alloc.
void offer_tickets(SSL_CTX& context, std::shared_ptr<TicketKeys> keys,
                   Clock clock = std::chrono::steady_clock::now,
                   Calendar calendar = std::chrono::system_clock::now);

}  // namespace duplex::tls
