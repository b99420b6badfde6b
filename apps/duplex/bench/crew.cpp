#include "crew.hpp"

#include <algorithm>

#include "works.hpp"

namespace duplex::app::bench {

Crew::Crew(const Setup& setup, Schedule& schedule, Timeline& timeline) : schedule_(&schedule) {
  for (std::size_t i = 0; i < setup.options.threads; ++i) {
    loads_.push_back(std::make_unique<LoadThread>(setup, schedule, timeline, i));
  }
  works_ = share_out(loads_);
}

Crew::~Crew() {
  schedule_->end = 0;
  for (std::thread& thread : threads_) thread.join();
}

void Crew::start() {
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    threads_.emplace_back([this, i] { run(*loads_[i], *works_[i]); });
  }
}

void Crew::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (failure_) std::rethrow_exception(failure_);
}

Tally Crew::total() const {
  Tally total;
  for (const auto& load : loads_) total.merge(load->tally());
  return total;
}

LoadCost Crew::cost() const {
  LoadCost cost;
  for (const auto& load : loads_) {
    cost.cpu_seconds += load->cpu_seconds();
    cost.busy.push_back(load->busy());
    cost.waiting = std::max(cost.waiting, load->waiting());
  }
  return cost;
}

void Crew::run(LoadThread& load, Work& work) noexcept {
  try {
    load.run(work);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    // The others end, too, and who leads need not wait.
    schedule_->end = 0;
    schedule_->done = loads_.size();
  }
}

}  // namespace duplex::app::bench
