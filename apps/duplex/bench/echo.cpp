#include "echo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace duplex::app::bench {
namespace {

/// What an open loop sends before it looks at what has come.
constexpr std::size_t burst_max = 4096;

}  // namespace

Echo::Echo(LoadThread& thread)
    : thread_(thread),
      messages_(thread.setup().messages),
      depth_(thread.setup().options.depth),
      inflater_(false),
      rules_{.messages = &messages_,
             .length_only = thread.setup().options.length_only,
             .inflater = &inflater_,
             .keep = messages_.kind().keep},
      flows_(thread.connections().size()) {
  thread_.set_round(messages_.sent());
}

void Echo::begin(Time now) {
  const BenchOptions& options = thread_.setup().options;
  if (options.rate > 0) {
    const auto threads = static_cast<double>(options.threads);
    // Threads take turns, too.
    pacing_.emplace(
        options.rate / threads,
        now + static_cast<Time>(1e9 / options.rate * static_cast<double>(thread_.number())));
    return;
  }
  for (Connection& connection : thread_.connections()) {
    if (connection.is_open()) begin(connection, now);
  }
}

void Echo::opened(Connection& connection, Time now) {
  Flow& flow = flow_of(connection);
  // Connections begin with different messages, so that an echo of another one is noticed.
  flow.next = connection.number % messages_.count();
  flow.reader.begin(rules_, flow.next);
  connection.position = messages_.sent().start_of(flow.next);
  if (thread_.loading() && !pacing_) begin(connection, now);
}

void Echo::begin(Connection& connection, Time now) {
  owe(connection, now, depth_);
  thread_.flush(connection);
}

void Echo::owe(Connection& connection, Time time, std::uint64_t count) {
  Flow& flow = flow_of(connection);
  connection.owed += messages_.sent().bytes_of(flow.next, count);
  flow.next += count;
  while (flow.next >= messages_.count()) flow.next -= messages_.count();
  flow.in_flight.add(time, static_cast<std::uint32_t>(count));
  under_way_ += count;
  thread_.recorder().sent(count * messages_.kind().bytes, count);
}

void Echo::received(Connection& connection, Bytes input, Time now) {
  Flow& flow = flow_of(connection);
  const std::uint64_t messages = flow.reader.take_expected(rules_, input);
  if (messages > 0) take(connection, flow, messages, now);
  if (!input.empty()) {
    findings_.clear();
    flow.reader.read_closely(rules_, input, findings_);
    if (findings_.messages > 0) take(connection, flow, findings_.messages, now);
    react(connection);
    if (!connection.is_open()) return;
  }
  if (connection.owed > 0 && !connection.waits_to_write) thread_.flush(connection);
}

/// Counts echoes, and owes as many messages.
void Echo::take(Connection& connection, Flow& flow, std::uint64_t count, Time now) {
  if (count > flow.in_flight.count()) [[unlikely]] {
    thread_.count({"protocol", "a message came that answers none"});
    count = flow.in_flight.count();
  }
  under_way_ -= count;
  // What comes after the end was due before, in an open loop; in a closed one it is too much.
  const bool counts = thread_.loading() || (pacing_ && thread_.draining());
  const std::uint64_t bytes = messages_.kind().bytes;
  flow.in_flight.take(count, [&](Time sent, std::uint32_t messages) {
    if (counts) thread_.recorder().received(messages * bytes, now - std::min(sent, now), messages);
  });
  if (!pacing_ && count > 0 && thread_.loading()) owe(connection, now, count);
}

/// To all that is not an echo as it should be.
void Echo::react(Connection& connection) {
  for (std::size_t i = 0; i < findings_.faults.size(); ++i) {
    if (findings_.broken && i + 1 == findings_.faults.size()) {
      thread_.fail(connection, findings_.faults[i]);
      return;
    }
    thread_.count(findings_.faults[i]);
  }
  for (const std::string& ping : findings_.pings) {
    thread_.say(connection, client_frame(websocket::Opcode::pong, ping, false, thread_.random()));
    if (!connection.is_open()) return;
  }
  if (findings_.closed) {
    thread_.fail(connection, {"closed " + findings_.closed->substr(0, 4),
                              "the server closed the WebSocket: " + *findings_.closed});
  }
}

void Echo::closed(Connection& connection) {
  Flow& flow = flow_of(connection);
  under_way_ -= flow.in_flight.count();
  flow.in_flight.clear();
}

void Echo::act(Time now) {
  for (std::size_t i = 0; i < burst_max && pacing_->next() <= now; ++i) {
    const Time due = pacing_->next();
    pacing_->take();
    Connection* const connection = next_open();
    if (connection == nullptr) {
      thread_.count({"not sent", "no connection was open when a message was due"});
      continue;
    }
    if (!connection->waits_to_write && connection->owed == 0) touched_.push_back(connection);
    owe(*connection, due, 1);
  }
  for (Connection* const connection : touched_) {
    if (connection->is_open()) thread_.flush(*connection);
  }
  touched_.clear();
}

Connection* Echo::next_open() {
  const auto connections = thread_.connections();
  for (std::size_t i = 0; i < connections.size(); ++i) {
    Connection& connection = connections[turn_];
    turn_ = turn_ + 1 == connections.size() ? 0 : turn_ + 1;
    if (connection.is_open()) return &connection;
  }
  return nullptr;
}

void Echo::give_up() {
  if (under_way_ == 0) return;
  thread_.recorder().error("no answer", "a message had not come back two seconds after the end",
                           under_way_);
}

}  // namespace duplex::app::bench
