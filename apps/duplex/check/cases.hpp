#pragma once

#include "case.hpp"

/// The groups of cases. Each function adds its own to `cases`, in the order in which they are run
/// and shown; `all_cases` calls all of them.
namespace duplex::app::check {

/// Lengths in all their forms, and the two below.
void add_framing_cases(Cases& cases);
/// Reserved bits and opcodes, of the group `framing`.
void add_reserved_cases(Cases& cases);
/// Masks, of the group `framing`.
void add_mask_cases(Cases& cases);
/// Pings and pongs.
void add_ping_cases(Cases& cases);

/// Messages in fragments, in every order.
void add_fragment_cases(Cases& cases);
/// Text that is UTF-8, and text that is not.
void add_utf8_cases(Cases& cases);
/// Closing handshakes.
void add_close_cases(Cases& cases);
/// Large and many.
void add_limit_cases(Cases& cases);
/// Opening handshakes of servers: requests that they may take, requests that they must not, and
/// what they answer.
void add_request_cases(Cases& cases);
void add_refused_request_cases(Cases& cases);
void add_request_answer_cases(Cases& cases);
/// Opening handshakes of clients: what they send, and what they make of responses.
void add_client_request_cases(Cases& cases);
void add_response_cases(Cases& cases);
/// Compression: which offers and answers lead to it, and what is sent then.
void add_deflate_opening_cases(Cases& cases);
void add_deflate_block_cases(Cases& cases);
void add_deflate_cases(Cases& cases);
void add_invalid_deflate_cases(Cases& cases);

/// Every case, each with an id of its own.
const Cases& all_cases();

}  // namespace duplex::app::check
