#include <cstddef>
#include <cstdint>

#include "fuzz/client/cookie_jar_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::client::check_cookie_jar({reinterpret_cast<const char*>(data), size});
  return 0;
}
