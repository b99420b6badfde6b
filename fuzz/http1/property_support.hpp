#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <duplex/http/fields.hpp>

namespace duplex::http1 {

/// Field lines that outlive the buffer that they were read from.
inline std::vector<std::pair<std::string, std::string>> owned(const http::FieldsView& fields) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const http::FieldView& line : fields) result.emplace_back(line.name, line.value);
  return result;
}

/// Ends the program, so that a fuzzer and a sanitizer build notice.
inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace duplex::http1
