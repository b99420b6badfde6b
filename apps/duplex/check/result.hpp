#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "case.hpp"
#include "log.hpp"
#include "verdict.hpp"

namespace duplex::app::check {

/// What came of one case. The case lives for ever, see `all_cases`.
struct Result {
  const Case* what = nullptr;
  Finding finding;
  Log log;
  std::chrono::milliseconds duration{};
};

/// How many cases ended how.
struct Counts {
  std::size_t right = 0;
  std::size_t acceptable = 0;
  std::size_t wrong = 0;
  std::size_t not_applicable = 0;

  void add(Verdict verdict) noexcept;
  std::size_t of(Verdict verdict) const noexcept;
  std::size_t all() const noexcept { return right + acceptable + wrong + not_applicable; }
};

/// All that reports tell.
struct Report {
  /// The URL, or the client's name.
  std::string subject;
  End checked = End::server;
  /// In UTC, as RFC 3339 writes it.
  std::string began;
  std::chrono::milliseconds duration{};
  /// In the order of the cases.
  std::vector<Result> results;
  /// Cases that were chosen, and not run to their end.
  std::vector<const Case*> not_run = {};
  /// Why nothing, or not all, was run, in a sentence; empty when there is nothing to say.
  std::string failure = {};

  Counts counts() const;
  /// Whether all that was chosen was run, something of it was applicable, nothing is wrong, and
  /// nothing has failed.
  bool good() const;
};

struct GroupCounts {
  std::string group;
  Counts counts = {};
  std::size_t not_run = 0;
};

/// By group, in the order in which they first appear; those of which nothing was run come last.
std::vector<GroupCounts> counts_by_group(const Report& report);

/// `2026-11-25T20:14:07Z`.
std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace duplex::app::check
