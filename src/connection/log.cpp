#include "connection/log.hpp"

#include <cstdio>
#include <string>
#include <utility>

namespace duplex::connection {

namespace {

void log_to_standard_error(LogLevel level, std::string_view sentence) {
  if (level < LogLevel::warning) return;
  const std::string line = "duplex: " + std::string(sentence) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

Log guarded_log(Log log) {
  if (!log) log = log_to_standard_error;
  return [log = std::move(log)](LogLevel level, std::string_view sentence) noexcept {
    try {
      log(level, sentence);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  };
}

}  // namespace duplex::connection
