#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace duplex::app {

/// Checks an origin as it is given to `--origin`: `https://example.com`, `http://localhost:3000`,
/// `https://*.example.com`, `null` (RFC 6454 section 7: pages without an origin, such as files),
/// or `*`. The error is a sentence that says what to write.
std::expected<std::string, std::string> parse_origin(std::string_view text);

}  // namespace duplex::app
