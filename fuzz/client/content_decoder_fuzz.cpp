#include <cstddef>
#include <cstdint>

#include "fuzz/client/content_decoder_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::client::check_content_decoder({reinterpret_cast<const char*>(data), size});
  return 0;
}
