#include "host_name.hpp"

#include <unistd.h>

#include <array>

namespace duplex::app {

std::optional<std::string> host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return std::nullopt;
  return name.data();
}

}  // namespace duplex::app
