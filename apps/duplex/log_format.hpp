#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <duplex/server/options.hpp>

/// The lines of the log, as text. What clients sent can neither end a line nor forge another: text
/// escapes all but printable ASCII, and quotes; JSON does so by its rules.
namespace duplex::app {

enum class LogFormat : std::uint8_t {
  text,
  json,
  off,  ///< no accesses, and only warnings and errors, as text
};

using LogTime = std::chrono::system_clock::time_point;

/// One exchange, with a line feed:
///
///   2026-11-22T10:22:03.123Z 127.0.0.1:50123 "GET /x" 200 1234B 0.41ms
///
/// or a JSON object with time, peer, method, target, status, bytes, duration_ms, upgraded,
/// user_agent and referer. Empty when the log is off.
std::string access_line(LogFormat format, const server::AccessRecord& record, LogTime now);

/// What the program says about itself, with a line feed:
///
///   2026-11-22T10:22:03.123Z warning: the sentence
///
/// or a JSON object with time, level and message. Empty when it is not important enough.
std::string message_line(LogFormat format, duplex::LogLevel level, std::string_view message,
                         LogTime now);

/// Whether quotation marks may stand in a text: they may where none are around it.
enum class Quotes : std::uint8_t { escape, keep };

/// `text` with `\"`, `\\`, and `\xNN` for what is not printable ASCII.
std::string escaped(std::string_view text, Quotes quotes = Quotes::escape);

/// UTC to the millisecond (RFC 3339): `2026-11-22T10:22:03.123Z`.
std::string timestamp(LogTime time);

}  // namespace duplex::app
