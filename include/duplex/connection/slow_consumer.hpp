#pragma once

#include <cstdint>

namespace duplex::connection {

/// What becomes of a peer that reads more slowly than others publish to it.
enum class SlowConsumer : std::uint8_t {
  close,        ///< closed with 1008, so that it may come back and catch up
  drop_newest,  ///< what does not fit is dropped for this peer, and counted
};

}  // namespace duplex::connection
