#include "echo_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

using Kind = EchoStep::Kind;

Fault unasked(std::size_t bytes) {
  return {std::string(error_kind::unasked),
          fmt::format("a message of {} bytes came that answers none", bytes)};
}

Fault lost() {
  return {std::string(error_kind::lost),
          "a message did not come back, and one that was sent later did"};
}

}  // namespace

EchoOrder::EchoOrder(std::size_t first, std::size_t count, bool told_apart)
    // So that there are numbers for those that came before.
    : count_(count), told_apart_(told_apart), due_(first + repeated_max * count) {}

void EchoOrder::take(const Echo& echo, Findings& findings) {
  if (under_way_ > 0 && is_same(echo, due_)) {
    answer(echo, 0, findings);
  } else if (!told_apart_ || (!take_belated(echo, findings) && !take_nearest(echo, findings))) {
    take_unknown(echo, findings);
    return;
  }
  altering_ = false;
}

bool EchoOrder::take_belated(const Echo& echo, Findings& findings) {
  const auto found = std::ranges::find_if(
      passed_over_, [&](std::uint64_t ordinal) { return is_same(echo, ordinal); });
  if (found == passed_over_.end()) return false;
  findings.steps.push_back({.kind = Kind::belated,
                            .wire_bytes = echo.wire_bytes,
                            .place = static_cast<std::size_t>(found - passed_over_.begin())});
  findings.faults.push_back(
      {"out of order",
       fmt::format("a message came back behind one that was sent {} later", due_ - 1 - *found)});
  if (echo.other_type) findings.faults.push_back(*echo.other_type);
  passed_over_.erase(found);
  return true;
}

bool EchoOrder::take_nearest(const Echo& echo, Findings& findings) {
  const std::uint64_t ahead_end = std::min<std::uint64_t>(under_way_, count_);
  for (std::uint64_t distance = 1; distance < count_; ++distance) {
    if (distance < ahead_end && is_same(echo, due_ + distance)) {
      answer(echo, distance, findings);
      return true;
    }
    if (distance <= repeated_max && is_same(echo, due_ - distance)) {
      findings.faults.push_back(
          {"twice", fmt::format("a message came back twice, the second time where one was due that "
                                "was sent {} later",
                                distance)});
      return true;
    }
  }
  return false;
}

void EchoOrder::take_unknown(const Echo& echo, Findings& findings) {
  if (held_.size() >= under_way_) {
    // What is held may have answered all.
    findings.faults.push_back(unasked(echo.bytes));
    return;
  }
  const Fault fault = echo.other_content.value_or(Fault{});
  if (!told_apart_ || altering_) {
    take_at_once(echo.wire_bytes, fault, findings);
    return;
  }
  findings.steps.push_back({.kind = Kind::held});
  held_.push_back({.wire_bytes = echo.wire_bytes, .bytes = echo.bytes, .fault = fault});
  if (held_.size() <= held_max) return;
  accept_held(findings);
  altering_ = true;
}

void EchoOrder::take_at_once(std::uint64_t wire_bytes, const Fault& fault, Findings& findings) {
  accept_held(findings);
  if (under_way_ > 0) add_answered(wire_bytes, findings);
  findings.faults.push_back(fault);
}

/// It is the echo of the one that is so far behind the one that is due.
void EchoOrder::answer(const Echo& echo, std::uint64_t ahead, Findings& findings) {
  for (; ahead > 0; --ahead) {
    if (held_.empty()) {
      pass_over(findings);
    } else {
      accept_oldest(findings);
    }
  }
  for (const Held& held : held_) {
    findings.steps.push_back({.kind = Kind::refused});
    findings.faults.push_back(unasked(held.bytes));
  }
  held_.clear();
  if (echo.other_type) findings.faults.push_back(*echo.other_type);
  add_answered(echo.wire_bytes, findings);
}

/// Those in a row are one step.
void EchoOrder::add_answered(std::uint64_t wire_bytes, Findings& findings) {
  if (!findings.steps.empty() && findings.steps.back().kind == Kind::answered) {
    ++findings.steps.back().messages;
    findings.steps.back().wire_bytes += wire_bytes;
  } else {
    findings.steps.push_back({.kind = Kind::answered, .wire_bytes = wire_bytes});
  }
  --under_way_;
  ++due_;
  forget_old(findings);
}

void EchoOrder::accept_oldest(Findings& findings) {
  findings.steps.push_back({.kind = Kind::accepted, .wire_bytes = held_.front().wire_bytes});
  findings.faults.push_back(held_.front().fault);
  held_.erase(held_.begin());
  --under_way_;
  ++due_;
  forget_old(findings);
}

void EchoOrder::pass_over(Findings& findings) {
  findings.steps.push_back({.kind = Kind::passed_over});
  passed_over_.push_back(due_);
  --under_way_;
  ++due_;
  forget_old(findings);
}

void EchoOrder::forget_old(Findings& findings) {
  while (!passed_over_.empty() && due_ - passed_over_.front() > remembered) {
    findings.steps.push_back({.kind = Kind::lost});
    findings.faults.push_back(lost());
    passed_over_.erase(passed_over_.begin());
  }
}

void EchoOrder::accept_held(Findings& findings) {
  while (!held_.empty()) accept_oldest(findings);
}

void EchoOrder::give_up(Findings& findings) {
  accept_held(findings);
  for (; !passed_over_.empty(); passed_over_.erase(passed_over_.begin())) {
    findings.steps.push_back({.kind = Kind::lost});
    findings.faults.push_back(lost());
  }
}

}  // namespace duplex::app::bench
