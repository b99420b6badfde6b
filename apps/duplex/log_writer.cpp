#include "log_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <system_error>
#include <utility>

namespace duplex::app {
namespace {

// Long enough to gather lines, too short to notice.
constexpr std::chrono::milliseconds gathering_time{20};
constexpr int patience_ms = 1000;

}  // namespace

LogWriter::LogWriter(Options options) : options_(std::move(options)) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  something_queued_.notify_one();
  stop_requested_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LogWriter::write(std::string_view lines) {
  if (lines.empty()) return;
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (!begin_thread() || queue_.size() + lines.size() > options_.queue_bytes_max) {
      ++lost_;
      return;
    }
    was_empty = queue_.empty();
    queue_ += lines;
  }
  if (was_empty) something_queued_.notify_one();
}

/// False when the system has no thread for it, as yet.
bool LogWriter::begin_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void LogWriter::run() {
  std::string batch;
  bool last = false;
  while (!last) {
    batch.clear();
    std::uint64_t lost = 0;
    {
      std::unique_lock lock(mutex_);
      something_queued_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      std::swap(batch, queue_);
      lost = std::exchange(lost_, 0);
      last = stopping_;
    }
    if (lost > 0 && options_.describe_loss) batch += options_.describe_loss(lost);
    deliver(batch);
    std::unique_lock lock(mutex_);
    stop_requested_.wait_for(lock, gathering_time, [this] { return stopping_; });
  }
}

/// A pipe that poll calls writable takes PIPE_BUF bytes without blocking (pipe(7)), so that pieces
/// of that size keep the end of the program in our hands.
void LogWriter::deliver(std::string_view text) {
  while (!text.empty()) {
    if (!wait_until_writable()) return;
    const ssize_t written =
        ::write(options_.descriptor, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return;  // nobody reads any more, and there is nobody to tell
    }
  }
}

/// False when the log has to end although its reader takes nothing.
bool LogWriter::wait_until_writable() {
  while (true) {
    pollfd poll_for{.fd = options_.descriptor, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&poll_for, 1, patience_ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    const std::lock_guard lock(mutex_);
    if (ready == 0 && stopping_) return false;
  }
}

}  // namespace duplex::app
