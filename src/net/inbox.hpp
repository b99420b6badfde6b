#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "net/descriptor.hpp"

namespace duplex::net {

/// Work for the thread of one loop, from any thread. Held by shared pointer: it outlives its loop,
/// so that whoever holds it may post at any time and learns whether the work was taken.
///
/// Has no limit of its own: those who post answer for how much (one piece for a batch of messages,
/// not one a message).
class Inbox {
 public:
  /// Throws std::system_error when the system refuses a descriptor.
  Inbox();

  /// Queues `work` to be called once by the loop's thread: after all that this thread posted
  /// before, never inside `post`. False when the loop is gone; `work` is destroyed then, unless it
  /// was called. Functions that fit into three pointers cost no allocation. Work must not throw:
  /// an exception that leaves it ends the program (std::terminate). Any thread.
  bool post(std::move_only_function<void()> work);

  /// No work is taken from now on, and what is queued is destroyed without being called, in this
  /// thread. Any thread.
  void close() noexcept;

  /// Ends a sleep of the loop, now or the next one. Any thread, and from a signal handler.
  void wake() noexcept;

 private:
  friend class EventLoop;

  // The loop's side, which takes the mutex only when there is work: most iterations have none.
  // `prepare_sleep`: whether nothing is queued, in which case the next post wakes.
  bool prepare_sleep() noexcept {
    // The one who posts writes the other one first, and then reads this: one of the two sees what
    // the other did, since both are in the one order of all such accesses.
    sleeping_.store(true);
    return !queued_.load();
  }
  void awake() noexcept { sleeping_.store(false, std::memory_order_relaxed); }
  void run_posted() noexcept {
    if (queued_.load(std::memory_order_relaxed)) run_queued();
  }
  void run_queued() noexcept;

  Descriptor wake_;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> queue_;
  // The batch that is being run; the loop's thread only.
  std::vector<std::move_only_function<void()>> batch_;
  bool closed_ = false;
  // Whether `queue_` has anything; changed under the mutex.
  std::atomic<bool> queued_ = false;
  std::atomic<bool> sleeping_ = false;
};

}  // namespace duplex::net
