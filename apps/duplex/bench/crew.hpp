#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "load_thread.hpp"
#include "result.hpp"
#include "schedule.hpp"
#include "timeline.hpp"
#include "work.hpp"

namespace duplex::app::bench {

/// The threads of a run, each with its connections and its work.
class Crew {
 public:
  /// All arguments outlive it.
  Crew(const Setup& setup, Schedule& schedule, Timeline& timeline);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  std::size_t size() const noexcept { return loads_.size(); }

  void start();
  /// Waits for their end, which the schedule tells. Throws what a thread has thrown.
  void join();

  /// After that, what all have counted, and what it took.
  Tally total() const;
  LoadCost cost() const;

 private:
  void run(LoadThread& load, Work& work) noexcept;

  Schedule* schedule_;
  std::vector<std::unique_ptr<LoadThread>> loads_;
  std::vector<std::unique_ptr<Work>> works_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace duplex::app::bench
