#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/http/field_values_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  if (!duplex::http::broken_field_value_property(value).empty()) std::abort();
  return 0;
}
