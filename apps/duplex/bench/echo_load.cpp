#include "echo_load.hpp"

#include <numeric>
#include <span>
#include <string>

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
  take(connection, reader.take_expected(rules_, input), now);
  if (!input.empty()) {
    findings_.clear();
    reader.read_closely(rules_, input, findings_);
    const std::uint64_t answers = take(connection, findings_.messages, now);
    if (messages_.kind().compressed && thread().loading()) {
      const auto each = std::span(findings_.wire_bytes).first(answers);
      thread().recorder().received_compressed(
          std::accumulate(each.begin(), each.end(), std::uint64_t{0}));
    }
    react(connection);
    if (!connection.is_open()) return;
  }
  flush_owed(connection);
}

std::uint64_t EchoLoad::take(Connection& connection, std::uint64_t count, Time now) {
  if (count == 0) return 0;
  const std::uint64_t unasked = answered(connection, count, count * messages_.kind().bytes, now);
  if (unasked > 0) thread().count({"protocol", "a message came that answers none"});
  return count - unasked;
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
