#include <array>

#include <duplex/base/ascii.hpp>
#include <duplex/http/content_coding.hpp>

namespace duplex::http {

namespace {

constexpr std::array<std::string_view, content_coding_count> names = {"identity", "gzip", "zstd",
                                                                      "br", "deflate"};

}  // namespace

std::string_view name(ContentCoding coding) noexcept {
  return names[static_cast<std::size_t>(coding)];
}

std::optional<ContentCoding> parse_content_coding(std::string_view token) noexcept {
  if (equals_ignoring_case(token, "x-gzip")) return ContentCoding::gzip;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (equals_ignoring_case(names[i], token)) return static_cast<ContentCoding>(i);
  }
  return std::nullopt;
}

}  // namespace duplex::http
