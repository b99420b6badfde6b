#include "echo_load.hpp"

#include <string>

#include "error_kind.hpp"

namespace duplex::app::bench {

EchoLoad::EchoLoad(LoadThread& thread)
    : Loop(thread, thread.setup().messages.sent(), thread.setup().messages.kind().bytes,
           thread.setup().messages.compressed()),
      messages_(thread.setup().messages),
      inflater_(false),
      rules_{.messages = &messages_,
             .length_only = thread.setup().options.length_only,
             .inflater = &inflater_,
             .keep = messages_.kind().keep},
      readers_(thread.connections().size()) {}

void EchoLoad::opened(Connection& connection, Time now) {
  // Connections begin with different messages, so that an echo of another one is noticed; but what
  // refers to those before has to begin with the first.
  const std::size_t first = rules_.keep ? 0 : connection.number % messages_.count();
  readers_[connection.number].begin(rules_, first);
  start(connection, first, now);
}

void EchoLoad::received(Connection& connection, Bytes input, Time now) {
  EchoReader& reader = readers_[connection.number];
  take_expected(connection, reader.take_expected(rules_, input), now);
  if (!input.empty()) {
    findings_.clear();
    reader.read_closely(rules_, input, sent_whole(connection), findings_);
    take_steps(connection, now);
    react(connection);
    if (!connection.is_open()) return;
  }
  flush_owed(connection);
}

void EchoLoad::take_expected(Connection& connection, std::uint64_t count, Time now) {
  if (count == 0) return;
  const std::uint64_t unasked = answered(connection, count, count * messages_.kind().bytes, now);
  if (unasked == 0) return;
  thread().recorder().error(error_kind::unasked, "a message came that answers none", unasked);
  readers_[connection.number].step_back(rules_, unasked);
}

void EchoLoad::take_steps(Connection& connection, Time now) {
  for (const EchoStep& step : findings_.steps) take_step(connection, step, now);
  const auto found = asides_.find(connection.number);
  // What is held may be no answer. But if it is one, and nothing were sent, nothing would come that
  // tells.
  fill_up(connection, found == asides_.end() ? 0 : found->second.held.size(), now);
  if (found != asides_.end() && found->second.empty()) asides_.erase(found);
}

void EchoLoad::take_step(Connection& connection, const EchoStep& step, Time now) {
  const std::uint64_t bytes = step.messages * messages_.kind().bytes;
  if (messages_.kind().compressed && thread().loading()) {
    thread().recorder().received_compressed(step.wire_bytes);
  }
  if (step.kind == EchoStep::Kind::answered) {
    answered(connection, step.messages, bytes, now, false);
    return;
  }
  auto& [passed_over, held] = asides_[connection.number];
  switch (step.kind) {
    case EchoStep::Kind::answered: return;
    case EchoStep::Kind::passed_over: passed_over.push_back(take_oldest(connection)); return;
    case EchoStep::Kind::belated: {
      const auto one = passed_over.begin() + static_cast<std::ptrdiff_t>(step.place);
      answered_apart(*one, now, bytes);
      passed_over.erase(one);
      return;
    }
    case EchoStep::Kind::lost:
      not_answered(1);
      passed_over.erase(passed_over.begin());
      return;
    case EchoStep::Kind::held: held.push_back(now); return;
    case EchoStep::Kind::accepted:
      answered_apart(take_oldest(connection), held.front(), bytes);
      held.erase(held.begin());
      return;
    case EchoStep::Kind::refused: held.erase(held.begin()); return;
  }
}

/// What nothing has told that came on the connection.
void EchoLoad::take_last(Connection& connection, const Findings& last) {
  for (const EchoStep& step : last.steps) take_step(connection, step, never);
  for (const Fault& fault : last.faults) thread().count(fault);
}

void EchoLoad::closed(Connection& connection) {
  if (asides_.contains(connection.number)) {
    Findings last;
    readers_[connection.number].give_up(last);
    take_last(connection, last);
    asides_.erase(connection.number);
  }
  Loop::closed(connection);
}

bool EchoLoad::catch_up(Time last) {
  for (const auto& [number, aside] : asides_) {
    Connection& connection = thread().connections()[number];
    // With these, all may have been answered.
    if (aside.held.empty() || aside.held.size() < under_way(connection)) continue;
    Findings found;
    readers_[number].accept_held(found);
    take_last(connection, found);
  }
  return Loop::catch_up(last);
}

void EchoLoad::give_up(Time last) {
  for (const auto& [number, aside] : asides_) {
    Findings found;
    readers_[number].give_up(found);
    take_last(thread().connections()[number], found);
  }
  Loop::give_up(last);
}

/// To all that is not an echo as it should be.
void EchoLoad::react(Connection& connection) {
  for (std::size_t i = 0; i < findings_.faults.size(); ++i) {
    if (findings_.broken && i + 1 == findings_.faults.size()) {
      thread().fail(connection, findings_.faults[i]);
      return;
    }
    thread().count(findings_.faults[i]);
  }
  for (const std::string& ping : findings_.pings) {
    thread().say(connection, client_frame(websocket::Opcode::pong, ping, false, thread().random()));
    if (!connection.is_open()) return;
  }
  if (findings_.closed) thread().fail(connection, closed_fault(*findings_.closed));
}

}  // namespace duplex::app::bench
