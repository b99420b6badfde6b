#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "script.hpp"
#include "stopped.hpp"

// What a script waits for, and how it judges what comes instead.

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

bool contains(std::span<const std::uint16_t> codes, std::uint16_t code) {
  return std::ranges::find(codes, code) != codes.end();
}

/// `1002`, `1002 or 1007`.
std::string list_of(std::span<const std::uint16_t> codes) {
  std::string text;
  for (const std::uint16_t code : codes) {
    text += fmt::format("{}{}", text.empty() ? "" : " or ", code);
  }
  return text;
}

/// Takes the first that equals `value` out of `values`; false if there is none.
template <class T, class U>
bool take(std::vector<T>& values, const U& value) {
  const auto found = std::ranges::find(values, value);
  if (found == values.end()) return false;
  values.erase(found);
  return true;
}

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
      std::string_view input = wire_.input();
      const std::size_t before = input.size();
      auto event = incoming_.value().next(input);
      wire_.consume(before - input.size());
      if (event) {
        const auto* const ping = std::get_if<Ping>(&*event);
        if (ping == nullptr) return event;
        if (!close_sent_) send({.opcode = Opcode::pong, .payload = ping->payload});
        continue;
      }
    } catch (const PeerFault& fault) {
      wrong(fault.what());
    }
    if (wire_.ended()) return end_of_stream();
    switch (wire_.receive(until)) {
      case Wire::Wait::done: break;
      case Wire::Wait::timed_out: return std::nullopt;
      case Wire::Wait::stopped: throw Stopped();
    }
  }
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
  if (take(messages_, message)) return;
  while (true) {
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("no echo came"));
    if (const auto* const echo = std::get_if<Message>(&*event)) {
      if (*echo == message) return;
      if (take(allowed_messages_, *echo)) continue;
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
  while (true) {
    // Those before it were left out, or are pongs that nobody asked for.
    const auto found = std::ranges::find(pongs_, payload);
    if (found != pongs_.end()) {
      pongs_.erase(pongs_.begin(), found + 1);
      return;
    }
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("no pong came") + others(pongs_));
    if (const auto* const pong = std::get_if<Pong>(&*event)) {
      pongs_.push_back(pong->payload);
      continue;
    }
    if (const auto* const message = std::get_if<Message>(&*event)) {
      messages_.push_back(*message);
      continue;
    }
    wrong(fmt::format("{} came instead of the pong", describe(*event)));
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

void Script::may_echo(Message message) {
  allowed_messages_.push_back(std::move(message));
}

void Script::may_pong(std::string payload) {
  allowed_pongs_.push_back(std::move(payload));
}

void Script::expect_failure(std::initializer_list<std::uint16_t> codes,
                            std::initializer_list<std::uint16_t> tolerated) {
  const FailureRule rule{codes, tolerated};
  if (!failure_begins(deadline_, rule)) {
    wrong(silence("it neither failed nor answered, and kept the connection open,"));
  }
}

bool Script::fails_within(milliseconds duration, std::initializer_list<std::uint16_t> codes,
                          std::initializer_list<std::uint16_t> tolerated) {
  const FailureRule rule{codes, tolerated};
  return failure_begins(std::min(deadline_, Wire::Clock::now() + duration), rule);
}

bool Script::fails_or_echoes(const Message& message, std::initializer_list<std::uint16_t> codes,
                             std::initializer_list<std::uint16_t> tolerated) {
  const auto event = receive_answer(deadline_);
  if (!event) wrong(silence("it neither failed nor answered, and kept the connection open,"));
  const auto* const echo = std::get_if<Message>(&*event);
  if (echo != nullptr && *echo == message) return false;
  judge_failure(*event, {codes, tolerated});
  return true;
}

std::optional<Event> Script::receive_answer(Wire::Time until) {
  while (auto event = receive_until(until)) {
    const auto* const message = std::get_if<Message>(&*event);
    if (message != nullptr && take(allowed_messages_, *message)) continue;
    const auto* const pong = std::get_if<Pong>(&*event);
    // An empty one may be a pong that nobody asked for, and then says nothing.
    if (pong != nullptr && (pong->payload.empty() || take(allowed_pongs_, pong->payload))) continue;
    return event;
  }
  return std::nullopt;
}

bool Script::failure_begins(Wire::Time until, const FailureRule& rule) {
  const auto event = receive_answer(until);
  if (event) judge_failure(*event, rule);
  return event.has_value();
}

void Script::judge_failure(const Event& event, const FailureRule& rule) {
  if (const auto* const close = std::get_if<CloseFrame>(&event)) {
    judge_failure(*close, rule);
  } else if (std::holds_alternative<EndOfStream>(event)) {
    acceptable("it ended the connection without a close frame");
  } else {
    wrong(fmt::format("it went on, with {}; it should fail with {}", describe(event),
                      list_of(rule.codes)));
  }
}

void Script::judge_failure(const CloseFrame& close, const FailureRule& rule) {
  if (!close.code) {
    acceptable("its close frame tells no code");
  } else if (!contains(rule.codes, *close.code)) {
    const std::string what =
        fmt::format("it failed with {} instead of {}", *close.code, list_of(rule.codes));
    if (!contains(rule.tolerated, *close.code)) wrong(what);
    acceptable(what);
  }
  answer_close(close);
  expect_end_after_close();
}

void Script::answer_close(const CloseFrame& close) {
  if (close_sent_) return;
  send({.opcode = Opcode::close, .payload = close.code ? close_payload(*close.code) : ""});
}

void Script::expect_end_after_close() {
  // Section 7.1.1: the server ends the TCP connection.
  if (!checks_server()) wire_.end_sending();
  while (const auto event = receive_until(deadline_)) {
    if (std::holds_alternative<EndOfStream>(*event)) return;
    // Incoming has refused what is a frame already.
  }
  wrong(silence("it did not end the connection after the close frames"));
}

void Script::close(std::uint16_t code, std::string_view reason) {
  refuse_leftovers();
  send({.opcode = Opcode::close, .payload = close_payload(code, reason)});
  const CloseFrame close = receive_close();
  if (!close.code) {
    acceptable(fmt::format("it answered {} with a close frame without a code", code));
  } else if (*close.code == code::normal || *close.code == code::going_away) {
    if (*close.code != code) acceptable(fmt::format("it answered {} with {}", code, *close.code));
  } else if (*close.code != code) {
    wrong(fmt::format("it answered {} with {}", code, *close.code));
  }
  expect_end_after_close();
}

void Script::expect_close(std::initializer_list<std::uint16_t> codes, bool or_none) {
  const CloseFrame close = receive_close();
  if (!close.code && !or_none) {
    wrong(fmt::format("its close frame tells no code; it should be {}", list_of(codes)));
  }
  if (close.code && !contains(codes, *close.code)) {
    wrong(fmt::format("its close frame tells {}; it should be {}", *close.code,
                      codes.size() == 0 ? "without a code" : list_of(codes)));
  }
  expect_end_after_close();
}

CloseFrame Script::receive_close() {
  while (true) {
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("no answer to the close frame came"));
    if (const auto* const close = std::get_if<CloseFrame>(&*event)) {
      answer_close(*close);
      return *close;
    }
    if (std::holds_alternative<Pong>(*event)) continue;
    const auto* const message = std::get_if<Message>(&*event);
    if (message != nullptr && take(allowed_messages_, *message)) continue;
    wrong(fmt::format("{} came instead of an answer to the close frame", describe(*event)));
  }
}

void Script::refuse_leftovers() {
  std::erase_if(messages_,
                [this](const Message& message) { return take(allowed_messages_, message); });
  if (messages_.empty()) return;
  wrong(fmt::format("{} came, which nobody expects", describe(Event(messages_.front()))));
}

void Script::expect_end() {
  while (const auto event = receive_until(deadline_)) {
    if (std::holds_alternative<EndOfStream>(*event)) return;
    if (std::holds_alternative<Pong>(*event)) continue;
    wrong(describe(*event) + " came instead of the end of the connection");
  }
  wrong(silence("the connection was not ended"));
}

}  // namespace duplex::app::check
