#include <algorithm>
#include <charconv>
#include <limits>

#include <duplex/websocket/close_reason.hpp>

namespace duplex::websocket {

CloseReason::CloseReason(Error error, std::uint64_t message_bytes_max) noexcept {
  char* end = characters_.data();
  const auto append = [&](std::string_view text) {
    const auto room = static_cast<std::size_t>(characters_.data() + characters_.size() - end);
    end = std::ranges::copy(text.substr(0, room), end).out;
  };
  append(describe(error));
  if (error == Error::message_too_big) {
    std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
    const auto written = std::to_chars(digits.begin(), digits.end(), message_bytes_max);
    append(" of ");
    append({digits.begin(), written.ptr});
    append(message_bytes_max == 1 ? " byte" : " bytes");
  }
  size_ = static_cast<std::uint8_t>(end - characters_.data());
}

}  // namespace duplex::websocket
