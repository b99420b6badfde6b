#pragma once

#include <cstdint>
#include <string>

#include "ledger.hpp"
#include "world.hpp"

namespace duplex::stress {

/// One run: a server, its clients, and their ends, as `seed` has it. Complains to `ledger`.
void run(Ledger& ledger, std::uint64_t seed, const Encryption& encryption,
         const std::string& folder);

}  // namespace duplex::stress
