#include "tls_version.hpp"

#include <fmt/format.h>

namespace duplex::app {

std::expected<tls::Version, std::string> parse_tls_version(std::string_view text) {
  if (text == "1.2") return tls::Version::tls_1_2;
  if (text == "1.3") return tls::Version::tls_1_3;
  return std::unexpected(fmt::format("\"{}\" is not a version to be had; write 1.2 or 1.3", text));
}

}  // namespace duplex::app
