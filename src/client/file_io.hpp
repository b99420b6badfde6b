#pragma once

#include <cstddef>
#include <string>
#include <system_error>

#include "net/descriptor.hpp"
#include <duplex/base/bytes.hpp>

/// Files that are read and written as a whole. Blocks, as files do; interrupted calls are made
/// again.
namespace duplex::client {

/// What the system has said last.
std::error_code last_system_error() noexcept;

std::error_code write_all(const net::Descriptor& file, ConstBytes bytes) noexcept;

/// Appends all that `file` holds to `text`; std::errc::file_too_large beyond `bytes_max`.
std::error_code read_all(const net::Descriptor& file, std::size_t bytes_max, std::string& text);

}  // namespace duplex::client
