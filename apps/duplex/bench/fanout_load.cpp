#include "fanout_load.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "echo_reader.hpp"
#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

/// After so long without progress a closed loop takes what is missing for lost.
constexpr Time progress_time_max = second;
/// What an open loop publishes before it looks at what has come.
constexpr std::size_t burst_max = 256;

}  // namespace

FanoutLoad::FanoutLoad(LoadThread& thread, std::shared_ptr<FanoutBoard> board,
                       std::size_t subscribers)
    : thread_(thread),
      board_(std::move(board)),
      subscribers_(subscribers),
      depth_(thread.setup().options.depth),
      rules_{.messages = &thread.setup().messages,
             .publishers = board_->publishers(),
             .length_only = thread.setup().options.length_only,
             .known = &known_},
      listener_(thread),
      payload_(thread.setup().messages.payload(0)),
      slots_(board_->publishers(), std::vector<Slot>(depth_)) {
  readers_.reserve(subscribers);
  for (std::size_t i = 0; i < subscribers; ++i) readers_.emplace_back(rules_);
  const MessageKind& kind = thread.setup().messages.kind();
  std::optional<Compressor> compressor;
  if (kind.compressed && !kind.keep) compressor.emplace(false);
  std::size_t number = thread.number();
  for (Connection& connection : thread.connections().subspan(subscribers)) {
    publishers_.push_back({.connection = &connection, .number = number, .compressor = compressor});
    number += thread.setup().options.threads;
  }
}

void FanoutLoad::begin(Time now) {
  const double rate = thread_.setup().options.rate;
  progress_time_ = now;
  if (rate > 0 && !publishers_.empty()) {
    const double share =
        static_cast<double>(publishers_.size()) / static_cast<double>(board_->publishers());
    pacing_.emplace(rate * share, thread_.schedule().begin);
  }
  pump(now);
}

void FanoutLoad::opened(Connection& connection, Time now) {
  (void)now;
  if (is_subscriber(connection)) {
    ++open_;
    readers_[connection.number] = DeliveryReader(rules_);
  } else {
    listener_.begin(connection);
    // Whose window begins with the connection.
    if (thread_.setup().messages.kind().keep) {
      publishers_[connection.number - subscribers_].compressor.emplace(true);
    }
  }
}

void FanoutLoad::closed(Connection& connection) {
  if (is_subscriber(connection)) --open_;
}

void FanoutLoad::received(Connection& connection, Bytes input, Time now) {
  if (!is_subscriber(connection)) {
    listener_.take(connection, input);
    return;
  }
  arrivals_.clear();
  findings_.clear();
  readers_[connection.number].read(input, arrivals_, findings_);
  take_arrivals(now);
  react(connection);
  if (std::exchange(progressed_, false) && !pacing_ && thread_.loading()) pump(now);
}

void FanoutLoad::take_arrivals(Time now) {
  const bool compressed = thread_.setup().messages.kind().compressed;
  for (const auto& [stamp, wire_bytes] : arrivals_) {
    if (board_->counts(stamp.publisher, stamp.sequence)) {
      const Time latency = now - std::min(stamp.time, now);
      if (thread_.draining()) {
        thread_.recorder().late(latency);
      } else {
        thread_.recorder().received(payload_.size(), latency);
        if (compressed) thread_.recorder().received_compressed(wire_bytes);
      }
    }
    note(stamp);
  }
}

/// Counts the subscribers that have a message.
void FanoutLoad::note(const Stamp& stamp) {
  std::vector<Slot>& slots = slots_[stamp.publisher];
  Slot& slot = slots[stamp.sequence % slots.size()];
  if (stamp.sequence > slot.sequence || slot.count == 0) slot = {stamp.sequence, 0};
  if (stamp.sequence < slot.sequence) return;
  if (++slot.count < open_) return;
  progressed_ = true;
  board_->note_done(thread_.number(), stamp.publisher, stamp.sequence + 1);
}

