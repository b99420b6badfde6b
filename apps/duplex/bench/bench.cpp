#include "bench.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "limits.hpp"
#include "load_thread.hpp"
#include "schedule.hpp"
#include "timeline.hpp"
#include "works.hpp"

namespace duplex::app::bench {
namespace {

/// How often the leading thread looks around, in nanoseconds.
constexpr long glance_ns = 20'000'000;

Time nanoseconds(std::chrono::milliseconds time) {
  return static_cast<Time>(std::chrono::nanoseconds(time).count());
}

Timeline::Time time_point(Time time) {
  return Timeline::Time(std::chrono::nanoseconds(time));
}

Target target_of(const http::Url& url) {
  return {.url = url, .address = first_that_answers(resolve_host(url.host, url.port))};
}

Setup setup_of(const BenchOptions& options) {
  Target target = target_of(options.url);
  Target publish = options.publish_url == options.url ? target : target_of(options.publish_url);
  return {.options = options,
          .target = std::move(target),
          .publish_target = std::move(publish),
          .messages = Messages(options.message)};
}

/// SIGINT and SIGTERM as something to ask for. The second one ends the program.
class Interruption {
 public:
  Interruption() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    // OpenSSL writes to sockets without asking not to be told so.
    before_pipe_ = std::signal(SIGPIPE, SIG_IGN);
  }
  ~Interruption() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    std::signal(SIGPIPE, before_pipe_);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// Waits a moment; whether the user wants the end.
  bool wait() const {
    const timespec moment{.tv_sec = 0, .tv_nsec = glance_ns};
    if (::sigtimedwait(&signals_, nullptr, &moment) < 0) return false;
    ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    return true;
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  void (*before_pipe_)(int);
};

/// The threads of a run, and what became of them.
class Crew {
 public:
  Crew(const Setup& setup, Schedule& schedule, Timeline& timeline) : schedule_(&schedule) {
    for (std::size_t i = 0; i < setup.options.threads; ++i) {
      loads_.push_back(std::make_unique<LoadThread>(setup, schedule, timeline, i));
    }
    works_ = share_out(loads_);
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { join(); }

  void start() {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      threads_.emplace_back([this, i] { run(*loads_[i], *works_[i]); });
    }
  }

  /// Throws what a thread has thrown.
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  std::size_t size() const noexcept { return loads_.size(); }
  Tally total() const {
    Tally total;
    for (const auto& load : loads_) total.merge(load->tally());
    return total;
  }
  LoadCost cost() const {
    LoadCost cost;
    for (const auto& load : loads_) {
      cost.cpu_seconds += load->cpu_seconds();
      cost.busy.push_back(load->busy());
    }
    return cost;
  }

 private:
  void run(LoadThread& load, Work& work) noexcept {
    try {
      load.run(work);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      // The others end, too, and who leads notices.
      schedule_->end = 0;
      schedule_->done = loads_.size();
    }
  }

  Schedule* schedule_;
  std::vector<std::unique_ptr<LoadThread>> loads_;
  std::vector<std::unique_ptr<Work>> works_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// Leads the threads through the stages.
void lead(Mode mode, Timeline& timeline, Schedule& schedule, const Crew& crew, Result& result) {
  const Interruption interruption;
  const Time opening_began = steady_now();
  bool begun = false;
  while (schedule.done < crew.size()) {
    const bool enough = interruption.wait();
    const Time now = steady_now();
    if (!begun && schedule.ready == crew.size()) {
      begun = true;
      // There is nothing to be measured with.
      if (schedule.opened == 0 && mode != Mode::connect) schedule.end = 0;
      result.opening_seconds = 1e-9 * static_cast<double>(now - opening_began);
      const Time begin = now + second / 100;
      Time unset = never;
      schedule.end.compare_exchange_strong(unset, begin + schedule.warmup + schedule.duration);
      timeline.start(time_point(begin + schedule.warmup));
      schedule.begin.store(begin, std::memory_order_release);
    }
    if (enough) schedule.end = std::min(schedule.end.load(), now);
  }
  const Time from = schedule.begin == never ? never : schedule.counts_from();
  result.seconds = from < schedule.end ? 1e-9 * static_cast<double>(schedule.end - from) : 0;
}

Result measure(const BenchOptions& options) {
  Result result{.mode = options.mode,
                .url = options.url.text(),
                .title = options.title,
                .started = now_text(),
                .options = shown(options)};
  if (options.rate > 0) result.rate = options.rate;
  const Setup setup = setup_of(options);
  Schedule schedule(nanoseconds(options.warmup), nanoseconds(options.duration));
  Timeline timeline;
  Crew crew(setup, schedule, timeline);
  crew.start();
  lead(options.mode, timeline, schedule, crew, result);
  crew.join();
  crew.rethrow();
  result.total = crew.total();
  if (result.seconds > 0) result.timeline = timeline.finish(time_point(schedule.end));
  result.load = crew.cost();
  result.limited_by = limit_of(result);
  return result;
}

}  // namespace

int run_bench(const BenchOptions& options) {
  raise_descriptor_limit();
  const Result result = measure(options);
  std::cout << fmt::format(
      "{:.0f}/s, p50 {} p99 {} max {} ns, {} received {} sent, busy {:.2f}, opened {}\n",
      result.messages_per_second(), result.total.latency.at_percentile(50),
      result.total.latency.at_percentile(99), result.total.latency.max(), result.total.received,
      result.total.sent, result.load.busiest(), result.total.connections_opened);
  for (const ErrorCount& error : result.total.errors.kinds()) {
    std::cout << fmt::format("{} x {}: {}\n", error.count, error.kind, error.example);
  }
  return result.good() ? 0 : 1;
}

}  // namespace duplex::app::bench
