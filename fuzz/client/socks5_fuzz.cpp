#include <cstdint>

#include "fuzz/client/socks5_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::client::check_socks5({reinterpret_cast<const char*>(data), size});
  return 0;
}
