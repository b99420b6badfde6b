#include "wire.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace duplex::app::check {
namespace {

/// Of what is there, no more than this is read before the clock is looked at again.
constexpr int buffers_at_once = 4;

}  // namespace

Wire::Wire(std::unique_ptr<ByteStream> stream, int stop_descriptor, std::size_t input_bytes_max)
    : stream_(std::move(stream)),
      stop_descriptor_(stop_descriptor),
      input_bytes_max_(input_bytes_max) {}

bool Wire::read_available() {
  std::array<char, 65536> buffer;
  bool any = false;
  for (int i = 0; i < buffers_at_once && !ended() && !is_full(); ++i) {
    const TransferResult result = stream_->read(buffer);
    switch (result.transfer) {
      case Transfer::moved:
        input_.append(buffer.data(), result.bytes);
        any = true;
        break;
      case Transfer::blocked: return any;
      case Transfer::ended: ended_ = true; return true;
      case Transfer::broken: reset_ = true; return true;
    }
  }
  return any;
}

Wire::Wait Wire::wait(short events, Time until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    std::array<pollfd, 2> descriptors{
        {{stream_->descriptor(), events, 0}, {stop_descriptor_, POLLIN, 0}}};
    const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
    const int ready = ::poll(descriptors.data(), descriptors.size(), wait_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (descriptors[1].revents != 0) return Wait::stopped;
    if (descriptors[0].revents != 0) return Wait::done;
    if (Clock::now() >= until) return Wait::timed_out;
  }
}

void Wire::consume(std::size_t bytes) {
  consumed_ += bytes;
  // Moves what is left only when there is more in front of it.
  if (consumed_ < input_.size() - consumed_) return;
  input_.erase(0, consumed_);
  consumed_ = 0;
}

Wire::Wait Wire::look(Time until) const {
  pollfd stop{stop_descriptor_, POLLIN, 0};
  if (::poll(&stop, 1, 0) > 0) return Wait::stopped;
  return Clock::now() >= until ? Wait::timed_out : Wait::done;
}

Wire::Wait Wire::send(std::string_view bytes, Time until) {
  while (!bytes.empty() && !unwritable_) {
    const TransferResult result = stream_->write(bytes);
    switch (result.transfer) {
      case Transfer::moved: bytes.remove_prefix(result.bytes); break;
      case Transfer::ended:
      case Transfer::broken: unwritable_ = true; break;
      case Transfer::blocked: {
        read_available();
        short events = stream_->events_to_write();
        if (!ended() && !is_full()) {
          events = static_cast<short>(events | stream_->events_to_read());
        }
        if (const Wait waited = wait(events, until); waited != Wait::done) return waited;
      }
    }
    if (bytes.empty() || unwritable_) break;
    if (const Wait looked = look(until); looked != Wait::done) return looked;
  }
  return Wait::done;
}

Wire::Wait Wire::receive(Time until) {
  while (!ended()) {
    if (is_full()) return Wait::full;
    if (const Wait looked = look(until); looked != Wait::done) return looked;
    if (read_available()) return Wait::done;
    if (const Wait waited = wait(stream_->events_to_read(), until); waited != Wait::done) {
      return waited;
    }
  }
  return Wait::done;
}

}  // namespace duplex::app::check
