#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include <duplex/http/method.hpp>

namespace duplex::http {

/// Some of the methods; what a resource allows.
class MethodSet {
 public:
  constexpr MethodSet() noexcept = default;
  constexpr MethodSet(std::initializer_list<Method> methods) noexcept {
    for (Method const method : methods) add(method);
  }

  constexpr void add(Method method) noexcept {
    bits_ = static_cast<std::uint16_t>(bits_ | bit(method));
  }
  constexpr void add(MethodSet others) noexcept {
    bits_ = static_cast<std::uint16_t>(bits_ | others.bits_);
  }
  constexpr bool contains(Method method) const noexcept { return (bits_ & bit(method)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  bool operator==(const MethodSet&) const = default;

 private:
  static constexpr std::uint16_t bit(Method method) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(method));
  }

  std::uint16_t bits_ = 0;
};

/// The value of an Allow field (RFC 9110 section 10.2.1): `GET, HEAD`.
std::string format_allow(MethodSet methods);

}  // namespace duplex::http
