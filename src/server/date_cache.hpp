#pragma once

#include <array>
#include <ctime>
#include <string_view>

#include <duplex/http/date.hpp>

namespace duplex::server {

/// The value of the Date field, formatted once a second.
class DateCache {
 public:
  std::string_view now() noexcept {
    timespec time{};
    clock_gettime(CLOCK_REALTIME_COARSE, &time);
    if (time.tv_sec != formatted_s_) {
      formatted_s_ = time.tv_sec;
      http::format_date(formatted_s_, text_);
    }
    return {text_.data(), text_.size()};
  }

 private:
  std::time_t formatted_s_ = -1;
  std::array<char, http::date_size> text_{};
};

}  // namespace duplex::server
