#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "address.hpp"
#include "bench_options.hpp"
#include "connection.hpp"
#include "messages.hpp"
#include "opening.hpp"
#include "opening_queue.hpp"
#include "schedule.hpp"
#include "timeline.hpp"
#include "work.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the system's own name.
struct epoll_event;

namespace duplex::app::bench {

/// Where connections go.
struct Target {
  http::Url url;
  HostAddress address;
};

/// The same, as one thread uses it.
struct Endpoint {
  HostAddress address;
  std::optional<TlsContext> tls = {};
  /// nullopt: no WebSocket.
  std::optional<OpeningRequest> opening = {};
};

/// What all threads share, and don't change.
struct Setup {
  BenchOptions options;
  Target target;
  /// Of publishers, in a fan-out.
  Target publish_target;
  Messages messages;
};

/// One thread of the load: its connections, its epoll set, its counts. It runs the work of one
/// mode, which is made by the caller and given to `run`.
class LoadThread {
 public:
  LoadThread(const Setup& setup, Schedule& schedule, Timeline& timeline, std::size_t number);
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;
  ~LoadThread();

  /// Until the schedule ends.
  void run(Work& work);
  /// Calls `Work::woken` in this thread, soon. Any thread.
  void wake() noexcept;

  const Setup& setup() const noexcept { return *setup_; }
  const Schedule& schedule() const noexcept { return *schedule_; }
  std::size_t number() const noexcept { return number_; }
  /// The part of the measured time that the thread was on a processor, after `run`.
  double busy() const noexcept { return busy_; }
  /// The part of it that it could have gone on, and had no processor, as far as the system tells.
  double waiting() const noexcept { return waiting_; }
  double cpu_seconds() const noexcept { return cpu_seconds_; }
  /// What it has counted, after `run`.
  const Tally& tally() const noexcept { return tally_; }

  // For the work.

  /// Before `run`: adds connections to be opened at the start, or, unless `at_start`, by the work.
  void add_connections(std::size_t count, bool publish = false, bool at_start = true);
  std::span<Connection> connections() noexcept { return connections_; }
  Recorder& recorder() noexcept { return recorder_; }
  /// From when on it is measured, as far as that is known.
  Time counts_from() const noexcept { return schedule_->counts_from(); }
  /// Whether the load is on, so that the work goes on sending.
  bool loading() const noexcept { return stage_ == Stage::warming || stage_ == Stage::measuring; }
  /// Whether it is over, and only answers to what was sent before are still waited for.
  bool draining() const noexcept { return stage_ == Stage::draining; }
  /// Whether connections are still of use: the load goes on, or something that was due by its end
  /// is to be sent.
  bool wants_connections() const { return loading() || (draining() && work_->is_behind()); }
  std::mt19937& random() noexcept { return random_; }

  /// Opens it, as soon as there is room among those that are being opened.
  void open(Connection& connection, Time not_before = 0);
  /// What the connections' `owed` are bytes of.
  void set_round(const Round& round) noexcept { round_ = &round; }
  /// Sends what it owes, as far as that goes now.
  void flush(Connection& connection);
  /// Sends a whole frame besides, or the like.
  void say(Connection& connection, std::string_view bytes);
  /// Counts what went wrong; the connection stays.
  void count(const Fault& fault);
  /// Counts it, and closes the connection, which is opened again while the load is on.
  void fail(Connection& connection, const Fault& fault);
  /// Closes it, which is nobody's fault, and nothing more.
  void close(Connection& connection);

 private:
  enum class Stage : std::uint8_t { opening, warming, measuring, draining, over };

  void advance();
  void begin_measuring();
  void end_measuring();
  void advance_clock();
  void open_more();
  void begin_opening(Connection& connection);
  void expire();
  Time next_due() const;
  void wait();
  int wait_for(std::span<epoll_event> events, Time time) noexcept;
  void on_event(Connection& connection, std::uint32_t events);
  void go_on_opening(Connection& connection);
  void encrypt(Connection& connection);
  void ask(Connection& connection);
  void read_answer(Connection& connection);
  void become_open(Connection& connection, Bytes rest);
  void read(Connection& connection, bool to_the_end);
  void opening_failed(Connection& connection, const Fault& fault);
  void open_anew(Connection& connection);
  void drop(Connection& connection);
  void forget(Connection& connection);
  void watch_writing(Connection& connection, bool wanted);
  void watch(Connection& connection, int how);
  void say_goodbye();

  const Setup* setup_;
  Schedule* schedule_;
  std::size_t number_;
  Work* work_ = nullptr;
  int poll_;
  int wakes_;
  std::mt19937 random_;
  Endpoint endpoint_;
  Endpoint publish_endpoint_;
  http1::FieldTable fields_;
  std::vector<Connection> connections_;
  OpeningQueue openings_;
  const Round* round_ = nullptr;
  std::vector<char> buffer_;
  Tally tally_;
  Recorder recorder_;
  /// Something that was due by the end is still to be done.
  bool behind_ = false;
  Stage stage_ = Stage::opening;
  bool ready_ = false;
  bool waits_precisely_ = true;
  Time now_ = 0;
  double cpu_before_ = 0;
  double wait_before_ = 0;
  double cpu_seconds_ = 0;
  double busy_ = 0;
  double waiting_ = 0;
};

}  // namespace duplex::app::bench
