#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/http/url_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!duplex::http::broken_url_property({reinterpret_cast<const char*>(data), size}).empty()) {
    std::abort();
  }
  return 0;
}
