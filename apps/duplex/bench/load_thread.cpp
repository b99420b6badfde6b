#include "load_thread.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "descriptor_limit.hpp"

namespace duplex::app::bench {
namespace {

using Outcome = Wire::Outcome;
using State = Connection::State;

constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;
/// How often a connection is read before the others have their turn.
constexpr int calls_max = 64;
/// Until a connection that broke is opened again.
constexpr Time rest_time = second / 10;
/// How often the schedule is looked at where there is nothing to do.
constexpr Time glance = second / 200;

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// How long this thread was ready to run while others did; 0 where the system doesn't count it.
double thread_wait_seconds() {
  std::uint64_t ran_ns = 0;
  std::uint64_t waited_ns = 0;
  std::ifstream("/proc/thread-self/schedstat") >> ran_ns >> waited_ns;
  return static_cast<double>(waited_ns) / 1e9;
}

Endpoint endpoint_of(const Setup& setup, const Target& target) {
  const BenchOptions& options = setup.options;
  Endpoint endpoint{.address = target.address};
  if (target.url.is_secure()) {
    endpoint.tls.emplace(options.tls, target.url.host, options.resume);
  }
  if (target.url.scheme.starts_with("ws")) {
    websocket::HandshakeOffer offer{.fields = options.fields};
    if (!options.subprotocol.empty()) offer.subprotocols = {options.subprotocol};
    if (options.message.compressed) {
      offer.deflate = {.keep_send_window = options.message.keep,
                       .keep_receive_window = options.message.keep,
                       .let_server_limit_window = false};
    }
    endpoint.opening.emplace(target.url, std::move(offer));
  }
  return endpoint;
}

/// Closes connections at the end of a scope, however that is left.
struct CloseAll {
  std::vector<Connection>& connections;

  ~CloseAll() {
    for (Connection& connection : connections) connection.wire.close();
  }
};

}  // namespace

LoadThread::LoadThread(const Setup& setup, Schedule& schedule, Timeline& timeline,
                       std::size_t number)
    : setup_(&setup),
      schedule_(&schedule),
      number_(number),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakes_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      random_(std::random_device{}()),
      endpoint_(endpoint_of(setup, setup.target)),
      publish_endpoint_(endpoint_of(setup, setup.publish_target)),
      openings_(setup.options.pace / static_cast<double>(setup.options.threads)),
      buffer_(buffer_bytes),
      recorder_(timeline, tally_) {
  if (poll_ < 0 || wakes_ < 0) {
    throw std::system_error(errno, std::generic_category(), "can't wait for sockets");
  }
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(poll_, EPOLL_CTL_ADD, wakes_, &event);
}

LoadThread::~LoadThread() {
  ::close(poll_);
  ::close(wakes_);
}

void LoadThread::add_connections(std::size_t count, bool publish, bool at_start) {
  for (std::size_t i = 0; i < count; ++i) {
    Connection& connection = connections_.emplace_back();
    connection.number = static_cast<std::uint32_t>(connections_.size() - 1);
    connection.endpoint = publish ? &publish_endpoint_ : &endpoint_;
    if (at_start) open(connection);
  }
}

void LoadThread::run(Work& work) {
  take_own_descriptors();
  // By whom they were opened: in other threads their numbers are none, or others'.
  const CloseAll close_all{connections_};
  work_ = &work;
  now_ = steady_now();
  openings_.start(now_);
  while (true) {
    advance();
    // What comes now is what was given up.
    if (stage_ == Stage::over) break;
    open_more();
    expire();
    if (loading() && work.due() <= now_) work.act(now_);
    wait();
  }
  say_goodbye();
  recorder_.finish();
  schedule_->done.fetch_add(1, std::memory_order_release);
}

void LoadThread::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wakes_, &one, sizeof one);
}

