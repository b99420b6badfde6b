#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/http/received_cookie_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  if (!duplex::http::broken_received_cookie_property(value).empty()) std::abort();
  return 0;
}
