#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <duplex/websocket/deflate_options.hpp>

namespace duplex::app {

/// What `duplex serve` and `duplex connect` can be told about the compression of messages.
struct CompressOptions {
  bool enabled = false;
  std::optional<std::uint8_t> level;
  /// Messages of fewer bytes go as they are.
  std::optional<std::size_t> threshold_bytes;
  /// The largest window, in bits, both ways.
  std::optional<std::uint8_t> window_bits;
  /// Whether windows are kept from one message to the next, both ways.
  bool keep = false;
};

/// What `--compress-level` and `--compress-window` may be.
inline constexpr std::uint8_t compress_level_min = 1;
inline constexpr std::uint8_t compress_level_max = 9;
inline constexpr std::uint8_t compress_window_bits_min = 9;
inline constexpr std::uint8_t compress_window_bits_max = 15;

/// For the library; nullopt for no compression. Throws UsageError when something is said about a
/// compression that there is not.
std::optional<websocket::DeflateOptions> deflate_of(const CompressOptions& options);

}  // namespace duplex::app
