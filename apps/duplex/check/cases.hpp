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

/// Every case, each with an id of its own.
const Cases& all_cases();

}  // namespace duplex::app::check
