#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "script.hpp"
#include "take_first.hpp"

// How a script expects that a WebSocket ends: by a failure, or by the closing handshake.

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

}  // namespace

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
    if (message != nullptr && take_first(allowed_messages_, *message)) continue;
    const auto* const pong = std::get_if<Pong>(&*event);
    // An empty one may be a pong that nobody asked for, and then says nothing.
    if (pong != nullptr && (pong->payload.empty() || take_first(allowed_pongs_, pong->payload)))
      continue;
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
    if (message != nullptr && take_first(allowed_messages_, *message)) continue;
    wrong(fmt::format("{} came instead of an answer to the close frame", describe(*event)));
  }
}

void Script::refuse_leftovers() {
  std::erase_if(messages_,
                [this](const Message& message) { return take_first(allowed_messages_, message); });
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
