#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/websocket/deflate_options.hpp>

namespace duplex::app {

/// What `duplex serve` and `duplex connect` can be told about the compression of messages.
struct CompressOptions {
  /// Said with `--compress`, and in a file either way; nullopt when nothing is said.
  std::optional<bool> enabled;
  std::optional<std::uint8_t> level;
  /// Messages of fewer bytes go as they are.
  std::optional<std::size_t> threshold_bytes;
  /// The largest window, in bits, both ways.
  std::optional<std::uint8_t> window_bits;
  /// Whether windows are kept from one message to the next, both ways.
  bool keep = false;
};

/// The value of `--compress-level`; or a sentence that says what to write instead.
std::expected<std::uint8_t, std::string> parse_compress_level(std::string_view text);

/// The value of `--compress-window`.
std::expected<std::uint8_t, std::string> parse_compress_window(std::string_view text);

/// The name of an option that says how to compress, such as `compress-level`, where nothing says
/// whether to; empty when all is well. Where it is said that messages are not to be compressed, the
/// others may wait for another day.
std::string_view needs_compression(const CompressOptions& options) noexcept;

/// For the library; nullopt for no compression.
std::optional<websocket::DeflateOptions> deflate_of(const CompressOptions& options);

/// Whether a window is kept, in words that go behind its size.
std::string_view describe_takeover(bool keeps_window) noexcept;

/// What a server does with it, in a sentence for its log.
std::string describe_compression(const websocket::DeflateOptions& deflate);

}  // namespace duplex::app
