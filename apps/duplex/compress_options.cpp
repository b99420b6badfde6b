#include "compress_options.hpp"

#include <fmt/format.h>

#include <string_view>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

/// An option that is of no use without `--compress`; empty when none was given.
std::string_view needs_compression(const CompressOptions& options) {
  if (options.level) return "--compress-level";
  if (options.threshold_bytes) return "--compress-min";
  if (options.window_bits) return "--compress-window";
  return options.keep ? "--compress-keep" : "";
}

}  // namespace

std::optional<websocket::DeflateOptions> deflate_of(const CompressOptions& options) {
  if (!options.enabled) {
    const std::string_view name = needs_compression(options);
    if (name.empty()) return std::nullopt;
    throw UsageError(fmt::format("{} needs --compress", name));
  }
  websocket::DeflateOptions deflate;
  deflate.level = options.level.value_or(deflate.level);
  deflate.threshold_bytes = options.threshold_bytes.value_or(deflate.threshold_bytes);
  deflate.send_window_bits_max = options.window_bits.value_or(deflate.send_window_bits_max);
  deflate.receive_window_bits_max = options.window_bits.value_or(deflate.receive_window_bits_max);
  deflate.keep_send_window = options.keep;
  deflate.keep_receive_window = options.keep;
  return deflate;
}

}  // namespace duplex::app
