#include "byte_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace duplex::app::check {
namespace {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(int descriptor) noexcept : descriptor_(descriptor) {}
  ~PlainStream() override { ::close(descriptor_); }

  TransferResult read(std::span<char> buffer) override {
    while (true) {
      const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (count > 0) return {Transfer::moved, static_cast<std::size_t>(count)};
      if (count == 0) return {Transfer::ended};
      if (errno != EINTR) return {blocked_or_broken()};
    }
  }
  TransferResult write(std::string_view bytes) override {
    while (true) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count >= 0) return {Transfer::moved, static_cast<std::size_t>(count)};
      if (errno != EINTR) return {blocked_or_broken()};
    }
  }
  void end_sending() override { ::shutdown(descriptor_, SHUT_WR); }
  int descriptor() const noexcept override { return descriptor_; }
  short events_to_read() const noexcept override { return POLLIN; }
  short events_to_write() const noexcept override { return POLLOUT; }

 private:
  static Transfer blocked_or_broken() noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK ? Transfer::blocked : Transfer::broken;
  }

  int descriptor_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(int descriptor) {
  return std::make_unique<PlainStream>(descriptor);
}

}  // namespace duplex::app::check
