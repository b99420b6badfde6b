#include <cstddef>
#include <cstdint>

#include "fuzz/websocket/extensions_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::websocket::check_extensions({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
