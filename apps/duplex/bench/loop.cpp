#include "loop.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

/// What an open loop sends before it looks at what has come.
constexpr std::size_t burst_max = 4096;
/// How many it may have under way; each takes some memory. What is due beyond that waits.
constexpr std::uint64_t under_way_max = 1'000'000;
/// In so many parts at most is told how long things waited that were never sent.
constexpr std::uint64_t waiting_parts_max = 10'000;

}  // namespace

Loop::Loop(LoadThread& thread, Round round, std::uint64_t payload_bytes,
           std::optional<PieceSizes> compressed)
    : thread_(thread),
      round_(std::move(round)),
      payload_bytes_(payload_bytes),
      compressed_(std::move(compressed)),
      depth_(thread.setup().options.depth),
      one_each_(!thread.setup().options.keep_alive),
      flows_(thread.connections().size()) {
  thread_.set_round(round_);
}

void Loop::begin(Time now) {
  open_closed();
  const BenchOptions& options = thread_.setup().options;
  if (options.rate > 0) {
    // From the common begin on, however late this thread was woken. Threads take turns, too.
    const double turn = 1e9 / options.rate * static_cast<double>(thread_.number());
    pacing_.emplace(options.rate / static_cast<double>(options.threads),
                    thread_.schedule().begin + static_cast<Time>(turn));
    return;
  }
  for (Connection& connection : thread_.connections()) {
    if (connection.is_open()) fill(connection, now);
  }
}

/// Those that the server has ended meanwhile.
void Loop::open_closed() {
  for (Connection& connection : thread_.connections()) {
    if (connection.state == Connection::State::closed) thread_.open(connection);
  }
}

void Loop::start(Connection& connection, std::size_t piece, Time now) {
  Flow& flow = flows_[connection.number];
  flow.next = piece;
  set_free(flow, true);
  connection.position = round_.start_of(piece);
  if (lack_ == Lack::connection) lack_ = Lack::nothing;
  if (thread_.loading() && !pacing_) fill(connection, now);
}

void Loop::fill(Connection& connection, Time now) {
  owe(connection, flows_[connection.number], now, depth_);
  thread_.flush(connection);
}

void Loop::owe(Connection& connection, Flow& flow, Time time, std::uint64_t count) {
  connection.owed += round_.bytes_of(flow.next, count);
  if (counts(time)) {
    thread_.recorder().sent(count * payload_bytes_, count);
    if (compressed_) thread_.recorder().sent_compressed(compressed_->bytes_of(flow.next, count));
  }
  flow.next += count;
  while (flow.next >= round_.count()) flow.next -= round_.count();
  flow.in_flight.add(time, static_cast<std::uint32_t>(count));
  under_way_ += count;
  if (one_each_) set_free(flow, false);
}

void Loop::set_free(Flow& flow, bool is_free) noexcept {
  if (flow.is_free == is_free) return;
  flow.is_free = is_free;
  is_free ? ++free_ : --free_;
}

/// Whether what was sent, or was due, at this time is of the measured time. In a closed loop what
/// comes counts as it comes.
bool Loop::counts(Time sent) const {
  return !pacing_ || sent >= thread_.counts_from();
}

std::uint64_t Loop::answered(Connection& connection, std::uint64_t count, std::uint64_t bytes,
                             Time now, bool goes_on) {
  Flow& flow = flows_[connection.number];
  const std::uint64_t asked = std::min(count, flow.in_flight.count());
  under_way_ -= asked;
  if (asked > 0 && lack_ == Lack::answers) lack_ = Lack::nothing;
  flow.in_flight.take(asked, [&](Time sent, std::uint32_t messages) {
    count_answers(sent, now, messages == count ? bytes : bytes / count * messages, messages);
  });
  if (!pacing_ && asked > 0 && goes_on && thread_.loading()) owe(connection, flow, now, asked);
  return count - asked;
}

void Loop::count_answers(Time sent, Time came, std::uint64_t bytes, std::uint64_t messages) {
  if (!counts(sent)) return;
  const Time latency = came - std::min(sent, came);
  if (thread_.loading() || came < thread_.schedule().end) {
    thread_.recorder().received(bytes, latency, messages);
  } else if (pacing_ && thread_.draining()) {
    // It was due before the end; in a closed loop it was one more than could be had.
    thread_.recorder().late(latency, messages);
  }
}

std::uint64_t Loop::sent_whole(const Connection& connection) const {
  std::uint64_t unsent = 0;
  if (connection.owed > 0) {
    std::size_t piece = round_.piece_at(connection.position);
    // With what is gone of the first one.
    const std::uint64_t bytes = connection.owed + connection.position - round_.start_of(piece);
    unsent = bytes / round_.bytes() * round_.count();
    for (std::uint64_t rest = bytes % round_.bytes(); rest > 0; ++unsent) {
      rest -= round_.bytes_of(piece, 1);
      piece = piece + 1 == round_.count() ? 0 : piece + 1;
    }
  }
  // What was not asked for may have been taken for the answer of what has not left.
  return under_way(connection) - std::min(under_way(connection), unsent);
}

