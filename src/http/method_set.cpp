#include <duplex/http/method_set.hpp>

namespace duplex::http {

std::string format_allow(MethodSet methods) {
  std::string result;
  for (std::size_t i = 0; i < method_count; ++i) {
    const auto method = static_cast<Method>(i);
    if (!methods.contains(method)) continue;
    if (!result.empty()) result += ", ";
    result += name(method);
  }
  return result;
}

}  // namespace duplex::http
