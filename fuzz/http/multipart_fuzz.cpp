#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/http/multipart_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  if (!duplex::http::broken_multipart_property(content).empty()) std::abort();
  return 0;
}
