#include "log_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>

namespace duplex::app {
namespace {

/// Whether `text` means itself in a log: printable ASCII without quote and backslash.
bool is_plain(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char character) {
    return character >= ' ' && character <= '~' && character != '"' && character != '\\';
  });
}

/// `text` as a JSON string. Beyond ASCII all is escaped, so that no terminal is steered by it;
/// bytes that are not UTF-8 become U+FFFD.
std::string quoted(std::string_view text) {
  if (is_plain(text)) return fmt::format("\"{}\"", text);
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

double milliseconds(std::chrono::microseconds duration) noexcept {
  return static_cast<double>(duration.count()) / 1000.0;
}

std::string_view name(duplex::LogLevel level) noexcept {
  switch (level) {
    case duplex::LogLevel::debug: return "debug";
    case duplex::LogLevel::info: return "info";
    case duplex::LogLevel::warning: return "warning";
    case duplex::LogLevel::error: return "error";
  }
  return "";
}

/// Without a target, the request could not be read, and its method is nobody's.
std::string_view method_of(const server::AccessRecord& record) {
  return record.target.empty() ? "-" : http::name(record.method);
}

}  // namespace

std::string timestamp(LogTime time) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string escaped(std::string_view text, Quotes quotes) {
  if (is_plain(text)) return std::string(text);
  std::string result;
  result.reserve(text.size());
  for (const char character : text) {
    if ((character == '"' && quotes == Quotes::escape) || character == '\\') {
      result += '\\';
      result += character;
    } else if (character >= ' ' && character <= '~') {
      result += character;
    } else {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}",
                     static_cast<unsigned char>(character));
    }
  }
  return result;
}

std::string access_line(LogFormat format, const server::AccessRecord& record, LogTime now) {
  switch (format) {
    case LogFormat::off: return {};
    case LogFormat::text:
      return fmt::format("{} {} \"{} {}\" {} {}B {:.2f}ms\n", timestamp(now), escaped(record.peer),
                         method_of(record), escaped(record.target), http::code(record.status),
                         record.response_bytes, milliseconds(record.duration));
    case LogFormat::json:
      return fmt::format(
          R"({{"time":"{}","peer":{},"method":"{}","target":{},"status":{},"bytes":{},)"
          R"("duration_ms":{},"upgraded":{},"user_agent":{},"referer":{}}})"
          "\n",
          timestamp(now), quoted(record.peer), method_of(record), quoted(record.target),
          http::code(record.status), record.response_bytes, milliseconds(record.duration),
          record.upgraded, quoted(record.user_agent), quoted(record.referer));
  }
  return {};
}

std::string message_line(LogFormat format, duplex::LogLevel level, std::string_view message,
                         LogTime now) {
  if (level == duplex::LogLevel::debug) return {};
  if (format == LogFormat::off && level == duplex::LogLevel::info) return {};
  if (format == LogFormat::json) {
    return fmt::format(R"({{"time":"{}","level":"{}","message":{}}})"
                       "\n",
                       timestamp(now), name(level), quoted(message));
  }
  return fmt::format("{} {}: {}\n", timestamp(now), name(level), escaped(message, Quotes::keep));
}

}  // namespace duplex::app
