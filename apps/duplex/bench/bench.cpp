#include "bench.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "color.hpp"
#include "crew.hpp"
#include "descriptor_limit.hpp"
#include "error_kind.hpp"
#include "live_line.hpp"
#include "load_thread.hpp"
#include "report.hpp"
#include "report_file.hpp"
#include "schedule.hpp"
#include "server_watch.hpp"
#include "subcommand.hpp"
#include "timeline.hpp"
#include "watch.hpp"

namespace duplex::app::bench {
namespace {

/// How often the leading thread looks around.
constexpr long glance_ns = 10'000'000;
/// How often it looks at the server's memory, which makes the system walk through all of it.
constexpr Time memory_interval = second / 2;

Time nanoseconds(std::chrono::milliseconds time) {
  return static_cast<Time>(std::chrono::nanoseconds(time).count());
}

double seconds(Time time) {
  return 1e-9 * static_cast<double>(time);
}

Timeline::Time time_point(Time time) {
  return Timeline::Time(std::chrono::nanoseconds(time));
}

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

/// As RFC 3339 writes it.
std::string utc_text(std::time_t time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

/// Throws UsageError if there can't be so many, which would be found out only when most connections
/// are open.
void want_descriptors_for(const BenchOptions& options) {
  constexpr std::size_t of_the_program = 32;
  constexpr std::size_t of_a_thread = 2;
  const std::size_t publishers = options.mode == Mode::fanout ? options.publishers : 0;
  // What this thread may do, others may.
  const bool each_has_its_own = take_own_descriptors();
  const std::size_t tables = each_has_its_own ? options.threads : 1;
  const std::size_t connections = options.connections + publishers;
  const std::size_t wanted =
      (connections + tables - 1) / tables + options.threads * of_a_thread + of_the_program;
  const std::size_t most = raise_descriptor_limit();
  if (wanted <= most) return;
  throw UsageError(fmt::format(
      "so many connections take {} descriptors, and {} may have {} here: use fewer --connections, "
      "{}or raise the limit (ulimit -Hn)",
      wanted, each_has_its_own ? "a thread" : "a process", most,
      each_has_its_own ? "more --threads, " : ""));
}

std::vector<HostAddress> addresses_of(const BenchOptions& options, const http::Url& url) {
  if (options.unix_path.empty()) return resolve_host(url.host, url.port);
  return {*unix_address(options.unix_path)};
}

Target target_of(const BenchOptions& options, const http::Url& url) {
  return {.url = url, .address = first_that_answers(addresses_of(options, url))};
}

Setup setup_of(const BenchOptions& options) {
  Target target = target_of(options, options.url);
  Target publish =
      options.publish_url == options.url ? target : target_of(options, options.publish_url);
  return {.options = options,
          .target = std::move(target),
          .publish_target = std::move(publish),
          .messages = Messages(options.message)};
}

/// SIGINT and SIGTERM as something to ask for. The second one ends the program.
class Interruption {
 public:
  Interruption() {
    block_ends();
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
  }

  /// Waits a moment; whether the user wants the end.
  bool wait() {
    const timespec moment{.tv_sec = 0, .tv_nsec = glance_ns};
    const int caught = ::sigtimedwait(&signals_, nullptr, &moment);
    if (caught < 0) return false;
    caught_ = caught;
    unblock_ends();
    return true;
  }

  /// Ends the program as the signal would have done that came meanwhile, if one did, so that shells
  /// and the like can tell.
  void end_as_told() const {
    if (caught_ == 0) return;
    std::signal(caught_, SIG_DFL);
    std::raise(caught_);
  }

 private:
  sigset_t signals_{};
  int caught_ = 0;
};

/// Leads the threads through a run, and shows what goes on.
class Lead {
 public:
  Lead(const BenchOptions& options, const Crew& crew, Schedule& schedule, Timeline& timeline)
      : options_(options),
        crew_(crew),
        schedule_(schedule),
        timeline_(timeline),
        line_(options.mode),
        shows_(!options.quiet && ::isatty(STDERR_FILENO) == 1) {}

  /// The threads begin to open connections right behind the making of this.
  void run(Interruption& interruption, std::optional<ServerWatch>& server) {
    while (schedule_.done < crew_.size()) {
      const bool enough = interruption.wait();
      const Time now = steady_now();
      if (enough && now < schedule_.end) {
        schedule_.end = now;
        interrupted_ = true;
      }
      if (!begun_ && schedule_.ready == crew_.size()) begin(server);
      if (server) watch(*server, now);
      if (shows_) show(now);
    }
    // The threads may have been faster than a glance.
    if (server) watch(*server, steady_now());
    if (shows_) write(stderr, line_.clear());
  }

  double opening_seconds() const noexcept { return opening_seconds_; }
  bool interrupted() const noexcept { return interrupted_; }
  /// 0 when it never came to that.
  double measured_seconds() const noexcept {
    if (schedule_.begin == never) return 0;
    const Time from = schedule_.counts_from();
    return from < schedule_.end ? seconds(schedule_.end - from) : 0;
  }

 private:
  void begin(std::optional<ServerWatch>& server) {
    begun_ = true;
    opening_seconds_ = seconds(schedule_.opening_ended - opening_began_);
    if (server) server->all_open(schedule_.opened);
    // There may be nothing to measure with.
    if (schedule_.opened == 0 && options_.mode != Mode::connect) schedule_.end = 0;
    const Time begin = steady_now() + second / 100;
    Time unset = never;
    schedule_.end.compare_exchange_strong(unset, begin + schedule_.warmup + schedule_.duration);
    timeline_.start(time_point(begin + schedule_.warmup));
    schedule_.begin.store(begin, std::memory_order_release);
  }

  void watch(ServerWatch& server, Time now) {
    if (!begun_ || now < schedule_.counts_from()) return;
    if (!std::exchange(watched_, true)) server.begin(now);
    if (now >= schedule_.end) {
      if (!std::exchange(ended_, true)) server.end(now);
    } else if (now >= memory_due_) {
      timeline_.note_memory(time_point(now), server.memory_bytes());
      memory_due_ = now + memory_interval;
    }
  }

  void show(Time now) {
    RunState state{.now = timeline_.now(time_point(now)), .connections = options_.connections};
    if (begun_ && now >= schedule_.counts_from()) {
      const Time end = schedule_.end;
      state.left = std::chrono::milliseconds(end > now ? (end - now) / 1'000'000 : 0);
    }
    if (const auto text = line_.update(state, time_point(now))) write(stderr, *text);
  }

  const BenchOptions& options_;
  const Crew& crew_;
  Schedule& schedule_;
  Timeline& timeline_;
  LiveLine line_;
  bool shows_;
  const Time opening_began_ = steady_now();
  double opening_seconds_ = 0;
  bool interrupted_ = false;
  bool begun_ = false;
  bool watched_ = false;
  bool ended_ = false;
  Time memory_due_ = 0;
};

/// What was published and never came, as far as all connections of the beginning should have it.
Fanout fanout_of(const Tally& total, std::uint64_t subscribers) {
  const std::uint64_t due = total.sent * subscribers;
  const std::uint64_t delivered = total.received + total.late;
  return {.published = total.sent, .delivered = delivered, .lost = due - std::min(due, delivered)};
}

/// At first, as many as are open at a time have no session to resume.
std::uint64_t resumable_of(const Tally& total, const BenchOptions& options) {
  if (!options.resume) return 0;
  return total.connections_opened -
         std::min<std::uint64_t>(total.connections_opened, options.connections);
}

Result measure(const BenchOptions& options, Interruption& interruption) {
  Result result{.mode = options.mode,
                .url = options.url.text(),
                .title = options.title,
                .started = utc_text(std::time(nullptr)),
                .options = shown(options),
                .compressed = options.message.compressed};
  if (options.rate > 0) result.rate = options.rate;
  result.deepens = !result.rate && (options.mode == Mode::echo || options.mode == Mode::fanout ||
                                    (options.mode == Mode::request && options.keep_alive));
  const Setup setup = setup_of(options);
  std::optional<ServerWatch> server;
  if (options.pid) server.emplace(*options.pid);
  Schedule schedule(nanoseconds(options.warmup), nanoseconds(options.duration));
  Timeline timeline;
  Crew crew(setup, schedule, timeline);
  Lead lead(options, crew, schedule, timeline);
  crew.start();
  lead.run(interruption, server);
  crew.join();
  result.total = crew.total();
  result.seconds = lead.measured_seconds();
  result.interrupted = lead.interrupted();
  const bool measures_opening = options.mode == Mode::connect;
  result.opening_count =
      measures_opening ? result.total.connections_opened : schedule.opened.load();
  result.opening_seconds = measures_opening ? result.seconds : lead.opening_seconds();
  result.resumable = resumable_of(result.total, options);
  if (result.seconds > 0) result.timeline = timeline.finish(time_point(schedule.end));
  result.load = crew.cost();
  if (server) {
    if (server->lost().empty()) {
      result.server = server->cost();
    } else {
      result.total.errors.add(error_kind::server_ended, server->lost());
    }
  }
  if (options.mode == Mode::fanout) {
    result.fanout = fanout_of(result.total, schedule.opened);
    if (result.fanout->lost > 0) {
      result.total.errors.add(error_kind::lost,
                              "what was published did not come to every subscriber",
                              result.fanout->lost);
    }
  }
  result.total.errors.sort();
  result.limited_by = limit_of(result);
  for (const Requirement& requirement : options.required) {
    result.required.push_back(judge(requirement, result));
  }
  return result;
}

}  // namespace

int run_bench(const BenchOptions& options) {
  if (options.tls.insecure && !options.quiet) {
    write(stderr, "duplex: --insecure: who the server is, is not verified\n");
  }
  want_descriptors_for(options);
  check_report_place(options.json);
  check_report_place(options.plot);
  if (options.wait.count() > 0) {
    wait_for_answer(addresses_of(options, options.url), options.wait);
  }
  Interruption interruption;
  const Result result = measure(options, interruption);
  // First what can't get lost for want of a place.
  const bool to_error = options.quiet || options.reports_to_output();
  const int descriptor = to_error ? STDERR_FILENO : STDOUT_FILENO;
  const bool color = wants_color(ColorChoice::automatic, color_environment(descriptor));
  const std::string report =
      options.quiet ? terminal_problems(result, color) : terminal_report(result, color);
  if (to_error) {
    write(stderr, report);
  } else {
    write_report("-", report);
  }
  if (!options.json.empty()) write_report(options.json, json_report(result));
  if (!options.plot.empty()) write_report(options.plot, svg_report(result));
  interruption.end_as_told();
  return result.good() ? exit_success : exit_failure;
}

}  // namespace duplex::app::bench
