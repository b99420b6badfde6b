#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include <duplex/base/bytes.hpp>

namespace duplex::websocket {

/// Text like that of services: it compresses to a third.
inline std::string json_sample(std::size_t bytes, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::string text = "[";
  while (text.size() < bytes) {
    text += "{\"id\":" + std::to_string(random() % 100000) + ",\"name\":\"user-" +
            std::to_string(random() % 1000) + "\",\"active\":true,\"tags\":[\"live\",\"a\"]},";
  }
  text.resize(bytes);
  return text;
}

/// Bytes that don't compress.
inline std::string random_sample(std::size_t bytes, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(random() >> 8U);
  return text;
}

}  // namespace duplex::websocket
