#include "payloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace duplex::app::check {
namespace {

Opcode opcode_of(Message::Type type) {
  return type == Message::Type::text ? Opcode::text : Opcode::binary;
}

}  // namespace

std::string ascii_payload(std::size_t bytes) {
  // Counts where it is: what is missing, doubled or out of order shows. Letters of both cases and
  // marks show what is changed on the way.
  constexpr std::string_view words[] = {"aA", "Bb", "qZ", "Xy"};
  constexpr std::string_view marks = ",.;:!?'\"&<>%+~{}[]()/\\";
  std::string payload;
  payload.reserve(bytes + 30);
  for (std::size_t i = 0; payload.size() < bytes; ++i) {
    payload += fmt::format("{}{}{} ", words[i % std::size(words)], payload.size(),
                           marks[i % marks.size()]);
  }
  payload.resize(bytes);
  return payload;
}

std::string binary_payload(std::size_t bytes) {
  std::string payload(bytes, '\0');
  // A linear congruential generator of full period; its upper bits are the good ones.
  std::uint32_t state = 1;
  for (char& byte : payload) {
    byte = static_cast<char>(state >> 24);
    state = state * 1664525U + 1013904223U;
  }
  return payload;
}

std::vector<Frame> fragments(const Message& message, std::size_t fragment_bytes) {
  std::vector<Frame> frames;
  std::size_t begin = 0;
  do {
    const std::size_t size = std::min(fragment_bytes, message.payload.size() - begin);
    frames.push_back({.opcode = frames.empty() ? opcode_of(message.type) : Opcode::continuation,
                      .payload = message.payload.substr(begin, size),
                      .fin = false});
    begin += size;
  } while (begin < message.payload.size());
  frames.back().fin = true;
  return frames;
}

Frame whole(const Message& message) {
  return {.opcode = opcode_of(message.type), .payload = message.payload};
}

}  // namespace duplex::app::check
