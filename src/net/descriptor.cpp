#include "net/descriptor.hpp"

#include <unistd.h>

namespace duplex::net {

void Descriptor::reset(int number) noexcept {
  // An interrupted close has closed all the same on Linux, and must not be made again.
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

}  // namespace duplex::net
