#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "frame.hpp"
#include "message.hpp"

/// Words that many cases have in common.
namespace duplex::app::check {

/// `1 byte`, `125 bytes`.
inline std::string bytes_text(std::size_t bytes) {
  return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
}

/// `1 case`, `271 cases`.
inline std::string cases_text(std::size_t cases) {
  return fmt::format("{} case{}", cases, cases == 1 ? "" : "s");
}

/// `text`, `binary`: for ids.
inline std::string_view word(Message::Type type) {
  return type == Message::Type::text ? "text" : "binary";
}

/// `Text`, `Binary data`: for titles.
inline std::string_view title_word(Message::Type type) {
  return type == Message::Type::text ? "Text" : "Binary data";
}

inline constexpr auto echoed = "it is echoed";
inline constexpr auto fails_1002 = "the connection fails with 1002";

}  // namespace duplex::app::check
