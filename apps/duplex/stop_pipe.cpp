#include "stop_pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace duplex::app {

StopPipe::StopPipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "can't make a pipe");
  }
  read_end_ = ends[0];
  write_end_ = ends[1];
}

StopPipe::~StopPipe() {
  ::close(read_end_);
  ::close(write_end_);
}

void StopPipe::stop() noexcept {
  // A full pipe is readable already.
  [[maybe_unused]] const auto written = ::write(write_end_, "", 1);
}

}  // namespace duplex::app
