#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "net/event_loop.hpp"
#include "net/timer_wheel.hpp"
#include "tls/workspace.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/log_level.hpp>
#include <duplex/connection/publish_status.hpp>
#include <duplex/websocket/deflate_workspace.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::connection {

class Pipe;
class WebSocketLink;

/// Limits that every pipe of a thread has.
struct PipeLimits {
  /// For the peer to take any byte of what waits to be sent.
  std::uint32_t stalled_write_ms_max = 30'000;
  /// For the peer to end its side after we have ended ours; until then what it sends is thrown
  /// away, since closing before would reset the connection and destroy our last words. A peer that
  /// has said its own last, in clear, is not waited for.
  std::uint32_t linger_ms_max = 2'000;
  /// For the TLS handshake.
  std::uint32_t handshake_ms_max = 10'000;
};

/// What happened to the sockets of one thread; written by it, read by any.
struct HubCounters {
  std::atomic<std::uint64_t> messages_dropped = 0;
  std::atomic<std::uint64_t> slow_consumers_closed = 0;
};

/// What the connections of one thread share: the loop, their names, their time limits, and the work
/// that closes each iteration. Owns the pipes from `adopt` until they have closed.
class Hub : public net::Epilogue, private net::Timer {
 public:
  Hub(net::EventLoop& loop, const PipeLimits& limits);
  ~Hub() override;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  net::EventLoop& loop() noexcept { return loop_; }
  const PipeLimits& limits() const noexcept { return limits_; }

  /// Room to encode in, for a pipe that is not being read from; empty between uses.
  ByteQueue& scratch() noexcept { return scratch_; }
  /// What this thread's sockets compress with.
  websocket::DeflateWorkspace& deflate_workspace() noexcept { return deflate_workspace_; }
  /// What this thread's encrypted pipes share; made when the first of them asks.
  tls::Workspace& tls_workspace();
  HubCounters& counters() noexcept { return counters_; }
  const HubCounters& counters() const noexcept { return counters_; }

  /// Takes ownership of `pipe`, which was made by `new`; names it, and starts watching it.
  void adopt(Pipe& pipe);
  std::size_t pipe_count() const noexcept { return pipe_count_; }

  /// The generation of the name `index`, which tells apart the pipes that have it in turn.
  std::uint32_t generation(std::uint32_t index) const noexcept { return slots_[index].generation; }
  /// The pipe of that name; nullptr when it has closed.
  Pipe* find(std::uint32_t index, std::uint32_t generation) noexcept;

  /// Calls `visit` with every open pipe; it may close them, but not adopt new ones.
  template <class Visit>
  void for_each_pipe(Visit visit) {
    for (const Slot& slot : slots_) {
      if (slot.pipe != nullptr) visit(*slot.pipe);
    }
  }

  /// For pipes: asks for `Pipe::service` at the end of this iteration.
  void service_later(Pipe& pipe);
  /// For pipes: asks for `Pipe::on_deadline` no later than `due_ms`.
  void wake_by(std::uint32_t index, std::uint64_t due_ms) noexcept;
  /// For pipes: the pipe has closed; its name is void now, its memory goes at the end of this
  /// iteration.
  void retire(Pipe& pipe) noexcept;

  /// For pipes: closed and disposed of, but kept by a user's handle, until that goes.
  void add_orphan(Pipe& pipe) { orphans_.insert(&pipe); }
  /// The last handle has gone. Its memory goes at the end of the iteration: whoever had the handle
  /// may be a coroutine that belongs to it, and is running.
  void retire_orphan(Pipe& pipe) noexcept;

  /// The pipe whose input is being worked on, so that what is done is done for its peer; nullptr
  /// when none is.
  Pipe* at_work() const noexcept { return at_work_; }
  /// For pipes.
  void set_at_work(Pipe* pipe) noexcept { at_work_ = pipe; }

  /// Adds a socket to a topic. False when it was there already, or when this thread has no topics.
  virtual bool subscribe(WebSocketLink& link, std::string_view topic) = 0;
  virtual bool unsubscribe(WebSocketLink& link, std::string_view topic) = 0;
  /// Sends to a topic's subscribers in all threads, for `publisher`: but not to it, unless
  /// `to_itself`.
  virtual PublishStatus publish(std::string_view topic, const websocket::PreparedMessage& message,
                                WebSocketLink& publisher, bool to_itself) = 0;

  /// Tells whoever reads the log. Does not throw.
  virtual void log(LogLevel level, std::string_view sentence) const noexcept = 0;

  void on_iteration_end() noexcept final;

 protected:
  /// Closes and frees all pipes at once; for the destructors of those who derive from this, while
  /// they can still be called back.
  void close_all() noexcept;

 private:
  static const websocket::DeflateWaiting waiting_for_another_thread;

  struct Slot {
    Pipe* pipe = nullptr;
    std::uint32_t generation;
    /// When the pipe wants `on_deadline`, in milliseconds since this hub began, modulo 2^32.
    std::uint32_t due_ms = 0;
  };

  void on_timer() noexcept override;
  std::uint32_t now_ms() const noexcept;
  void arm_sweep(std::uint32_t due_ms) noexcept;
  void free_retired() noexcept {
    if (!retired_.empty()) free_all_retired();
  }
  void free_all_retired() noexcept;
  void note_work() noexcept;
  void do_late_work() noexcept;

  net::EventLoop& loop_;
  PipeLimits limits_;
  std::uint64_t began_ms_;
  Pipe* at_work_ = nullptr;
  // Where generations begin: another place for each hub, so that a name of one is none of another
  // that happens to be where the first was.
  std::uint32_t first_generation_;
  // A deque, because its memory grows by pieces: ten thousand pipes don't pay for twenty thousand.
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t pipe_count_ = 0;
  std::vector<Pipe*> to_service_;
  std::vector<Pipe*> in_service_;
  std::vector<Pipe*> retired_;
  std::unordered_set<Pipe*> orphans_;
  bool in_epilogue_ = false;
  ByteQueue scratch_;
  std::unique_ptr<tls::Workspace> tls_workspace_;
  websocket::DeflateWorkspace deflate_workspace_{&waiting_for_another_thread};
  HubCounters counters_;
  std::uint32_t sweep_due_ms_ = 0;
};

}  // namespace duplex::connection
