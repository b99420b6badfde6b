#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace duplex::app {

/// Writes lines to a descriptor from a thread of its own, so that no worker ever waits for a slow
/// disk, terminal or pipe. The first line begins the thread and is written at once; those that come
/// right behind another are gathered into large writes.
///
/// Lines that find a full queue are lost and counted, and the log says so when it can.
class LogWriter {
 public:
  struct Options {
    /// Where to write; stays open, and its owner's.
    int descriptor = 2;
    /// What may wait to be written, in bytes.
    std::size_t queue_bytes_max = 4 * 1024 * 1024;
    /// The line that tells how many were lost.
    std::function<std::string(std::uint64_t)> describe_loss = {};
  };

  explicit LogWriter(Options options);
  /// Writes what is left, waiting at most a second for a reader that takes nothing.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Takes whole lines. Any thread; never waits for the descriptor.
  void write(std::string_view lines);

 private:
  bool begin_thread();
  void run();
  void deliver(std::string_view text);
  bool wait_until_writable();

  Options options_;
  std::mutex mutex_;
  std::condition_variable something_queued_;
  std::condition_variable stop_requested_;
  std::string queue_;
  std::uint64_t lost_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // none as long as there is nothing to write
};

}  // namespace duplex::app