Time Loop::take_oldest(Connection& connection) {
  Time oldest = 0;
  flows_[connection.number].in_flight.take(
      1, [&oldest](Time sent, std::uint32_t /*messages*/) { oldest = sent; });
  return oldest;
}

void Loop::answered_apart(Time sent, Time came, std::uint64_t bytes) {
  --under_way_;
  if (lack_ == Lack::answers) lack_ = Lack::nothing;
  count_answers(sent, came, bytes, 1);
}

void Loop::fill_up(Connection& connection, std::uint64_t more, Time now) {
  const std::uint64_t due = depth_ + more;
  const std::uint64_t there = under_way(connection);
  if (pacing_ || !thread_.loading() || there >= due) return;
  owe(connection, flows_[connection.number], now, due - there);
}

void Loop::take_back(Connection& connection) {
  InFlight& in_flight = flows_[connection.number].in_flight;
  under_way_ -= in_flight.count();
  in_flight.take(in_flight.count(), [this](Time sent, std::uint32_t messages) {
    if (sent >= thread_.counts_from()) {
      thread_.recorder().taken_back(messages * payload_bytes_, messages);
    }
    if (pacing_) again_.insert(again_.end(), messages, sent);
  });
}

void Loop::closed(Connection& connection) {
  Flow& flow = flows_[connection.number];
  set_free(flow, false);
  under_way_ -= flow.in_flight.count();
  std::uint64_t unanswered = 0;
  flow.in_flight.take(flow.in_flight.count(), [&](Time sent, std::uint32_t messages) {
    if (pacing_ && counts(sent)) unanswered += messages;
  });
  if (unanswered == 0) return;
  thread_.recorder().error(error_kind::no_answer, "the connection ended before the answer had come",
                           unanswered);
}

bool Loop::catch_up(Time last) {
  if (!pacing_) return false;
  send_due(last);
  return due() <= last;
}

/// In an open loop: when the next piece is due, or was.
Time Loop::next_due() const {
  if (!again_.empty()) return again_.front();
  return pacing_ ? pacing_->next() : never;
}

Time Loop::take_due() {
  const Time due = next_due();
  if (again_.empty()) {
    pacing_->take();
  } else {
    again_.pop_front();
  }
  return due;
}

/// In an open loop, some of what is due by then.
void Loop::send_due(Time by) {
  lack_ = Lack::nothing;
  for (std::size_t i = 0; i < burst_max && next_due() <= by; ++i) {
    if (under_way_ >= under_way_max) {
      lack_ = Lack::answers;
      break;
    }
    Connection* const connection = next_free();
    if (connection == nullptr) {
      lack_ = Lack::connection;
      break;
    }
    if (!connection->waits_to_write && connection->owed == 0) touched_.push_back(connection);
    owe(*connection, flows_[connection->number], take_due(), 1);
  }
  for (Connection* const connection : touched_) {
    if (connection->is_open()) thread_.flush(*connection);
  }
  touched_.clear();
}

Connection* Loop::next_free() {
  if (free_ == 0) return nullptr;
  while (true) {
    Connection& connection = thread_.connections()[turn_];
    turn_ = turn_ + 1 == flows_.size() ? 0 : turn_ + 1;
    if (flows_[connection.number].is_free) return &connection;
  }
}

void Loop::give_up(Time last) {
  const Time now = steady_now();
  std::uint64_t unsent = 0;
  const auto wait = [&](Time due, std::uint64_t count) {
    if (!counts(due)) return;
    unsent += count;
    thread_.recorder().unanswered(now - std::min(due, now), count);
  };
  for (const Time due : again_) wait(due, 1);
  again_.clear();
  if (pacing_) pacing_->take_until(last, waiting_parts_max, wait);
  if (unsent > 0) {
    thread_.recorder().error(error_kind::not_sent,
                             lack_ == Lack::connection
                                 ? "no connection was open for what was due, by two seconds after "
                                   "the end"
                                 : "what was due was not sent two seconds after the end",
                             unsent);
  }
  if (under_way_ == 0) return;
  std::uint64_t unanswered = 0;
  for (Flow& flow : flows_) {
    flow.in_flight.take(flow.in_flight.count(), [&](Time sent, std::uint32_t messages) {
      if (!counts(sent)) return;
      unanswered += messages;
      if (pacing_) thread_.recorder().unanswered(now - std::min(sent, now), messages);
    });
  }
  under_way_ = 0;
  if (unanswered == 0) return;
  thread_.recorder().error(error_kind::no_answer,
                           "what was sent was not answered two seconds after the end", unanswered);
}

}  // namespace duplex::app::bench
