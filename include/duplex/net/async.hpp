#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <duplex/base/compiler.hpp>
#include <duplex/base/task.hpp>

/// What a coroutine that runs in a duplex thread may wait for: time, another thread, blocking work.
/// Everything here resumes the coroutine in the thread where it waited. A coroutine that is
/// destroyed while it waits simply never resumes.
namespace duplex::net {

namespace detail {

/// The two ends of one wait that another thread may end. The waiting end lives in its loop's
/// thread; the state is shared so that either end may go first.
class CrossThreadWait {
 public:
  CrossThreadWait();
  ~CrossThreadWait();
  CrossThreadWait(const CrossThreadWait&) = delete;
  CrossThreadWait& operator=(const CrossThreadWait&) = delete;

  /// The loop's thread: false when it was ended already, and there is nothing to wait for.
  /// Throws std::logic_error in a thread that runs no loop.
  bool wait(std::coroutine_handle<> waiter);
  /// The loop's thread: the coroutine is gone.
  void abandon() noexcept;
  /// Any thread: true for the first to ask, who then provides the result and calls `end`.
  bool begin_end() noexcept;
  void end() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Runs `work` in a small pool of threads that are kept for blocking calls.
void run_in_pool(std::move_only_function<void()> work);

}  // namespace detail

/// Waits without holding the thread: `co_await sleep_for(100ms)`.
class [[nodiscard]] sleep_for {
 public:
  explicit sleep_for(std::chrono::milliseconds duration) noexcept;
  sleep_for(const sleep_for&) = delete;
  sleep_for& operator=(const sleep_for&) = delete;
  ~sleep_for();

  bool await_ready() const noexcept { return duration_.count() <= 0; }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const noexcept {}

 private:
  class Alarm;
  std::chrono::milliseconds duration_;
  std::unique_ptr<Alarm> alarm_;
};

namespace detail {

/// Ends a wait when its time is up.
class Limit {
 public:
  /// What happens then; called by the loop, when no coroutine is running.
  class Owner {
   public:
    virtual void on_limit() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  explicit Limit(Owner& owner) noexcept;
  ~Limit();
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  /// Throws std::logic_error in a thread that runs no loop.
  void begin(std::chrono::milliseconds duration);
  void end() noexcept;

 private:
  class Alarm;
  Owner& owner_;
  std::unique_ptr<Alarm> alarm_;
};

template <class Awaitable>
auto awaiter_of(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

template <class Awaitable>
using AwaitResult = decltype(detail::awaiter_of(std::declval<Awaitable>()).await_resume());

template <class Awaitable>
Task<AwaitResult<Awaitable>> as_task(Awaitable awaitable) {
  co_return co_await std::move(awaitable);
}

template <class T>
class Within final : private Limit::Owner {
 public:
  using Result = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

  Within(std::chrono::milliseconds duration, Task<T> task) noexcept
      : duration_(duration), task_(std::move(task)) {}
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    limit_.begin(duration_);
    return task_.begin(waiter);
  }
  Result await_resume() {
    limit_.end();
    if constexpr (std::is_void_v<T>) {
      if (task_) task_.result();
      return static_cast<bool>(task_);
    } else {
      if (!task_) return std::nullopt;
      return task_.result();
    }
  }

 private:
  void on_limit() noexcept override {
    task_ = {};
    waiter_.resume();
  }

  std::chrono::milliseconds duration_;
  Task<T> task_;
  std::coroutine_handle<> waiter_;
  Limit limit_{*this};
};

}  // namespace detail

/// Waits for a task, or anything else that can be awaited, but no longer than `duration`: yields an
/// optional of its result, or a bool where that is void, and nothing, or false, when the time was
/// up. What was waited for has been destroyed then, and with it ended.
///
///   auto message = co_await within(5s, socket.receive());
template <class T>
detail::Within<T> within(std::chrono::milliseconds duration, Task<T> task) {
  return {duration, std::move(task)};
}
template <class Awaitable>
auto within(std::chrono::milliseconds duration, Awaitable awaitable) {
  return detail::Within<detail::AwaitResult<Awaitable>>(duration,
                                                        detail::as_task(std::move(awaitable)));
}

/// One value that another thread will provide, and one coroutine that waits for it.
///
/// Make it in the coroutine, hand `resolver()` to the other thread, `co_await` it once. Somebody
/// must resolve it: a coroutine whose resolvers all go away waits until it is destroyed.
template <class T>
class Completion {
  struct Shared {
    detail::CrossThreadWait wait;
    std::optional<T> value;
  };

 public:
  Completion() : shared_(std::make_shared<Shared>()) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() { shared_->wait.abandon(); }

  /// The other thread's end; copyable. The first `resolve` counts, from any thread.
  class Resolver {
   public:
    void resolve(T value) const {
      if (!shared_->wait.begin_end()) return;
      shared_->value.emplace(std::move(value));
      shared_->wait.end();
    }

   private:
    friend Completion;
    explicit Resolver(std::shared_ptr<Shared> shared) noexcept : shared_(std::move(shared)) {}
    std::shared_ptr<Shared> shared_;
  };
  Resolver resolver() const { return Resolver(shared_); }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) { return shared_->wait.wait(waiter); }
  T await_resume() { return std::move(*shared_->value); }

 private:
  std::shared_ptr<Shared> shared_;
};

namespace detail {

template <class Work>
Task<std::invoke_result_t<Work>> run_elsewhere(Work work) {
  using Result = std::invoke_result_t<Work>;
  struct Nothing {};
  using Value = std::conditional_t<std::is_void_v<Result>, Nothing, std::optional<Result>>;
  struct Outcome {
    Value value{};
    std::exception_ptr exception;
  };
  Completion<Outcome> completion;
  run_in_pool([resolver = completion.resolver(), work = std::move(work)]() mutable {
    Outcome outcome;
    try {
      if constexpr (std::is_void_v<Result>) {
        work();
      } else {
        outcome.value.emplace(work());
      }
    } catch (...) {
      outcome.exception = std::current_exception();
    }
    resolver.resolve(std::move(outcome));
  });
  Outcome outcome = co_await completion;
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  if constexpr (!std::is_void_v<Result>) co_return std::move(*outcome.value);
}

}  // namespace detail

/// Runs `work`, which may block, in another thread, and waits for its result:
///
///   auto query = [key = std::string(key)] { return database.find(key); };
///   auto rows = co_await offload(query);
///
/// `work` is taken over, also when it has a name. An exception that it throws is thrown by the
/// `co_await`. When the waiting coroutine is destroyed, `work` still runs to its end: it should own
/// what it uses.
template <class Work>
Task<std::invoke_result_t<std::decay_t<Work>>> offload(Work&& work) {
  static_assert(!destroys_awaited_closures_twice || std::is_lvalue_reference_v<Work> ||
                    std::is_trivially_destructible_v<std::decay_t<Work>>,
                "this compiler (GCC before 13) destroys a closure that is made inside of co_await "
                "twice; give it a name first: auto work = [...] {...}; co_await offload(work);");
  using Owned = std::decay_t<Work>;
  return detail::run_elsewhere(Owned(static_cast<Owned&&>(work)));
}

}  // namespace duplex::net
