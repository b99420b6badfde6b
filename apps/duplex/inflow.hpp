#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <duplex/base/task.hpp>
#include <duplex/net/async.hpp>

namespace duplex::app {

/// What a thread hands to a coroutine of a duplex thread, in order. Who pushes waits while there is
/// enough, so that a fast source is slowed down instead of filling the memory.
template <class T>
class Inflow {
 public:
  /// `weight_max`: how much may wait, in the unit of `push`.
  explicit Inflow(std::size_t weight_max) noexcept : weight_max_(weight_max) {}

  /// Any thread but the coroutine's. Waits while as much as may is waiting. False when nobody takes
  /// any more.
  bool push(T value, std::size_t weight) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return weight_ < weight_max_ || abandoned_; });
    if (abandoned_) return false;
    values_.push_back(std::move(value));
    weight_ += weight;
    wake(lock);
    return true;
  }

  /// Any thread: nothing will follow.
  void end() {
    std::unique_lock lock(mutex_);
    ended_ = true;
    wake(lock);
  }

  /// Any thread: nobody takes any more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    room_.notify_all();
  }

  /// The coroutine: all that is there, and waits while there is nothing. Empty at the end.
  Task<std::vector<T>> take() {
    while (true) {
      net::Completion<bool> arrival;
      {
        const std::lock_guard lock(mutex_);
        if (!values_.empty() || ended_) {
          weight_ = 0;
          room_.notify_all();
          co_return std::exchange(values_, {});
        }
        waiter_.emplace(arrival.resolver());
      }
      co_await arrival;
    }
  }

 private:
  void wake(std::unique_lock<std::mutex>& lock) {
    const auto waiter = std::exchange(waiter_, std::nullopt);
    lock.unlock();
    if (waiter) waiter->resolve(true);
  }

  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<T> values_;
  std::optional<typename net::Completion<bool>::Resolver> waiter_;
  std::size_t weight_max_;
  std::size_t weight_ = 0;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace duplex::app