void FanoutLoad::react(Connection& connection) {
  for (const Fault& fault : findings_.faults) {
    if (findings_.broken && &fault == &findings_.faults.back()) {
      thread_.fail(connection, fault);
      return;
    }
    thread_.count(fault);
  }
  for (const std::string& ping : findings_.pings) {
    thread_.say(connection, client_frame(websocket::Opcode::pong, ping, false, thread_.random()));
    if (!connection.is_open()) return;
  }
  if (findings_.closed) thread_.fail(connection, closed_fault(*findings_.closed));
}

Time FanoutLoad::due() const {
  if (publishers_.empty()) return never;
  return pacing_ ? pacing_->next() : progress_time_ + progress_time_max;
}

void FanoutLoad::act(Time now) {
  if (!pacing_) {
    progress_time_ = now;
    for (Publisher& publisher : publishers_) publisher.given_up = publisher.sequence;
    pump(now);
    return;
  }
  publish_due(now);
}

/// In an open loop, some of what is due by then.
void FanoutLoad::publish_due(Time by) {
  for (std::size_t i = 0; i < burst_max && pacing_->next() <= by; ++i) {
    publish(publishers_[turn_], pacing_->next());
    pacing_->take();
    turn_ = turn_ + 1 == publishers_.size() ? 0 : turn_ + 1;
  }
}

bool FanoutLoad::catch_up(Time last) {
  if (pacing_ && !publishers_.empty()) {
    publish_due(last);
    if (pacing_->next() <= last) return true;
  }
  board_->note_end(thread_.number());
  return false;
}

void FanoutLoad::give_up(Time last) {
  if (!pacing_ || publishers_.empty()) return;
  std::uint64_t unsent = 0;
  pacing_->take_until(last, 1, [&unsent](Time, std::uint64_t count) { unsent += count; });
  count_unsent("what was due was not published two seconds after the end", unsent);
}

/// As one error for each delivery that will not be.
void FanoutLoad::count_unsent(std::string_view why, std::uint64_t messages) {
  if (messages == 0) return;
  thread_.recorder().error(error_kind::not_sent, why,
                           messages * thread_.setup().options.connections);
}

void FanoutLoad::woken(Time now) {
  if (!pacing_ && thread_.loading()) pump(now);
}

/// Publishes what a closed loop lets go.
void FanoutLoad::pump(Time now) {
  if (pacing_) return;
  for (Publisher& publisher : publishers_) {
    while (publisher.connection->is_open()) {
      const std::uint64_t done = std::max(board_->done(publisher.number), publisher.given_up);
      if (publisher.sequence >= done + depth_) break;
      publish(publisher, now);
      progress_time_ = now;
    }
  }
}

void FanoutLoad::publish(Publisher& publisher, Time time) {
  if (!publisher.connection->is_open()) {
    count_unsent("no connection was open when a message was to be published", 1);
    return;
  }
  const bool text = thread_.setup().messages.kind().text;
  const Stamp stamp{.publisher = static_cast<std::uint16_t>(publisher.number),
                    .sequence = publisher.sequence,
                    .time = time};
  const bool counts = thread_.recorder().measures() && time >= thread_.counts_from();
  if (counts) board_->count_from(publisher.number, publisher.sequence);
  board_->note_published(publisher.number, ++publisher.sequence);
  stamp.write(payload_.data(), text);
  if (counts) thread_.recorder().sent(payload_.size());
  thread_.say(*publisher.connection, frame(publisher));
}

std::string FanoutLoad::frame(Publisher& publisher) {
  const websocket::Opcode opcode = thread_.setup().messages.opcode();
  if (!publisher.compressor) return client_frame(opcode, payload_, false, thread_.random());
  const std::string compressed = publisher.compressor->compressed(payload_);
  thread_.recorder().sent_compressed(compressed.size());
  return client_frame(opcode, compressed, true, thread_.random());
}

}  // namespace duplex::app::bench
