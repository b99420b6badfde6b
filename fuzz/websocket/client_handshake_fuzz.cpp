#include <cstddef>
#include <cstdint>

#include "fuzz/websocket/client_handshake_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::websocket::check_client_handshake({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
