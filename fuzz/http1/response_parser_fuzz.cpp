#include "fuzz/http1/response_parser_properties.hpp"
#include <duplex/base/bytes.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  duplex::http1::check_response_parser({reinterpret_cast<const char*>(data), size});
  return 0;
}
