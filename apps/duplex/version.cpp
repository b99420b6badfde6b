#include "version.hpp"

namespace duplex::app {

std::string_view version() noexcept {
  return DUPLEX_VERSION;
}

}  // namespace duplex::app
