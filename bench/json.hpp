#pragma once

#include <cstddef>
#include <string>

/// Text as services send it, of so many bytes, which another `seed` makes another.
inline std::string json(std::size_t bytes, unsigned seed) {
  const auto random = [&seed](unsigned bound) {
    seed = seed * 1664525U + 1013904223U;
    return std::to_string((seed >> 8U) % bound);
  };
  std::string text = "[";
  while (text.size() < bytes) {
    text += R"({"id":)" + random(100'000) + R"(,"name":"user-)" + random(1000) + R"(","price":)" +
            random(1000) + '.' + random(100) + R"(,"active":true,"tags":["a)" + random(9) +
            R"(","live"],"time":"2026-11-25T20:)" + random(60) + R"(Z"},)";
  }
  text.resize(bytes);
  return text;
}
