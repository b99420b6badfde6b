#include "http1/framing.hpp"

#include <algorithm>

#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>

namespace duplex::http1 {

std::expected<void, Error> check_codings(std::string_view value) noexcept {
  if (equals_ignoring_case(value, "chunked")) return {};
  std::size_t chunked_count = 0;
  bool chunked_last = false;
  for (;;) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view coding = trim(value.substr(0, comma));
    if (!http::is_token(coding)) return std::unexpected(Error::chunked_not_last);
    chunked_last = equals_ignoring_case(coding, "chunked");
    if (chunked_last) ++chunked_count;
    if (comma == value.size()) break;
    value.remove_prefix(comma + 1);
  }
  return std::unexpected(chunked_last && chunked_count == 1 ? Error::unknown_transfer_coding
                                                            : Error::chunked_not_last);
}

Bytes take_content(Bytes& input, std::uint64_t& left) noexcept {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size()));
  const Bytes data = input.first(size);
  input = input.subspan(size);
  left -= size;
  return data;
}

}  // namespace duplex::http1
