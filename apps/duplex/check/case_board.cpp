#include "case_board.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace duplex::app::check {
namespace {

/// The words of the field's suite.
std::string behavior(const std::optional<Result>& result) {
  if (!result) return "UNKNOWN";
  switch (result->finding.verdict) {
    case Verdict::right: return "OK";
    case Verdict::acceptable: return "NON-STRICT";
    case Verdict::wrong: return "FAILED";
    case Verdict::not_applicable: return "UNIMPLEMENTED";
  }
  return "UNKNOWN";
}

}  // namespace

CaseBoard::CaseBoard(const std::vector<const Case*>& cases) : last_visit_(Clock::now()) {
  for (const Case* const what : cases) entries_.push_back({.what = what});
}

const Case* CaseBoard::take_next(std::string_view group) {
  const std::scoped_lock lock(mutex_);
  auto found = std::ranges::find_if(entries_, [group](const Entry& entry) {
    return !entry.taken && entry.what->group() == group;
  });
  if (found == entries_.end()) found = std::ranges::find(entries_, false, &Entry::taken);
  if (found == entries_.end()) return nullptr;
  found->taken = true;
  ++found->running;
  return found->what;
}

const Case* CaseBoard::take(std::size_t number) {
  const std::scoped_lock lock(mutex_);
  by_number_ = true;
  if (number == 0 || number > entries_.size()) return nullptr;
  Entry& entry = entries_[number - 1];
  entry.taken = true;
  ++entry.running;
  return entry.what;
}

void CaseBoard::put(Result result) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, result.what, &Entry::what);
  if (found == entries_.end()) return;
  found->result = std::move(result);
  --found->running;
  last_put_ = Clock::now();
  put_.notify_all();
}

void CaseBoard::give_up(const Case& what) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, &what, &Entry::what);
  if (found == entries_.end()) return;
  --found->running;
  put_.notify_all();
}

std::optional<std::chrono::milliseconds> CaseBoard::complete_for() const {
  const std::scoped_lock lock(mutex_);
  const bool complete = !by_number_ && std::ranges::all_of(entries_, [](const Entry& entry) {
    return entry.result.has_value();
  });
  if (!complete) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - last_put_);
}

std::vector<Result> CaseBoard::results() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Result> results;
  for (const Entry& entry : entries_) {
    if (entry.result) results.push_back(*entry.result);
  }
  return results;
}

std::optional<std::string> CaseBoard::status(std::size_t number, Clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  if (number == 0 || number > entries_.size()) return std::nullopt;
  const Entry& entry = entries_[number - 1];
  put_.wait_until(lock, deadline, [&entry] { return entry.running == 0; });
  return nlohmann::json{{"behavior", behavior(entry.result)}}.dump();
}

std::optional<std::string> CaseBoard::info(std::size_t number) const {
  const std::scoped_lock lock(mutex_);
  if (number == 0 || number > entries_.size()) return std::nullopt;
  const Case& what = *entries_[number - 1].what;
  return nlohmann::json{{"id", what.id}, {"description", what.title}}.dump();
}

CaseBoard::Visit::Visit(CaseBoard& board) : board_(board) {
  const std::scoped_lock lock(board_.mutex_);
  ++board_.visits_;
}

CaseBoard::Visit::~Visit() {
  const std::scoped_lock lock(board_.mutex_);
  --board_.visits_;
  board_.last_visit_ = Clock::now();
}

std::chrono::milliseconds CaseBoard::idle_time() const {
  const std::scoped_lock lock(mutex_);
  if (visits_ > 0) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - last_visit_);
}

}  // namespace duplex::app::check
