#include "client/file_io.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace duplex::client {

std::error_code last_system_error() noexcept {
  return {errno, std::system_category()};
}

std::error_code write_all(const net::Descriptor& file, ConstBytes bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return last_system_error();
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

std::error_code read_all(const net::Descriptor& file, std::size_t bytes_max, std::string& text) {
  std::array<char, 16384> piece{};
  while (true) {
    const ssize_t bytes = ::read(file.number(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return last_system_error();
    if (bytes == 0) return {};
    text.append(piece.data(), static_cast<std::size_t>(bytes));
    if (text.size() > bytes_max) return std::make_error_code(std::errc::file_too_large);
  }
}

}  // namespace duplex::client
