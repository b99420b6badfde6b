#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "color.hpp"
#include <duplex/connection/message.hpp>

namespace duplex::app {

enum class Direction : std::uint8_t { incoming, outgoing };

/// What a conversation looks like on a terminal: `<` what came in, `>` what went out, `*` what is
/// to say about it.
///
///   10:22:03.123 >        5 B  hello
///   10:22:03.125 <        3 B  binary
///    00000000  01 02 03                                          |...|
///   10:22:04.000 *             the answer to a ping took 0.31 ms
///
/// What the server says can neither steer the terminal nor look as if others had said it: control
/// characters are escaped, and lines behind the first are indented.
class Transcript {
 public:
  using Time = std::chrono::system_clock::time_point;

  struct Options {
    bool color = false;
    /// Of a longer message, only so much is shown; 0 for all of it.
    std::size_t text_bytes_max = 0;
    std::size_t binary_bytes_max = 0;
  };

  explicit Transcript(Options options) noexcept : options_(options) {}

  /// One or more lines, with their ends, as all that follow.
  std::string message(Direction direction, const connection::Message& message, Time now) const;
  /// `text` is escaped.
  std::string note(std::string_view text, Time now, Style style = Style::note) const;

 private:
  std::string head(std::string_view mark, Style style, std::optional<std::size_t> bytes,
                   Time now) const;
  std::string body(const connection::Message& message, Style style) const;

  Options options_;
};

/// `5 B`, `1.5 KiB`, `2.0 GiB`: for people.
std::string readable_size(std::uint64_t bytes);

/// `0.31 ms`, `12.5 ms`, `3.2 s`: for people.
std::string readable_duration(std::chrono::microseconds duration);

/// Local time, `10:22:03.123`.
std::string clock_time(Transcript::Time time);

}  // namespace duplex::app
