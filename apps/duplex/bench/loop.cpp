#include "loop.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

/// What an open loop sends before it looks at what has come.
constexpr std::size_t burst_max = 4096;

}  // namespace

Loop::Loop(LoadThread& thread, Round round, std::uint64_t payload_bytes,
           std::optional<PieceSizes> compressed)
    : thread_(thread),
      round_(std::move(round)),
      payload_bytes_(payload_bytes),
      compressed_(std::move(compressed)),
      depth_(thread.setup().options.depth),
      flows_(thread.connections().size()) {
  thread_.set_round(round_);
}

void Loop::begin(Time now) {
  open_closed();
  const BenchOptions& options = thread_.setup().options;
  if (options.rate > 0) {
    // Threads take turns, too.
    const double turn = 1e9 / options.rate * static_cast<double>(thread_.number());
    pacing_.emplace(options.rate / static_cast<double>(options.threads),
                    now + static_cast<Time>(turn));
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
  flows_[connection.number].next = piece;
  connection.position = round_.start_of(piece);
  if (thread_.loading() && !pacing_) fill(connection, now);
}

void Loop::fill(Connection& connection, Time now) {
  owe(connection, flows_[connection.number], now, depth_);
  thread_.flush(connection);
}

void Loop::owe(Connection& connection, Flow& flow, Time time, std::uint64_t count) {
  connection.owed += round_.bytes_of(flow.next, count);
  if (compressed_) thread_.recorder().sent_compressed(compressed_->bytes_of(flow.next, count));
  flow.next += count;
  while (flow.next >= round_.count()) flow.next -= round_.count();
  flow.in_flight.add(time, static_cast<std::uint32_t>(count));
  under_way_ += count;
  thread_.recorder().sent(count * payload_bytes_, count);
}

std::uint64_t Loop::answered(Connection& connection, std::uint64_t count, std::uint64_t bytes,
                             Time now, bool goes_on) {
  Flow& flow = flows_[connection.number];
  const std::uint64_t asked = std::min(count, flow.in_flight.count());
  under_way_ -= asked;
  flow.in_flight.take(asked, [&](Time sent, std::uint32_t messages) {
    count_answers(sent, now, messages == count ? bytes : bytes / count * messages, messages);
  });
  if (!pacing_ && asked > 0 && goes_on && thread_.loading()) owe(connection, flow, now, asked);
  return count - asked;
}

void Loop::count_answers(Time sent, Time came, std::uint64_t bytes, std::uint64_t messages) {
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
  const std::uint64_t unanswered = in_flight.count();
  if (unanswered == 0) return;
  if (pacing_) {
    thread_.recorder().error("closed early", "the server announced its end before all was answered",
                             unanswered);
    return;
  }
  under_way_ -= unanswered;
  in_flight.take(unanswered, [this](Time sent, std::uint32_t messages) {
    if (sent >= thread_.counts_from()) {
      thread_.recorder().taken_back(messages * payload_bytes_, messages);
    }
  });
}

void Loop::closed(Connection& connection) {
  InFlight& in_flight = flows_[connection.number].in_flight;
  under_way_ -= in_flight.count();
  in_flight.clear();
}

bool Loop::catch_up(Time end) {
  if (!pacing_) return false;
  send_due(end);
  return pacing_->next() <= end;
}

/// In an open loop, some of what is due by then.
void Loop::send_due(Time by) {
  for (std::size_t i = 0; i < burst_max && pacing_->next() <= by; ++i) {
    const Time due = pacing_->next();
    pacing_->take();
    Connection* const connection = next_open();
    if (connection == nullptr) {
      thread_.count(
          {std::string(error_kind::not_sent), "no connection was open when a message was due"});
      continue;
    }
    if (!connection->waits_to_write && connection->owed == 0) touched_.push_back(connection);
    owe(*connection, flows_[connection->number], due, 1);
  }
  for (Connection* const connection : touched_) {
    if (connection->is_open()) thread_.flush(*connection);
  }
  touched_.clear();
}

Connection* Loop::next_open() {
  const auto connections = thread_.connections();
  for (std::size_t i = 0; i < connections.size(); ++i) {
    Connection& connection = connections[turn_];
    turn_ = turn_ + 1 == connections.size() ? 0 : turn_ + 1;
    if (connection.is_open()) return &connection;
  }
  return nullptr;
}

void Loop::give_up(Time end) {
  if (const std::uint64_t unsent = pacing_ ? pacing_->take_until(end) : 0; unsent > 0) {
    thread_.recorder().error(error_kind::not_sent,
                             "what was due was not sent two seconds after the end", unsent);
  }
  if (under_way_ == 0) return;
  thread_.recorder().error("no answer", "what was sent was not answered two seconds after the end",
                           under_way_);
}

}  // namespace duplex::app::bench
