#include "origin.hpp"

#include <fmt/format.h>

#include <duplex/websocket/handshake.hpp>

namespace duplex::app {

std::expected<std::string, std::string> parse_origin(std::string_view text) {
  if (text == "*" || text == "null") return std::string(text);

  // A browser sends scheme, host and port and nothing else: anything more would never match.
  const auto refuse = [text](std::string_view why) {
    return std::unexpected(fmt::format("\"{}\" is not an origin: {}", text, why));
  };
  constexpr std::string_view separator = "://";
  const std::size_t scheme_end = text.find(separator);
  if (scheme_end == std::string_view::npos || scheme_end == 0) {
    return refuse("write scheme and host, such as https://example.com");
  }
  const std::string_view host = text.substr(scheme_end + separator.size());
  if (host.empty()) return refuse("a host follows ://, such as https://example.com");
  if (const std::size_t end = host.find_first_of("/?#"); end != std::string_view::npos) {
    return refuse(fmt::format("leave out what follows the host: {}",
                              text.substr(0, text.size() - host.size() + end)));
  }
  if (host.find_first_of(" \t,@") != std::string_view::npos) {
    return refuse("it holds a character that no origin has; repeat --origin for another one");
  }
  if (!websocket::is_origin_pattern(text)) return refuse("its host or port is not right");
  return std::string(text);
}

}  // namespace duplex::app
