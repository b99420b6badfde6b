#pragma once

#include "case.hpp"

/// The groups of cases. Each function adds its own to `cases`, in the order in which they are run
/// and shown; `all_cases` calls all of them.
namespace duplex::app::check {

/// Lengths in all their forms, reserved bits and opcodes, masks.
void add_framing_cases(Cases& cases);
/// Pings and pongs.
void add_ping_cases(Cases& cases);

/// Every case, each with an id of its own.
const Cases& all_cases();

}  // namespace duplex::app::check
