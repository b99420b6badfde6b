#include "check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "case_progress.hpp"
#include "case_words.hpp"
#include "check_client.hpp"
#include "check_server.hpp"
#include "printable.hpp"
#include "report.hpp"
#include "report_file.hpp"
#include "stop_pipe.hpp"
#include "subcommand.hpp"
#include "watch.hpp"

namespace duplex::app::check {
namespace {

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

std::string listed(const CheckOptions& options) {
  std::size_t width = 0;
  for (const Case* const what : options.cases) width = std::max(width, what->id.size());
  std::string text;
  for (const Case* const what : options.cases) {
    const std::string_view whom = what->checks == Checks::servers   ? " [servers]"
                                  : what->checks == Checks::clients ? " [clients]"
                                                                    : "";
    text += fmt::format("{:<{}}  {}: {} ({}){}\n", what->id, width, what->title, what->expected,
                        what->rule, whom);
  }
  const auto count = [&options](End checked) {
    return std::ranges::count_if(options.cases,
                                 [checked](const Case* what) { return what->is_for(checked); });
  };
  return text + fmt::format("{}: {} for servers, {} for clients\n",
                            cases_text(options.cases.size()), count(End::server),
                            count(End::client));
}

/// What goes on while the cases run, on standard error if that is a terminal.
class Progress {
 public:
  explicit Progress(const CheckOptions& options)
      : shown_(!options.quiet && ::isatty(STDERR_FILENO) == 1), line_(options.cases.size()) {}
  ~Progress() {
    if (shown_) write(stderr, line_.clear());
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(const Result& result) {
    const auto text = line_.add(result.finding.verdict, CaseProgress::Time::clock::now());
    if (shown_ && text) write(stderr, *text);
  }

 private:
  bool shown_;
  CaseProgress line_;
};

void run_against_server(Report& report, const CheckOptions& options, int stop_descriptor) {
  report.subject = options.url->text();
  ServerCheck check{.url = *options.url,
                    .fields = options.fields,
                    .jobs = options.jobs,
                    .time_limit = options.time_limit,
                    .wait = options.wait,
                    .stop_descriptor = stop_descriptor};
  if (options.url->is_secure() && options.client_tls.insecure) {
    write(stderr, "duplex: --insecure: who the server is, is not verified\n");
  }
  if (options.url->is_secure()) check.tls = TlsContext::for_client(options.client_tls);
  Progress progress(options);
  check.on_result = [&progress](const Result& result) { progress.add(result); };
  ServerResults results = check_server(options.cases, check);
  report.results = std::move(results.results);
  report.failure = std::move(results.failure);
}

void run_for_client(Report& report, const CheckOptions& options, int stop_descriptor) {
  const Socket listener = listen_at(options.listen->address, options.listen->port);
  ClientCheck check{.listener = listener,
                    .jobs = options.jobs,
                    .time_limit = options.time_limit,
                    .idle_limit = options.idle_limit,
                    .stop_descriptor = stop_descriptor};
  if (options.server_tls) check.tls = TlsContext::for_server(*options.server_tls);
  const bool ipv6 = options.listen->address.find(':') != std::string::npos;
  const std::string host = options.listen->address.empty() ? "127.0.0.1" : options.listen->address;
  write(options.reports_to_output() ? stderr : stdout,
        fmt::format("Waiting for clients that echo, {}: {}://{}{}{}:{}/\n",
                    cases_text(options.cases.size()), options.server_tls ? "wss" : "ws",
                    ipv6 ? "[" : "", host, ipv6 ? "]" : "", port_of(listener)));
  Progress progress(options);
  check.on_result = [&progress](const Result& result) { progress.add(result); };
  ClientResults results = check_client(options.cases, check);
  report.subject = results.agent.empty() ? "client" : results.agent;
  report.results = std::move(results.results);
}

/// What keeps it from running is a part of the report: else one of an earlier run would remain.
void run_cases(Report& report, const CheckOptions& options, int stop_descriptor) {
  try {
    if (options.url) {
      run_against_server(report, options, stop_descriptor);
    } else {
      run_for_client(report, options, stop_descriptor);
    }
  } catch (const std::runtime_error& error) {
    report.failure = error.what();
  }
}

void write_reports(const Report& report, const CheckOptions& options) {
  if (!options.json.empty()) write_report(options.json, json_report(report));
  if (!options.junit.empty()) write_report(options.junit, junit_report(report));
  if (!options.html.empty()) write_report(options.html, html_report(report));
  // The failure alone is the better answer when there is nothing else.
  const bool only_failed = report.results.empty() && !report.failure.empty();
  if (options.quiet || only_failed) return;
  const bool to_error = options.reports_to_output();
  const int descriptor = to_error ? STDERR_FILENO : STDOUT_FILENO;
  const TerminalStyle style{.color = wants_color(options.color, color_environment(descriptor)),
                            .with_logs = options.verbose};
  write(to_error ? stderr : stdout, terminal_report(report, style));
}

}  // namespace

int run_check(const CheckOptions& options) {
  if (options.list) {
    write(stdout, listed(options));
    return exit_success;
  }
  for (const std::string& path : {options.json, options.junit, options.html}) {
    check_report_place(path);
  }
  block_ends();
  StopPipe stop;
  std::atomic<int> signal = 0;
  Report report;
  const auto began = std::chrono::steady_clock::now();
  report.checked = options.checked();
  report.began = rfc3339(std::chrono::system_clock::now());
  {
    const Watch watch([&](int caught) {
      signal = caught;
      stop.stop();
    });
    run_cases(report, options, stop.descriptor());
  }
  if (report.results.empty() && report.failure.empty() && signal == 0) {
    report.failure = "no case has been run";
  }
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  for (const Case* const what : options.cases) {
    const bool run = std::ranges::find(report.results, what, &Result::what) != report.results.end();
    if (!run) report.not_run.push_back(what);
  }
  write_reports(report, options);
  if (const int caught = signal; caught != 0) {
    // As for any program that such a signal ends, so that shells and the like can tell.
    unblock_ends();
    std::raise(caught);
  }
  if (!report.failure.empty()) {
    throw std::runtime_error(
        fmt::format("{}{}{}", report.subject, report.subject.empty() ? "" : ": ", report.failure));
  }
  return report.good() ? exit_success : exit_failure;
}

}  // namespace duplex::app::check
