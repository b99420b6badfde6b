#include "process_cost.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace duplex::app::bench {
namespace {

using std::filesystem::path;

/// A file of the proc file system, or why it can't be read.
std::expected<std::string, std::error_code> text_of(const path& file) {
  errno = 0;
  std::ifstream stream(file);
  std::ostringstream text;
  // Some are only found to be forbidden, or their process to be gone, when they are read.
  if (stream && (stream.peek() == std::ifstream::traits_type::eof() || text << stream.rdbuf())) {
    if (errno == 0) return text.str();
  }
  return std::unexpected(std::error_code(errno == 0 ? ENOENT : errno, std::generic_category()));
}

std::string sentence_about(int pid, std::error_code error) {
  if (error == std::errc::no_such_file_or_directory || error == std::errc::no_such_process) {
    return fmt::format("there is no process {}", pid);
  }
  if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted) {
    return fmt::format(
        "process {} is someone else's, and may only be looked at by them and by root", pid);
  }
  return fmt::format("process {} can't be looked at: {}", pid, error.message());
}

/// Numbers among the names in a folder: of processes and of threads.
std::vector<int> numbers_in(const path& folder) {
  std::vector<int> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    int number = 0;
    const auto [rest, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed == std::errc() && rest == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

/// What proc(5) calls stat: of a process or a thread.
struct Stat {
  char state = '?';
  double user_seconds = 0;
  double system_seconds = 0;
  /// Of children that have ended and been waited for.
  double children_user_seconds = 0;
  double children_system_seconds = 0;
};

std::optional<Stat> parse_stat(std::string_view text) {
  // The name of the program is in parentheses, and may have some, and spaces, itself.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream fields(std::string(text.substr(name_end + 1)));
  Stat stat;
  fields >> stat.state;
  // From the parent's id to the page faults: nothing for us.
  for (int field = 4; field <= 13; ++field) {
    std::string skipped;
    fields >> skipped;
  }
  static const auto ticks_a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (double* const seconds : {&stat.user_seconds, &stat.system_seconds,
                                &stat.children_user_seconds, &stat.children_system_seconds}) {
    std::uint64_t ticks = 0;
    if (!(fields >> ticks)) return std::nullopt;
    *seconds = static_cast<double>(ticks) / ticks_a_second;
  }
  return stat;
}

std::optional<Stat> stat_of(const path& folder) {
  const auto text = text_of(folder / "stat");
  return text ? parse_stat(*text) : std::nullopt;
}

/// `Anonymous:    112 kB`, in bytes.
std::optional<std::uint64_t> kibibytes_at(std::string_view text, std::string_view key) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    std::istringstream fields(line.substr(key.size()));
    std::uint64_t number = 0;
    if (fields >> number) return number * 1024;
  }
  return std::nullopt;
}

std::expected<std::uint64_t, std::error_code> own_memory(const path& folder) {
  // Exact, but for its owner and root only.
  if (const auto text = text_of(folder / "smaps_rollup")) {
    if (const auto bytes = kibibytes_at(*text, "Anonymous:")) return *bytes;
  }
  // The same for all to see, off by some pages a processor.
  const auto text = text_of(folder / "status");
  if (!text) return std::unexpected(text.error());
  if (const auto bytes = kibibytes_at(*text, "RssAnon:")) return *bytes;
  // What has ended has no memory.
  return std::unexpected(std::make_error_code(std::errc::no_such_process));
}

/// The process and its descendants, itself first.
std::vector<int> family_of(int pid, const path& proc) {
  std::vector<int> family = {pid};
  // Who starts the server in a shell may start us in the same.
  std::set<int> known = {pid, ::getpid()};
  for (std::size_t next = 0; next < family.size(); ++next) {
    const path tasks = proc / std::to_string(family[next]) / "task";
    for (const int thread : numbers_in(tasks)) {
      const auto children = text_of(tasks / std::to_string(thread) / "children");
      if (!children) continue;
      std::istringstream numbers(*children);
      for (int child = 0; numbers >> child;) {
        if (known.insert(child).second) family.push_back(child);
      }
    }
  }
  return family;
}

}  // namespace

ProcessCost cost_between(const ProcessUse& before, const ProcessUse& after,
                         double seconds) noexcept {
  // Less than before is what ended without being waited for.
  const auto growth = [](double from, double to) { return std::max(to - from, 0.0); };
  ProcessCost cost{.user_seconds = growth(before.user_seconds, after.user_seconds),
                   .system_seconds = growth(before.system_seconds, after.system_seconds)};
  if (seconds <= 0) return cost;
  for (const auto& [thread, used] : after.thread_seconds) {
    const auto found = before.thread_seconds.find(thread);
    const double from = found == before.thread_seconds.end() ? 0 : found->second;
    cost.busy = std::max(cost.busy, std::min(growth(from, used) / seconds, 1.0));
  }
  return cost;
}

Process::Process(int pid, std::filesystem::path proc) : pid_(pid), proc_(std::move(proc)) {}

std::expected<ProcessUse, std::string> Process::use() const {
  const path own = proc_ / std::to_string(pid_);
  if (const auto text = text_of(own / "stat"); !text) {
    return std::unexpected(sentence_about(pid_, text.error()));
  }
  ProcessUse use;
  for (const int pid : family_of(pid_, proc_)) {
    const path folder = proc_ / std::to_string(pid);
    const std::optional<Stat> process = stat_of(folder);
    if (!process || (pid == pid_ && process->state == 'Z')) {
      if (pid == pid_) return std::unexpected(fmt::format("process {} has ended", pid_));
      continue;
    }
    use.user_seconds += process->user_seconds + process->children_user_seconds;
    use.system_seconds += process->system_seconds + process->children_system_seconds;
    for (const int thread : numbers_in(folder / "task")) {
      const std::optional<Stat> stat = stat_of(folder / "task" / std::to_string(thread));
      if (stat) use.thread_seconds[thread] = stat->user_seconds + stat->system_seconds;
    }
  }
  return use;
}

std::expected<std::uint64_t, std::string> Process::memory_bytes() const {
  std::uint64_t sum = 0;
  for (const int pid : family_of(pid_, proc_)) {
    const auto bytes = own_memory(proc_ / std::to_string(pid));
    if (bytes) {
      sum += *bytes;
    } else if (pid == pid_) {
      return std::unexpected(sentence_about(pid_, bytes.error()));
    }
  }
  return sum;
}

}  // namespace duplex::app::bench