/// Goes from stage to stage as the schedule says.
void LoadThread::advance() {
  const Time end = schedule_->end.load(std::memory_order_acquire);
  switch (stage_) {
    case Stage::opening:
      if (!ready_ && openings_.empty()) {
        ready_ = true;
        // Publishers count nothing.
        schedule_->opened += static_cast<std::size_t>(
            std::ranges::count_if(connections_, [this](const Connection& connection) {
              return connection.is_open() && connection.endpoint == &endpoint_;
            }));
        Time latest = schedule_->opening_ended;
        while (latest < now_ && !schedule_->opening_ended.compare_exchange_weak(latest, now_)) {
        }
        schedule_->ready.fetch_add(1, std::memory_order_release);
      }
      if (end <= now_) {
        stage_ = Stage::over;
      } else if (ready_ && schedule_->begin.load(std::memory_order_acquire) <= now_) {
        stage_ = Stage::warming;
        // It is the pace of the beginning only.
        openings_.lift_pace();
        work_->begin(now_);
      }
      return;
    case Stage::warming:
      if (end <= now_) {
        stage_ = Stage::over;
      } else if (schedule_->counts_from() <= now_) {
        begin_measuring();
      }
      return;
    case Stage::measuring:
      if (end <= now_) end_measuring();
      return;
    case Stage::draining:
      // What is due at the end itself is of no use any more.
      behind_ = work_->catch_up(end - 1);
      if (!behind_ && !work_->waits()) {
        stage_ = Stage::over;
      } else if (end + Schedule::patience <= now_) {
        work_->give_up(end - 1);
        stage_ = Stage::over;
      }
      return;
    case Stage::over: return;
  }
}

void LoadThread::begin_measuring() {
  stage_ = Stage::measuring;
  cpu_before_ = thread_cpu_seconds();
  wait_before_ = thread_wait_seconds();
}

void LoadThread::end_measuring() {
  const Time end = schedule_->end.load(std::memory_order_acquire);
  cpu_seconds_ = thread_cpu_seconds() - cpu_before_;
  const double measured = 1e-9 * static_cast<double>(end - schedule_->counts_from());
  busy_ = cpu_seconds_ / measured;
  waiting_ = (thread_wait_seconds() - wait_before_) / measured;
  stage_ = Stage::draining;
  if (!wants_connections()) openings_.clear_waiting();
}

/// What is counted from here on belongs to this moment, or to the last one that is measured.
void LoadThread::advance_clock() {
  now_ = steady_now();
  const Time end = schedule_->end.load(std::memory_order_relaxed);
  recorder_.advance(Timeline::Time(std::chrono::nanoseconds(now_ < end ? now_ : end - 1)));
}

void LoadThread::open(Connection& connection, Time not_before) {
  openings_.add(connection.number, not_before);
}

void LoadThread::open_more() {
  while (const auto number = openings_.take(now_)) begin_opening(connections_[*number]);
}

void LoadThread::begin_opening(Connection& connection) {
  connection.since = steady_now();
  connection.position = 0;
  connection.owed = 0;
  connection.waits_to_write = true;
  connection.owed_was_blocked = false;
  // Threads take turns in the order of all connections, by which sources are chosen.
  const std::size_t place = std::size_t{connection.number} * setup_->options.threads + number_;
  const HostAddress& address = connection.endpoint->address;
  if (connection.wire.connect(address, source_of(address, place)) != Outcome::done) {
    opening_failed(connection, connection.wire.fault());
    return;
  }
  connection.state = State::connecting;
  watch(connection, EPOLL_CTL_ADD);
}

/// Gives up those that take too long to open.
void LoadThread::expire() {
  while (const auto number = openings_.overdue(now_)) {
    opening_failed(connections_[*number], {"timeout", "it was not open after ten seconds"});
  }
}

Time LoadThread::next_due() const {
  if (behind_) return now_;
  Time due = stage_ == Stage::measuring ? now_ + Schedule::slice : now_ + glance;
  due = std::min(due, schedule_->end.load(std::memory_order_acquire));
  if (ready_ && stage_ == Stage::opening) due = std::min(due, schedule_->begin.load());
  if (loading()) due = std::min(due, work_->due());
  return std::min(due, openings_.due(now_));
}

/// As epoll_wait, for a time in nanoseconds.
int LoadThread::wait_for(std::span<epoll_event> events, Time time) noexcept {
  const int room = static_cast<int>(events.size());
  if (waits_precisely_) {
    const timespec timeout{static_cast<std::time_t>(time / second),
                           static_cast<long>(time % second)};
    const int count = ::epoll_pwait2(poll_, events.data(), room, &timeout, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    // Linux before 5.11.
    waits_precisely_ = false;
  }
  constexpr Time millisecond = second / 1000;
  return ::epoll_wait(poll_, events.data(), room,
                      static_cast<int>((time + millisecond - 1) / millisecond));
}

void LoadThread::wait() {
  now_ = steady_now();
  const Time due = next_due();
  const Time left = due > now_ ? due - now_ : 0;
  std::array<epoll_event, 256> events;
  const int count = wait_for(events, left);
  advance_clock();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* const connection = static_cast<Connection*>(event.data.ptr);
    if (connection != nullptr) {
      on_event(*connection, event.events);
      continue;
    }
    std::uint64_t wakes = 0;
    [[maybe_unused]] const auto got = ::read(wakes_, &wakes, sizeof wakes);
    work_->woken(now_);
  }
}

