#include "ledger.hpp"

#include <cstdio>
#include <string>
#include <utility>

namespace duplex::stress {

namespace {

constexpr std::array<std::string_view, kind_count> kind_names = {
    "coroutines", "callbacks", "pieces of work", "states", "sockets"};

constexpr std::array<std::string_view, event_count> event_names = {
    "answers", "refusals", "sockets opened", "messages", "contents", "coroutines destroyed"};

}  // namespace

void Ledger::complain(std::string_view what) {
  ++complaints_;
  std::fprintf(stderr, "stress: %.*s\n", static_cast<int>(what.size()), what.data());
}

void Ledger::died(Kind kind) noexcept {
  auto& count = alive_[static_cast<std::size_t>(kind)];
  --count;
  count.notify_all();
}

void Ledger::wait_for_end_of(Kind kind) const noexcept {
  const auto& count = alive_[static_cast<std::size_t>(kind)];
  for (auto left = count.load(); left != 0; left = count.load()) count.wait(left);
}

void Ledger::expect_none() {
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    if (const auto left = alive_[kind].load(); left != 0) {
      complain(std::to_string(left) + " " + std::string(kind_names[kind]) + " are left");
    }
  }
}

std::string Ledger::summary() const {
  std::string all;
  for (std::size_t event = 0; event < event_count; ++event) {
    all += (event > 0 ? ", " : "") + std::to_string(events_[event]) + " " +
           std::string(event_names[event]);
  }
  return all;
}

void Ledger::expect_all_events() {
  for (std::size_t event = 0; event < event_count; ++event) {
    if (events_[event] == 0) complain("there were no " + std::string(event_names[event]));
  }
}

Life::~Life() {
  if (mark_ != alive) {
    ledger_->complain("something was destroyed twice, or was never made");
    return;
  }
  mark_ = 0;
  ledger_->died(kind_);
}

Answer::Answer(Answer&& other) noexcept
    : life_(other.life_),
      promise_(other.promise_),
      here_(std::exchange(other.here_, false)),
      came_(other.came_) {}

Answer::~Answer() {
  if (here_ && !came_ && promise_ == Promise::once) {
    life_.ledger().complain("a call has ended without a word");
  }
}

void Answer::come(bool with_value) {
  if (came_) life_.ledger().complain("a call has ended twice");
  came_ = true;
  life_.ledger().note(with_value ? Event::answer : Event::refusal);
}

Passage::~Passage() {
  if (state_ == State::open) ledger().complain("a WebSocket was opened, and not closed");
}

void Passage::open() {
  if (state_ != State::begun)
    ledger().complain("on_open of a WebSocket that was opened, or failed");
  state_ = State::open;
  ledger().note(Event::opened);
}

void Passage::call() {
  if (state_ != State::open) ledger().complain("a callback of a WebSocket that is not open");
}

void Passage::close() {
  if (state_ != State::open) ledger().complain("on_close of a WebSocket that is not open");
  state_ = State::closed;
}

void Passage::fail() {
  if (state_ != State::begun)
    ledger().complain("on_error of a WebSocket that was opened, or failed");
  state_ = State::failed;
}

}  // namespace duplex::stress
