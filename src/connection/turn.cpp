#include "connection/turn.hpp"

namespace duplex::connection {

bool Turn::look() noexcept {
  spent_bytes_ = 0;
  const Clock::time_point now = Clock::now();
  if (began_ == Clock::time_point{}) began_ = now;
  return now - began_ >= time_max;
}

}  // namespace duplex::connection
