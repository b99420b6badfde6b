#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace duplex::app::check {

/// Which cases the connections of a client have taken, and what came of them. Any thread.
class CaseBoard {
 public:
  using Clock = std::chrono::steady_clock;

  explicit CaseBoard(const std::vector<const Case*>& cases);

  std::size_t size() const noexcept { return entries_.size(); }

  /// The next case that nobody has taken, of this group if there is one of it; nullptr when there
  /// is none at all.
  const Case* take_next(std::string_view group = {});
  /// The case of that number, from 1 on, whoever has taken it before; nullptr when there is none.
  const Case* take(std::size_t number);
  /// What came of a case; replaces what an earlier run has found.
  void put(Result result);
  /// Nothing comes of a case that was taken.
  void give_up(const Case& what);

  /// How long ago the last of all cases was over; nullopt when some are not, and when any was taken
  /// by number: a client that goes by numbers says itself when it has had enough.
  std::optional<std::chrono::milliseconds> complete_for() const;
  std::vector<Result> results() const;

  /// JSON about what came of the case of that number, as clients of the field's suite know it;
  /// nullopt when there is none. A client may ask as soon as its connection has ended: what is
  /// still being run is waited for, until `deadline`.
  std::optional<std::string> status(std::size_t number, Clock::time_point deadline) const;
  /// JSON about the case itself.
  std::optional<std::string> info(std::size_t number) const;

  /// While it lives, a client is connected.
  class Visit {
   public:
    explicit Visit(CaseBoard& board);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    CaseBoard& board_;
  };

  /// How long nobody has been connected.
  std::chrono::milliseconds idle_time() const;

 private:
  struct Entry {
    const Case* what;
    bool taken = false;
    /// Connections that have taken it, and are not over.
    int running = 0;
    std::optional<Result> result = {};
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable put_;
  std::vector<Entry> entries_;
  bool by_number_ = false;
  std::size_t visits_ = 0;
  Clock::time_point last_visit_;
  Clock::time_point last_put_;
};

}  // namespace duplex::app::check
