#pragma once

#include <csignal>
#include <functional>
#include <thread>

#include "stop_pipe.hpp"

namespace duplex::app {

/// Looks, in a thread of its own, for the two ways in which others end a program that stands in a
/// pipe: SIGINT or SIGTERM, and that nobody reads standard output any more.
///
/// The signals must be blocked by then in all threads, see `block_ends`.
class Watch {
 public:
  /// `on_end` is called once, in that thread, with the signal, or with 0. After a signal the next
  /// one ends the program at once.
  explicit Watch(std::function<void(int signal)> on_end);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void run();

  std::function<void(int signal)> on_end_;
  StopPipe stop_;
  std::thread thread_;
};

/// Blocks SIGINT, SIGTERM and what `more` names, in this thread and in those that it will make, and
/// ignores SIGPIPE: writing tells, too.
void block_ends(std::initializer_list<int> more = {});
/// SIGINT and SIGTERM end the program again, at once, when they reach this thread.
void unblock_ends();

}  // namespace duplex::app
