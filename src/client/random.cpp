#include "client/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace duplex::client {

void fill_randomly(Bytes room) noexcept {
  while (!room.empty()) {
    const ssize_t filled = ::getrandom(room.data(), room.size(), 0);
    if (filled < 0 && errno != EINTR) std::abort();
    if (filled > 0) room = room.subspan(static_cast<std::size_t>(filled));
  }
}

}  // namespace duplex::client
