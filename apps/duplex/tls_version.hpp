#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <duplex/tls/version.hpp>

namespace duplex::app {

/// `1.2` or `1.3`. The error is a sentence that says what to write instead.
std::expected<tls::Version, std::string> parse_tls_version(std::string_view text);

}  // namespace duplex::app
