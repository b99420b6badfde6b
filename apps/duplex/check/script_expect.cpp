#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "script.hpp"
#include "stopped.hpp"
#include "take_first.hpp"

// What a script waits for on an open WebSocket; script_end.cpp has its end.

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

/// Where two payloads of the same size differ.
std::string difference(const Message& expected, const Message& received) {
  if (expected.type != received.type) {
    return expected.type == Message::Type::text ? "as binary instead of text"
                                                : "as text instead of binary";
  }
  if (expected.payload.size() != received.payload.size()) {
    return fmt::format("with {} bytes instead of {}", received.payload.size(),
                       expected.payload.size());
  }
  const auto place = std::ranges::mismatch(expected.payload, received.payload).in1;
  return fmt::format("with another byte at {}", place - expected.payload.begin());
}

}  // namespace

std::optional<Event> Script::receive_until(Wire::Time until) {
  while (true) {
    try {
      auto event =
          wire_.take([this](std::string_view& input) { return incoming_.value().next(input); });
      if (event) {
        if (std::holds_alternative<Pong>(*event) && ++pongs_received_ > pongs_max) {
          wrong(fmt::format("it sent more than {} pongs", pongs_max));
        }
        const auto* const ping = std::get_if<Ping>(&*event);
        if (ping == nullptr) return event;
        if (!close_sent_) send({.opcode = Opcode::pong, .payload = ping->payload});
        // A peer may have another one each time.
        if (is_time_up(wire_.look(until))) return std::nullopt;
        continue;
      }
    } catch (const PeerFault& fault) {
      wrong(fault.what());
    }
    if (wire_.ended()) return end_of_stream();
    if (is_time_up(wire_.receive(until))) return std::nullopt;
  }
}

bool Script::is_time_up(Wire::Wait wait) {
  switch (wait) {
    case Wire::Wait::done: return false;
    case Wire::Wait::timed_out: return true;
    case Wire::Wait::stopped: throw Stopped();
    case Wire::Wait::full: wrong("it sent more bytes than any case needs");
  }
  return false;
}

EndOfStream Script::end_of_stream() {
  if (!end_noted_) {
    std::string line = wire_.reset() ? "the connection was reset" : "the connection has ended";
    const std::string where = incoming_.value().what_is_incomplete(wire_.input());
    if (!where.empty()) line += ", " + where;
    log_.add(Direction::received, std::move(line));
    end_noted_ = true;
  }
  return {.reset = wire_.reset()};
}

std::optional<Event> Script::receive(milliseconds wait) {
  return receive_until(std::min(deadline_, Wire::Clock::now() + wait));
}

Event Script::receive() {
  auto event = receive_until(deadline_);
  if (!event) wrong(silence("nothing came"));
  return *std::move(event);
}

std::string Script::silence(std::string_view what) const {
  return fmt::format("{} within {:.1f} s", what, static_cast<double>(elapsed().count()) / 1000);
}

void Script::expect_echo(const Message& message) {
  if (take_first(messages_, message)) return;
  while (true) {
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("no echo came"));
    if (const auto* const echo = std::get_if<Message>(&*event)) {
      if (*echo == message) return;
      if (take_first(allowed_messages_, *echo)) continue;
      wrong(fmt::format("the message came back {}: {}", difference(message, *echo),
                        describe(*event)));
    }
    if (const auto* const pong = std::get_if<Pong>(&*event)) {
      pongs_.push_back(pong->payload);
      continue;
    }
    const auto* const close = std::get_if<CloseFrame>(&*event);
    if (close != nullptr && close->code == code::too_big &&
        message.payload.size() > size_everyone_takes) {
      answer_close(*close);
      end_acceptable(
          fmt::format("it refuses a message of {} bytes, with 1009", message.payload.size()));
    }
    wrong(fmt::format("{} came instead of the echo", describe(*event)));
  }
}

void Script::expect_pong(std::string_view payload) {
  // Those before it were left out, or are pongs that nobody asked for.
  if (const auto found = std::ranges::find(pongs_, payload); found != pongs_.end()) {
    pongs_.erase(pongs_.begin(), found + 1);
    return;
  }
  while (true) {
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("no pong came") + others(pongs_));
    if (const auto* const pong = std::get_if<Pong>(&*event)) {
      if (pong->payload == payload) return pongs_.clear();
      pongs_.push_back(pong->payload);
      continue;
    }
    if (const auto* const message = std::get_if<Message>(&*event)) {
      keep(*message);
      continue;
    }
    wrong(fmt::format("{} came instead of the pong", describe(*event)));
  }
}

void Script::keep(Message message) {
  bytes_kept_ += message.payload.size();
  messages_.push_back(std::move(message));
  if (messages_.size() > messages_max || bytes_kept_ > Incoming::message_bytes_max) {
    wrong(fmt::format("it sent {} messages, of {} bytes, before the pong", messages_.size(),
                      bytes_kept_));
  }
}

std::string Script::others(const std::vector<std::string>& pongs) {
  if (pongs.empty()) return {};
  return fmt::format("; {} with another payload did, the last with {}", pongs.size(),
                     excerpt(pongs.back()));
}

void Script::expect_silence(milliseconds duration) {
  if (const auto event = receive(duration)) wrong(describe(*event) + " came; nothing should");
}

}  // namespace duplex::app::check
