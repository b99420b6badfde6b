#include <array>

#include <duplex/http/method.hpp>

namespace duplex::http {

namespace {

constexpr std::array<std::string_view, method_count> names = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

}  // namespace

std::string_view name(Method method) noexcept {
  return names[static_cast<std::size_t>(method)];
}

std::optional<Method> parse_method(std::string_view token) noexcept {
  for (std::size_t i = 0; i < method_count; ++i) {
    if (names[i] == token) return static_cast<Method>(i);
  }
  return std::nullopt;
}

}  // namespace duplex::http
