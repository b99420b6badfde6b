#include "transcript.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "hex.hpp"
#include "printable.hpp"

namespace duplex::app {
namespace {

/// Where the text begins: behind time, mark and size.
constexpr std::size_t text_column = 27;

/// A dump is as wide as most terminals are, and so begins further left.
constexpr std::string_view dump_indent = " ";

/// `text` with `indent` behind each line break.
std::string indented(std::string_view text, std::string_view indent) {
  std::string result;
  while (true) {
    const std::size_t end = text.find('\n');
    result += text.substr(0, end);
    if (end == std::string_view::npos) return result;
    result += '\n';
    result += indent;
    text.remove_prefix(end + 1);
  }
}

std::string more(std::size_t bytes) {
  return fmt::format("... {} more", readable_size(bytes));
}

}  // namespace

std::string Transcript::message(Direction direction, const connection::Message& message,
                                Time now) const {
  const bool incoming = direction == Direction::incoming;
  const Style style = incoming ? Style::incoming : Style::outgoing;
  return head(incoming ? "<" : ">", style, message.bytes().size(), now) + body(message, style);
}

std::string Transcript::note(std::string_view text, Time now, Style style) const {
  return head("*", style, std::nullopt, now) +
         styled(indented(printable(text, LineBreaks::keep), std::string(text_column, ' ')), style,
                options_.color) +
         "\n";
}

std::string Transcript::head(std::string_view mark, Style style, std::optional<std::size_t> bytes,
                             Time now) const {
  const std::string size = bytes ? readable_size(*bytes) : "";
  return fmt::format("{} {} {}", styled(clock_time(now), Style::faint, options_.color),
                     styled(mark, style, options_.color),
                     styled(fmt::format("{:>10}  ", size), Style::faint, options_.color));
}

std::string Transcript::body(const connection::Message& message, Style style) const {
  const std::string indent(text_column, ' ');
  const std::size_t bytes = message.bytes().size();
  const std::size_t limit = message.is_text() ? options_.text_bytes_max : options_.binary_bytes_max;
  const bool shows_all = limit == 0 || bytes <= limit;
  if (message.is_text()) {
    const std::string_view shown = shows_all ? message.text() : cut_text(message.text(), limit);
    std::string text =
        styled(indented(printable(shown, LineBreaks::keep), indent), style, options_.color);
    if (!shows_all) {
      text += "\n" + indent + styled(more(bytes - shown.size()), Style::faint, options_.color);
    }
    return text + "\n";
  }
  const ConstBytes shown = shows_all ? message.bytes() : message.bytes().first(limit);
  std::string text = styled("binary", Style::faint, options_.color) + "\n";
  if (!shown.empty()) text += styled(hex_dump(shown, dump_indent), style, options_.color);
  if (!shows_all) {
    text += indent + styled(more(bytes - shown.size()), Style::faint, options_.color) + "\n";
  }
  return text;
}

std::string readable_size(std::uint64_t bytes) {
  constexpr std::uint64_t kibi = 1024;
  if (bytes < kibi) return fmt::format("{} B", bytes);
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / kibi;
  std::size_t unit = 0;
  // What would be rounded up to 1024.0 is one of the next unit.
  while (value >= 1023.95 && unit + 1 < units.size()) {
    value /= kibi;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string readable_duration(std::chrono::microseconds duration) {
  const double milliseconds = static_cast<double>(duration.count()) / 1000;
  if (milliseconds < 10) return fmt::format("{:.2f} ms", milliseconds);
  if (milliseconds < 1000) return fmt::format("{:.1f} ms", milliseconds);
  return fmt::format("{:.1f} s", milliseconds / 1000);
}

std::string clock_time(Transcript::Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::floor<std::chrono::milliseconds>(time - whole);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", local.tm_hour, local.tm_min, local.tm_sec,
                     rest.count());
}

}  // namespace duplex::app
