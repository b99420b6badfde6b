#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/server/router_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!duplex::server::broken_router_property(text).empty()) std::abort();
  if (!duplex::server::broken_pattern_property(text).empty()) std::abort();
  return 0;
}
