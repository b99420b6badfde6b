#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "host_address.hpp"

namespace duplex::app::bench {

/// Which of a host's addresses answers; the first when none does, so that the load finds out why.
/// Waits at most ten seconds for each. With one, asks nobody.
HostAddress first_that_answers(const std::vector<HostAddress>& addresses);

/// Until one of them answers, as a server does that has started, but no longer than `time`.
void wait_for_answer(const std::vector<HostAddress>& addresses, std::chrono::milliseconds time);

/// How many connections leave from one source address: Linux has 28,232 ports for that, and the
/// more of them are taken, the longer it looks for a free one.
inline constexpr std::size_t connections_of_source = 5'000;

/// From where the connection numbered `number` of a load connects to `target`. Addresses of
/// 127.0.0.0/8 are all this machine's: from the second `connections_of_source` on, each has one of
/// its own, 127.0.0.2 and up. Size 0: the system chooses, as for all other targets.
HostAddress source_of(const HostAddress& target, std::size_t number) noexcept;

}  // namespace duplex::app::bench
