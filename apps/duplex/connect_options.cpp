#include "connect_options.hpp"

#include <fmt/format.h>

#include <expected>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "quantity.hpp"
#include "subcommand.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/url.hpp>

namespace duplex::app {
namespace {

constexpr std::size_t mebi = std::size_t{1024} * 1024;
constexpr std::size_t message_bytes_max_default = 64 * mebi;
constexpr std::size_t chunk_bytes_limit = 16 * mebi;
constexpr std::uint64_t count_limit = UINT64_MAX / 2;

template <class T>
T checked(std::string_view option, std::expected<T, std::string> parsed) {
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *std::move(parsed);
}

CompressOptions compression_of(const ConnectArguments& arguments) {
  CompressOptions options;
  if (arguments.compress) options.enabled = true;
  options.keep = arguments.compress_keep;
  if (!arguments.compress_level.empty()) {
    options.level = checked("--compress-level", parse_compress_level(arguments.compress_level));
  }
  if (!arguments.compress_bytes_min.empty()) {
    options.threshold_bytes = checked("--compress-min", parse_size(arguments.compress_bytes_min));
  }
  if (!arguments.compress_window.empty()) {
    options.window_bits =
        checked("--compress-window", parse_compress_window(arguments.compress_window));
  }
  if (const std::string_view name = needs_compression(options); !name.empty()) {
    throw UsageError(fmt::format("--{} needs --compress", name));
  }
  return options;
}

websocket::HandshakeOffer offer_of(const ConnectArguments& arguments, const http::Fields& fields) {
  websocket::HandshakeOffer offer;
  for (const std::string& given : arguments.subprotocols) {
    std::string_view list = given;
    while (const auto name = next_element(list)) offer.subprotocols.emplace_back(*name);
  }
  offer.origin = arguments.origin;
  offer.fields = fields;
  offer.deflate = deflate_of(compression_of(arguments));
  try {
    check_offer(offer);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return offer;
}

Framing framing_of(const ConnectArguments& arguments) {
  if (arguments.null) return Framing::nulls;
  return arguments.binary ? Framing::unframed : Framing::lines;
}

std::size_t size_of(std::string_view option, const std::string& text, std::size_t otherwise) {
  if (text.empty()) return otherwise;
  const std::uint64_t size = checked(option, parse_size(text));
  if (size == 0) throw UsageError(fmt::format("{}: write more than 0", option));
  return size;
}

std::uint32_t milliseconds_of(std::string_view option, const std::string& text,
                              std::uint32_t otherwise) {
  if (text.empty()) return otherwise;
  return static_cast<std::uint32_t>(checked(option, parse_duration(text)).count());
}

/// A URL without a scheme is one of ws, as curl takes it for one of http.
std::string checked_url(const std::string& text) {
  std::string whole = text.find("://") == std::string::npos ? "ws://" + text : text;
  if (const auto url = http::Url::parse(whole); !url) {
    throw UsageError(
        fmt::format("\"{}\" is no URL to connect to: {}", text, describe(url.error())));
  }
  return whole;
}

}  // namespace

ConnectOptions resolve(const ConnectArguments& arguments) {
  ConnectOptions options;
  options.client = resolve(arguments.client);
  options.url = checked_url(arguments.url);
  options.offer = offer_of(arguments, options.client.fields);
  options.limits.message_bytes_max =
      size_of("--max-message", arguments.message_bytes_max, message_bytes_max_default);
  options.limits.heartbeat_ms =
      milliseconds_of("--heartbeat", arguments.heartbeat, options.limits.heartbeat_ms);
  if (!arguments.show_bytes_max.empty()) {
    const std::uint64_t size = checked("--show-bytes-max", parse_size(arguments.show_bytes_max));
    options.show_text_bytes_max = options.show_binary_bytes_max = size;
  }
  if (!arguments.ping_interval.empty()) {
    options.ping_interval = checked("--ping-interval", parse_duration(arguments.ping_interval));
    if (options.ping_interval->count() == 0) {
      throw UsageError("--ping-interval: write more than 0");
    }
  }
  options.reconnect = arguments.reconnect;
  options.binary = arguments.binary;
  options.framing = framing_of(arguments);
  if (!arguments.chunk_bytes.empty() && options.framing != Framing::unframed) {
    throw UsageError("--chunk is for --binary without --null: otherwise records are messages");
  }
  options.chunk_bytes = size_of("--chunk", arguments.chunk_bytes, options.chunk_bytes);
  if (options.chunk_bytes > chunk_bytes_limit) {
    throw UsageError("--chunk: write at most 16MiB");
  }
  if (arguments.wait == "forever") {
    options.wait.reset();
  } else if (!arguments.wait.empty()) {
    options.wait = checked("--wait", parse_duration(arguments.wait));
  }
  if (!arguments.count.empty()) {
    options.count = checked("--count", parse_count(arguments.count, 1, count_limit));
  }
  return options;
}

}  // namespace duplex::app
