#include <cstdint>

#include <duplex/base/base64.hpp>

namespace duplex {

std::string encode_base64(ConstBytes bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(bytes.size() < 3 ? bytes.size() : 3)) {
    const auto byte = [&](std::size_t index) {
      return index < bytes.size() ? std::to_integer<std::uint32_t>(bytes[index]) : 0U;
    };
    const std::uint32_t group = byte(0) << 16U | byte(1) << 8U | byte(2);
    result += digits[group >> 18U];
    result += digits[group >> 12U & 63U];
    result += bytes.size() > 1 ? digits[group >> 6U & 63U] : '=';
    result += bytes.size() > 2 ? digits[group & 63U] : '=';
  }
  return result;
}

}  // namespace duplex
