#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

#include "net/descriptor.hpp"
#include "net/inbox.hpp"
#include "net/timer_wheel.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::net {

/// What a descriptor is watched for. Hang-up and errors are always reported.
struct Interest {
  bool readable = false;
  bool writable = false;
  /// One of the loops that watch this descriptor is woken, not all: for a listener that several
  /// loops share (EPOLLEXCLUSIVE). The same for `watch` and every `change`.
  bool exclusive = false;
};

/// What a descriptor is ready for.
struct Readiness {
  bool readable = false;
  bool writable = false;
  /// Both directions are shut down, or the connection has failed. Reported whatever the interest,
  /// again and again: close, or stop watching. What came before may still be there to be read.
  bool hung_up = false;
};

/// Owner of a watched descriptor.
class Pollable {
 public:
  /// Called in the loop's thread. May watch, change and stop watching any descriptor, its own
  /// included, but may not destroy its own pollable: closing marks, and the owner frees in an
  /// `Epilogue` or a timer. Others may be destroyed once they are unwatched.
  virtual void on_ready(Readiness readiness) noexcept = 0;

 protected:
  ~Pollable() = default;
};

/// Work that closes each iteration of a loop: one send for each connection, freeing what closed.
class Epilogue {
 public:
  virtual void on_iteration_end() noexcept = 0;

 protected:
  ~Epilogue() = default;
};

/// Something that lives in a loop's thread, and no longer than the loop, which owns it.
class Resident {
 public:
  virtual ~Resident() = default;
};

/// One thread's epoll set, timers, inbox, and the buffers that its connections share.
///
/// One thread calls `run`; all else is for that thread alone, but `inbox()->post` and `stop`.
/// (Until the thread runs, whoever makes the loop may set it up.)
class EventLoop {
 public:
  /// Throws std::system_error when the system refuses a descriptor.
  explicit EventLoop(std::size_t read_buffer_bytes = std::size_t{256} * 1024);
  ~EventLoop();

  /// Level-triggered. `pollable` is borrowed until `unwatch`.
  std::error_code watch(int descriptor, Interest interest, Pollable& pollable) noexcept;
  std::error_code change(int descriptor, Interest interest, Pollable& pollable) noexcept;
  /// Events of this iteration that were already collected for `pollable` are dropped.
  void unwatch(int descriptor, Pollable& pollable) noexcept;

  /// Registered until `remove`, or for the life of the loop; called in order of registration.
  void add(Epilogue& epilogue);
  void remove(Epilogue& epilogue) noexcept;
  /// Whether that one is registered now; looks at the pointer only.
  bool has(const Epilogue* epilogue) const noexcept;

  /// For epilogues that were given work behind their turn, by others': the next wait does not
  /// sleep.
  void note_late_work() noexcept { late_work_ = true; }

  /// Takes what is to live with the loop: destroyed with it, the last one first, by whoever
  /// destroys the loop; or before, by `evict`, which is not for code that the resident has called.
  void house(std::unique_ptr<Resident> resident);
  void evict(const Resident& resident) noexcept;
  /// Destroys all residents, when no thread runs the loop any more; it is to take no others.
  void vacate() noexcept;
  bool vacated() const noexcept { return vacated_; }

  /// Runs until `stop`. Each iteration: wait, ready descriptors, due timers, posted work,
  /// epilogues. The wait ends at once when there is work already: what was posted or is due.
  void run();
  /// One iteration that waits at most `wait_ms_max`; for tests and for embedding.
  void run_once(std::uint64_t wait_ms_max);
  /// Ends `run` after the current iteration, or the next `run` before its first. Any thread, and
  /// from a signal handler.
  void stop() noexcept;

  /// The monotonic clock as it was read once in this iteration.
  std::uint64_t now_ms() const noexcept { return now_ms_; }
  TimerWheel& timers() noexcept { return timers_; }
  /// Arms `timer` to fire `delay_ms` from `now_ms`.
  void arm(Timer& timer, std::uint64_t delay_ms) noexcept {
    timers_.arm(timer, now_ms_ + delay_ms);
  }

  /// Takes work from any thread; outlives the loop, and refuses work after it.
  const std::shared_ptr<Inbox>& inbox() const noexcept { return inbox_; }

  /// Where connections read into; its content is nobody's after the call that read.
  Bytes read_buffer() noexcept { return {read_buffer_.get(), read_buffer_bytes_}; }
  /// Where the connection that is being read from collects what it sends.
  ByteQueue& cork() noexcept { return cork_; }

  /// The loop that is running in this thread, or is ended by it; nullptr elsewhere.
  static EventLoop* current() noexcept;

  /// Says which loop a thread runs, as long as it does; or ends, when no thread runs it any more:
  /// what is destroyed then still calls users, who are to find themselves where they always are.
  class Presence {
   public:
    explicit Presence(EventLoop& loop) noexcept;
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    EventLoop* outer_;
  };

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

 private:
  // As many as the busiest loops find at once; more come in the next iteration.
  static constexpr std::size_t events_max = 512;

  void iterate(std::uint64_t wait_ms_max) noexcept;
  std::size_t wait(std::uint64_t wait_ms_max) noexcept;
  int timeout_ms(std::uint64_t wait_ms_max) noexcept;
  void set_alarm(std::uint64_t due_ms) noexcept;

  Descriptor epoll_;
  // Ends a wait when a timer is due. Set when the first of them comes to be another; a limit of
  // each wait would have the system set and remove a timer of its own each time.
  Descriptor alarm_;
  std::uint64_t alarm_ms_ = 0;
  std::shared_ptr<Inbox> inbox_;
  std::uint64_t now_ms_;
  TimerWheel timers_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::size_t read_buffer_bytes_;
  ByteQueue cork_;
  std::vector<Epilogue*> epilogues_;
  std::vector<std::unique_ptr<Resident>> residents_;
  // What the running iteration has collected; `events_next_` is the first not yet dispatched.
  std::array<epoll_event, events_max> events_;
  std::size_t events_next_ = 0;
  std::size_t events_count_ = 0;
  bool late_work_ = false;
  bool vacated_ = false;
  std::atomic<bool> stopping_ = false;
};

}  // namespace duplex::net
