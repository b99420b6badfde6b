#include "net/inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace duplex::net {
namespace {

// A batch larger than this gives its memory back.
constexpr std::size_t capacity_kept_max = 4096;

}  // namespace

Inbox::Inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) throw std::system_error(errno, std::system_category(), "cannot open an eventfd");
}

bool Inbox::post(std::move_only_function<void()> work) {
  bool was_sleeping = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    queue_.push_back(std::move(work));
    queued_.store(true);
    was_sleeping = sleeping_.exchange(false);
  }
  if (was_sleeping) wake();
  return true;
}

void Inbox::close() noexcept {
  std::vector<std::move_only_function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(queue_);
  }
  // Destroyed outside the lock: what the functions hold may post once more, in vain.
}

void Inbox::wake() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake.
  [[maybe_unused]] const ssize_t written = ::write(wake_.number(), &one, sizeof one);
  errno = saved;
}

void Inbox::run_queued() noexcept {
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(queue_);
    queued_.store(false, std::memory_order_relaxed);
  }
  for (std::move_only_function<void()>& work : batch_) {
    work();
    work = nullptr;
  }
  batch_.clear();
  if (batch_.capacity() > capacity_kept_max) batch_.shrink_to_fit();
}

}  // namespace duplex::net