void LoadThread::on_event(Connection& connection, std::uint32_t events) {
  const bool came = (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
  if (connection.state == State::open) [[likely]] {
    if (came) read(connection, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    if (connection.waits_to_write && (events & EPOLLOUT) != 0 && connection.is_open()) {
      flush(connection);
    }
    return;
  }
  const State before = connection.state;
  go_on_opening(connection);
  // What came with the news that it is connected is not told again.
  if (connection.is_open() && before != State::answering && came) read(connection, true);
}

void LoadThread::go_on_opening(Connection& connection) {
  switch (connection.state) {
    case State::closed: return;
    case State::connecting:
      if (connection.wire.finish_connecting() != Outcome::done) {
        opening_failed(connection, connection.wire.fault());
      } else if (connection.endpoint->tls) {
        connection.wire.encrypt(*connection.endpoint->tls);
        connection.state = State::encrypting;
        encrypt(connection);
      } else {
        ask(connection);
      }
      return;
    case State::encrypting: encrypt(connection); return;
    case State::answering:
      if (connection.extra) flush(connection);
      if (connection.state == State::answering) read_answer(connection);
      return;
    case State::open: return;
  }
}

void LoadThread::encrypt(Connection& connection) {
  switch (connection.wire.shake_hands()) {
    case Outcome::done: ask(connection); return;
    case Outcome::blocked: watch_writing(connection, false); return;
    case Outcome::ended:
      opening_failed(connection, {"TLS", "the server hung up during the handshake"});
      return;
    case Outcome::broken: opening_failed(connection, connection.wire.fault()); return;
  }
}

void LoadThread::ask(Connection& connection) {
  if (!connection.endpoint->opening) {
    become_open(connection, {});
    return;
  }
  const OpeningRequest& request = *connection.endpoint->opening;
  const websocket::HandshakeKey key = random_key(random_);
  connection.answer = std::make_unique<OpeningAnswer>(request, key, fields_);
  connection.state = State::answering;
  say(connection, request.with_key(key));
}

void LoadThread::read_answer(Connection& connection) {
  const Wire::Moved moved = connection.wire.receive(buffer_);
  switch (moved.outcome) {
    case Outcome::blocked: return;
    case Outcome::ended:
      opening_failed(connection, {"handshake", "the server hung up before it had answered"});
      return;
    case Outcome::broken: opening_failed(connection, connection.wire.fault()); return;
    case Outcome::done: break;
  }
  const bool more = moved.bytes == buffer_.size();
  Bytes input = std::as_writable_bytes(std::span(buffer_)).first(moved.bytes);
  const auto opened = connection.answer->read(input);
  if (!opened) {
    opening_failed(connection, opened.error());
  } else if (*opened) {
    // What stands behind the head may be in the answer's own memory.
    const std::unique_ptr<OpeningAnswer> kept = std::move(connection.answer);
    become_open(connection, input);
    if (connection.is_open() && (more || connection.wire.holds_more())) read(connection, true);
  }
}

void LoadThread::become_open(Connection& connection, Bytes rest) {
  connection.state = State::open;
  openings_.ended(connection.number);
  advance_clock();
  recorder_.opened(now_ - connection.since, connection.wire.resumed());
  watch_writing(connection, false);
  work_->opened(connection, now_);
  if (!rest.empty() && connection.is_open()) work_->received(connection, rest, now_);
}

/// Takes what has come, `to_the_end` also where less came than there was room for: the other end
/// may have ended the connection behind it.
void LoadThread::read(Connection& connection, bool to_the_end) {
  // What OpenSSL holds, the system knows nothing of.
  for (int calls = 0; calls < calls_max || connection.wire.encrypted(); ++calls) {
    const Wire::Moved moved = connection.wire.receive(buffer_);
    switch (moved.outcome) {
      case Outcome::done: break;
      case Outcome::blocked:
        if (connection.wire.encrypted()) work_->only_tls_came(connection);
        return;
      case Outcome::ended:
        if (!work_->ended(connection)) {
          fail(connection, {"closed early", "the server hung up without a word"});
        }
        return;
      case Outcome::broken: fail(connection, connection.wire.fault()); return;
    }
    advance_clock();
    work_->received(connection, std::as_writable_bytes(std::span(buffer_)).first(moved.bytes),
                    now_);
    if (!connection.is_open()) return;
    const bool more = connection.wire.encrypted() ? connection.wire.holds_more()
                                                  : to_the_end || moved.bytes == buffer_.size();
    if (!more) return;
  }
  // The others have waited for long enough. To be told again.
  watch(connection, EPOLL_CTL_MOD);
}

void LoadThread::flush(Connection& connection) {
  while (true) {
    std::string_view block;
    bool extra = false;
    if (connection.owed > 0) block = round_->from(connection.position, connection.owed);
    if (connection.extra && !connection.owed_was_blocked) {
      // It goes between two pieces, and when a part of it is gone, at once.
      const std::size_t piece = connection.owed > 0 ? round_->piece_at(connection.position) : 0;
      extra = connection.owed == 0 || round_->start_of(piece) == connection.position;
      block = extra ? std::string_view(*connection.extra)
                    : block.substr(0, round_->start_of(piece + 1) - connection.position);
    }
    if (block.empty()) {
      watch_writing(connection, false);
      return;
    }
    const Wire::Moved moved = connection.wire.send(block);
    if (moved.outcome == Outcome::blocked) {
      connection.owed_was_blocked = !extra;
      watch_writing(connection, true);
      return;
    }
    if (moved.outcome != Outcome::done) {
      connection.is_open() ? fail(connection, connection.wire.fault())
                           : opening_failed(connection, connection.wire.fault());
      return;
    }
    if (extra) {
      connection.extra->erase(0, moved.bytes);
      if (connection.extra->empty()) connection.extra.reset();
    } else {
      connection.owed_was_blocked = false;
      connection.owed -= moved.bytes;
      connection.position = round_->behind(connection.position, moved.bytes);
    }
  }
}

void LoadThread::say(Connection& connection, std::string_view bytes) {
  if (!connection.extra) connection.extra = std::make_unique<std::string>();
  *connection.extra += bytes;
  flush(connection);
}

void LoadThread::count(const Fault& fault) {
  recorder_.error(fault.kind, fault.text);
}

void LoadThread::fail(Connection& connection, const Fault& fault) {
  count(fault);
  recorder_.closed();
  drop(connection);
  open_anew(connection);
}

/// After a rest, if it is still of use.
void LoadThread::open_anew(Connection& connection) {
  if (wants_connections()) open(connection, now_ + rest_time);
}

void LoadThread::close(Connection& connection) {
  recorder_.ended();
  drop(connection);
}

void LoadThread::drop(Connection& connection) {
  forget(connection);
  connection.wire.abort();
  work_->closed(connection);
}

void LoadThread::opening_failed(Connection& connection, const Fault& fault) {
  openings_.ended(connection.number);
  recorder_.failed(fault.kind, fault.text);
  forget(connection);
  connection.wire.abort();
  open_anew(connection);
}

void LoadThread::forget(Connection& connection) {
  connection.state = State::closed;
  connection.answer.reset();
  connection.extra.reset();
  connection.owed = 0;
}

void LoadThread::watch_writing(Connection& connection, bool wanted) {
  if (connection.waits_to_write == wanted) return;
  connection.waits_to_write = wanted;
  if (connection.endpoint->tls) watch(connection, EPOLL_CTL_MOD);
}

/// In clear we are told once that something came, and that there is room again: else the system
/// would look anew at each connection whenever we wait, only to find that it was read. A socket
/// that gave less than we had room for has nothing more. With TLS that is not so.
void LoadThread::watch(Connection& connection, int how) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.ptr = &connection}};
  if (connection.endpoint->tls) {
    event.events = EPOLLIN | (connection.waits_to_write ? EPOLLOUT : 0U);
  }
  ::epoll_ctl(poll_, how, connection.wire.descriptor(), &event);
}

/// Servers that log how connections end have nothing to complain about.
void LoadThread::say_goodbye() {
  for (Connection& connection : connections_) {
    if (connection.is_open() && connection.endpoint->opening && connection.owed == 0 &&
        !connection.extra) {
      (void)connection.wire.send(client_close_frame);
    }
  }
}

}  // namespace duplex::app::bench
