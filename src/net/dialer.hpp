#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "net/alarm.hpp"
#include "net/descriptor.hpp"
#include "net/event_loop.hpp"
#include "net/socket_address.hpp"

namespace duplex::net {

struct DialerOptions {
  /// How long an attempt goes on alone before the next begins beside it (RFC 8305 section 5:
  /// 250 ms, and never under 10 ms or over 2 s).
  std::uint64_t next_attempt_ms = 250;
  /// For one attempt. Three retransmissions of a SYN fall into it (at 1, 3 and 7 s).
  std::uint64_t attempt_ms_max = 10'000;
  /// For all of them, from the first address on.
  std::uint64_t dial_ms_max = 30'000;
};

/// An attempt that did not lead to a connection.
struct FailedAttempt {
  SocketAddress address;
  /// Of the system's category; std::errc::timed_out also for our own limits.
  std::error_code error;
};

/// Why there is no connection.
struct DialError {
  /// What stands for all: the first failure of an address to which this machine has a way, or else
  /// the first of all; `ResolveError::no_addresses` when there were none; timed out when the
  /// limit for the whole ended it.
  std::error_code error;
  /// In the order in which they ended; those that the limit for the whole ended come last.
  std::vector<FailedAttempt> attempts;
  /// Addresses that were not come to in time.
  std::size_t untried = 0;

  /// As "127.0.0.1:80: Connection refused; [::1]:80: Connection timed out; 2 more not tried".
  std::string message() const;
};

/// A connection.
struct Dialed {
  /// Non-blocking, closed on exec; TCP with TCP_NODELAY.
  Descriptor socket;
  /// What it is connected to, as it was given.
  SocketAddress address;
  /// Attempts that failed before; those that were merely slower are not there.
  std::vector<FailedAttempt> failed;
};

/// Connects a stream socket (TCP or Unix) to whichever of several addresses answers first, as
/// RFC 8305 (Happy Eyeballs 2) does: one attempt after the other begins, at once when one has
/// failed and else after a short while beside those that go on; the families take turns. The first
/// connection wins, the others are closed.
///
/// For one connection; give it each of a resolver's answers as it comes:
///
///   dialer.add(resolution.addresses);
///   if (resolution.complete) dialer.finish();
///
/// Used in the loop's thread. Destroying it closes what is under way, and nothing is called.
class Dialer {
 public:
  /// Called exactly once in the loop's thread, never from within `add` or `finish`. May destroy the
  /// dialer. May not throw.
  using OnDialed = std::move_only_function<void(std::expected<Dialed, DialError>)>;

  /// `loop` is borrowed and must outlive it.
  Dialer(EventLoop& loop, const DialerOptions& options, OnDialed on_dialed);
  ~Dialer();

  /// More addresses, best first; they wait behind those that are there, but for the families'
  /// taking turns. The first call starts the time. Without effect when the end has been told.
  void add(std::span<const SocketAddress> addresses);
  /// No more come: when all attempts have failed, that is the end.
  void finish() noexcept;

  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

 private:
  class Attempt;

  void step() noexcept;
  void start_next();
  SocketAddress take_next() noexcept;
  void on_next_due() noexcept;
  void on_deadline() noexcept;
  void end_failed(std::error_code error) noexcept;
  void end(std::expected<Dialed, DialError> result) noexcept;

  EventLoop& loop_;
  DialerOptions options_;
  OnDialed on_dialed_;
  std::deque<SocketAddress> waiting_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::vector<FailedAttempt> failed_;
  int last_family_ = 0;
  // Attempts to begin now: one, and one more for each that has failed.
  std::size_t due_ = 1;
  bool finished_ = false;
  bool ended_ = false;
  Alarm<Dialer> step_{*this, &Dialer::step};
  Alarm<Dialer> next_{*this, &Dialer::on_next_due};
  Alarm<Dialer> deadline_{*this, &Dialer::on_deadline};
};

}  // namespace duplex::net
