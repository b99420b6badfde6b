#include <cstdint>

#include "fuzz/client/http_tunnel_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::client::check_http_tunnel({reinterpret_cast<const char*>(data), size});
  return 0;
}
