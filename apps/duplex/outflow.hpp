#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <duplex/base/task.hpp>
#include <duplex/net/async.hpp>

namespace duplex::app {

/// Text that a coroutine of a duplex thread hands to another thread, which writes it. A coroutine
/// waits while there is enough, so that a slow reader slows down the server at the other end.
class Outflow {
 public:
  /// `bytes_max`: how much may wait. `on_text` is called, in any thread, when there is something to
  /// take and there was nothing before, and at the end.
  explicit Outflow(std::size_t bytes_max, std::function<void()> on_text = {});

  /// The coroutine: adds `text`, and waits while there is more than enough. False when nobody takes
  /// any more.
  Task<bool> push(std::string text);

  /// Any thread: the same, but without waiting, for what can't wait, and is little.
  bool push_now(std::string_view text);

  /// Any thread: nothing will follow.
  void end();

  /// The other thread: all that is there, and waits while there is nothing; nullopt at the end.
  std::optional<std::string> take();
  /// The same without waiting; may be empty.
  std::string take_now();

  /// The other thread: whether there is nothing to take, nor will be.
  bool at_end();

  /// The other thread: nobody takes any more.
  void abandon();

 private:
  std::string take_all(std::unique_lock<std::mutex>& lock);
  void wake_writer(std::unique_lock<std::mutex>& lock);

  std::function<void()> on_text_;
  std::mutex mutex_;
  std::condition_variable something_;
  std::string text_;
  std::optional<net::Completion<bool>::Resolver> waiter_;
  std::size_t bytes_max_;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace duplex::app
