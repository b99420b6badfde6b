#include <cstddef>
#include <cstdint>

#include "fuzz/tls/record_layer_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::tls::check_record_layer({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
