#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace duplex::app::check {

/// A whole message as it is sent and as its echo has to be.
struct Message {
  enum class Type : std::uint8_t { text, binary };

  Type type = Type::text;
  std::string payload = {};

  bool operator==(const Message&) const = default;
};

inline Message text(std::string payload) {
  return {Message::Type::text, std::move(payload)};
}

inline Message binary(std::string payload) {
  return {Message::Type::binary, std::move(payload)};
}

}  // namespace duplex::app::check
