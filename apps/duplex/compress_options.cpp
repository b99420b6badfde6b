#include "compress_options.hpp"

#include <fmt/format.h>

#include "quantity.hpp"
#include <duplex/websocket/deflate_parameters.hpp>

namespace duplex::app {
namespace {

constexpr std::uint8_t level_min = 1;
constexpr std::uint8_t level_max = 9;

std::expected<std::uint8_t, std::string> parse_small(std::string_view text, std::uint8_t lowest,
                                                     std::uint8_t highest) {
  const auto count = parse_count(text, lowest, highest);
  if (!count) return std::unexpected(count.error());
  return static_cast<std::uint8_t>(*count);
}

}  // namespace

std::expected<std::uint8_t, std::string> parse_compress_level(std::string_view text) {
  return parse_small(text, level_min, level_max);
}

std::expected<std::uint8_t, std::string> parse_compress_window(std::string_view text) {
  return parse_small(text, websocket::compressor_window_bits_min, websocket::window_bits_max);
}

std::string_view needs_compression(const CompressOptions& options) noexcept {
  if (options.enabled) return "";
  if (options.level) return "compress-level";
  if (options.threshold_bytes) return "compress-min";
  if (options.window_bits) return "compress-window";
  return options.keep ? "compress-keep" : "";
}

std::optional<websocket::DeflateOptions> deflate_of(const CompressOptions& options) {
  if (!options.enabled.value_or(false)) return std::nullopt;
  websocket::DeflateOptions deflate;
  deflate.level = options.level.value_or(deflate.level);
  deflate.threshold_bytes = options.threshold_bytes.value_or(deflate.threshold_bytes);
  deflate.send_window_bits_max = options.window_bits.value_or(deflate.send_window_bits_max);
  deflate.receive_window_bits_max = options.window_bits.value_or(deflate.receive_window_bits_max);
  deflate.keep_send_window = options.keep;
  deflate.keep_receive_window = options.keep;
  return deflate;
}

std::string_view describe_takeover(bool keeps_window) noexcept {
  return keeps_window ? "kept from message to message" : "each message begins anew";
}

std::string describe_compression(const websocket::DeflateOptions& deflate) {
  return fmt::format(
      "WebSocket messages from {} bytes on are compressed for clients that offer it: level {}, a "
      "window of {} bytes, {}",
      deflate.threshold_bytes, deflate.level, 1U << deflate.send_window_bits_max,
      describe_takeover(deflate.keep_send_window));
}

}  // namespace duplex::app
