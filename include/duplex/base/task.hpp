#pragma once

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

#include <duplex/base/compiler.hpp>

namespace duplex {

template <class T = void>
class Task;

namespace detail {

/// What the promises of all tasks share: lazy start, and at the end a jump to whoever awaits.
class TaskPromiseCore {
 public:
  /// Looks whether the compiler has laid the coroutine's frame out as it believes itself.
  struct Initial {
    const TaskPromiseCore& promise;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      if constexpr (misplaces_promises) {
        const TaskPromiseCore& believed = self.promise();
        if (&believed != &promise) end_misplaced();
      }
    }
    void await_resume() const noexcept {}
  };
  Initial initial_suspend() const noexcept { return {*this}; }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void continue_with(std::coroutine_handle<> continuation) noexcept {
    continuation_ = continuation;
  }

 protected:
  [[noreturn]] static void end_misplaced() noexcept {
    std::fputs(
        "duplex: this compiler (GCC before 13) can't compile a coroutine whose first co_await is "
        "the condition of an if or a while; give its result a name first: "
        "const auto result = co_await ...; if (result) ...\n",
        stderr);
    std::abort();
  }

  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr exception_;
};

template <class T>
class TaskPromise : public TaskPromiseCore {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T result() {
    if (exception_) std::rethrow_exception(exception_);
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseCore {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void result() const {
    if (exception_) std::rethrow_exception(exception_);
  }
};

}  // namespace detail

/// A lazily started coroutine that yields one `T`; `co_await` it to run it and take its result.
///
/// GCC before 13 can't compile one whose first `co_await` is the condition of an `if` or a `while`,
/// unless that declares a name for its result; calling it ends the program with a sentence that
/// says so.
///
/// The object owns the coroutine: destroying a task that is suspended ends it there, and the
/// destructors of its local variables (and of what it awaits) run. An exception that leaves the
/// coroutine is thrown again where it is awaited. A task runs in the thread that awaits it; one
/// that is handed to a server runs in the thread of its connection, from beginning to end.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  /// Ends the coroutine that this task owned before.
  Task& operator=(Task&& other) noexcept {
    Task taken(std::move(other));
    std::swap(handle_, taken.handle_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  /// Whether there is a coroutine at all.
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  bool done() const noexcept { return handle_.done(); }

  /// Runs the coroutine until it first waits or ends. For whoever drives a task from plain code;
  /// coroutines write `co_await`.
  void start() { handle_.resume(); }

  /// Runs the coroutine until it first waits or ends, and has `continuation` resumed when it ends
  /// later; false when it has ended already. What awaiters of tasks do.
  ///
  /// It runs below the caller, instead of being jumped to: where the compiler makes a jump a call,
  /// as GCC does without -O2, a loop that awaits tasks which don't wait would fill the stack.
  bool begin(std::coroutine_handle<> continuation) {
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().continue_with(continuation);
    return true;
  }

  /// The result of a task that is done, or its exception.
  T result() { return handle_.promise().result(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Task& task;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> continuation) { return task.begin(continuation); }
      T await_resume() { return task.result(); }
    };
    return Awaiter{*this};
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace duplex
