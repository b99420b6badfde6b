#include <cstddef>
#include <cstdint>

#include "fuzz/websocket/session_deflate_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::websocket::check_session_deflate({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
