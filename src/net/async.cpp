#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <stdexcept>
#include <thread>
#include <vector>

#include "net/event_loop.hpp"
#include "net/inbox.hpp"
#include "net/timer_wheel.hpp"
#include <duplex/net/async.hpp>

namespace duplex::net {

namespace {

EventLoop& loop_of_this_thread() {
  EventLoop* loop = EventLoop::current();
  if (loop == nullptr) {
    throw std::logic_error("only a coroutine that runs in a duplex thread can wait here");
  }
  return *loop;
}

}  // namespace

// ---------------------------------------------------------------------------- time

class sleep_for::Alarm final : public Timer {
 public:
  explicit Alarm(std::coroutine_handle<> waiter) noexcept : waiter_(waiter) {}

 private:
  void on_timer() noexcept override { waiter_.resume(); }

  std::coroutine_handle<> waiter_;
};

sleep_for::sleep_for(std::chrono::milliseconds duration) noexcept : duration_(duration) {}

sleep_for::~sleep_for() = default;

void sleep_for::await_suspend(std::coroutine_handle<> waiter) {
  EventLoop& loop = loop_of_this_thread();
  alarm_ = std::make_unique<Alarm>(waiter);
  loop.arm(*alarm_, static_cast<std::uint64_t>(duration_.count()));
}

namespace detail {

class Limit::Alarm final : public Timer {
 public:
  explicit Alarm(Owner& owner) noexcept : owner_(owner) {}

 private:
  void on_timer() noexcept override { owner_.on_limit(); }

  Owner& owner_;
};

Limit::Limit(Owner& owner) noexcept : owner_(owner) {}

Limit::~Limit() = default;

void Limit::begin(std::chrono::milliseconds duration) {
  EventLoop& loop = loop_of_this_thread();
  if (!alarm_) alarm_ = std::make_unique<Alarm>(owner_);
  loop.arm(*alarm_, static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
}

void Limit::end() noexcept {
  if (alarm_) alarm_->disarm();
}

}  // namespace detail

// ---------------------------------------------------------------------------- other threads

namespace detail {

/// The waiting thread alone touches `waiter`; the mutex orders the two ends.
struct CrossThreadWait::State {
  std::mutex mutex;
  std::shared_ptr<Inbox> inbox;  // of the waiting loop, once it waits
  std::coroutine_handle<> waiter;
  bool ending = false;  // somebody has undertaken to end it
  bool ended = false;
};

CrossThreadWait::CrossThreadWait() : state_(std::make_shared<State>()) {}

CrossThreadWait::~CrossThreadWait() = default;

bool CrossThreadWait::wait(std::coroutine_handle<> waiter) {
  EventLoop& loop = loop_of_this_thread();
  const std::lock_guard lock(state_->mutex);
  if (state_->ended) return false;
  state_->inbox = loop.inbox();
  state_->waiter = waiter;
  return true;
}

void CrossThreadWait::abandon() noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->waiter = nullptr;
}

bool CrossThreadWait::begin_end() noexcept {
  const std::lock_guard lock(state_->mutex);
  return !std::exchange(state_->ending, true);
}

void CrossThreadWait::end() noexcept {
  std::shared_ptr<Inbox> inbox;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
    inbox = state_->inbox;
  }
  if (!inbox) return;
  inbox->post([state = state_] {
    std::unique_lock lock(state->mutex);
    const auto waiter = std::exchange(state->waiter, nullptr);
    lock.unlock();
    if (waiter) waiter.resume();
  });
}

}  // namespace detail

// ---------------------------------------------------------------------------- blocking work

namespace {

/// Threads for calls that block; made when they are first needed, ended with the program.
class Pool {
 public:
  /// Waits for all work. What comes later is dropped.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(std::move_only_function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      work_.push_back(std::move(work));
      if (idle_ < work_.size() && threads_.size() < threads_max) {
        threads_.emplace_back([this] { serve(); });
      }
    }
    wake_.notify_one();
  }

 private:
  // Blocking calls wait more than they compute, so more than there are cores; libuv has 4, which
  // its users often find too few.
  static constexpr std::size_t threads_max = 16;

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      wake_.wait(lock, [this] { return ending_ || !work_.empty(); });
      --idle_;
      if (work_.empty()) return;
      auto work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> work_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace

void detail::run_in_pool(std::move_only_function<void()> work) {
  // Never destroyed: servers and clients with static storage may have been made before it, and
  // their threads go on until they are destroyed.
  static Pool& pool = *new Pool;
  static const struct Ending {
    ~Ending() { pool.end(); }
  } ending;
  pool.run(std::move(work));
}

}  // namespace duplex::net
