#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include <duplex/base/task.hpp>

namespace duplex {

namespace detail {

/// Tasks that run side by side, and the one who waits for all of them.
class TaskGroup {
 public:
  explicit TaskGroup(std::vector<Task<>> tasks) {
    children_.reserve(tasks.size());
    for (Task<>& task : tasks) children_.push_back(child(std::move(task)));
  }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  bool await_ready() const noexcept { return children_.empty(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    // One more than there are, so that nobody is resumed before all have been started.
    running_ = children_.size() + 1;
    waiter_ = waiter;
    for (Task<>& each : children_) each.start();
    return --running_ > 0;
  }
  void await_resume() const {
    if (first_exception_) std::rethrow_exception(first_exception_);
  }

 private:
  /// A child's last act: by then it may be destroyed, by whoever is resumed.
  struct Leave {
    TaskGroup& group;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> /*child*/) const noexcept {
      if (--group.running_ > 0) return std::noop_coroutine();
      return group.waiter_;
    }
    void await_resume() const noexcept {}
  };

  Task<> child(Task<> task) {
    try {
      co_await std::move(task);
    } catch (...) {
      if (!first_exception_) first_exception_ = std::current_exception();
    }
    co_await Leave{*this};
  }

  std::size_t running_ = 0;
  std::coroutine_handle<> waiter_;
  std::exception_ptr first_exception_;
  std::vector<Task<>> children_;  // last, so that they are destroyed before what they use
};

}  // namespace detail

/// Runs tasks side by side in this thread, and ends when all of them have. When any has ended with
/// an exception, the first is thrown then. Destroying it ends those that are still running.
///
///   co_await all(send_all(socket), receive_all(socket));
inline Task<> all(std::vector<Task<>> tasks) {
  detail::TaskGroup group(std::move(tasks));
  co_await group;
}

template <class... Tasks>
Task<> all(Task<> first, Tasks... others) {
  std::vector<Task<>> tasks;
  tasks.reserve(1 + sizeof...(others));
  tasks.push_back(std::move(first));
  (tasks.push_back(std::move(others)), ...);
  return all(std::move(tasks));
}

}  // namespace duplex
