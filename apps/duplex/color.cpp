#include "color.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

std::string_view variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here writes to the environment.
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

/// ECMA-48 section 8.3.117. The basic colors only, which every theme has made readable.
std::string_view code(Style style) noexcept {
  switch (style) {
    case Style::plain: return "";
    case Style::faint: return "\x1b[2m";
    case Style::incoming: return "\x1b[32m";
    case Style::outgoing: return "\x1b[36m";
    case Style::note: return "\x1b[33m";
    case Style::warning: return "\x1b[31m";
  }
  return "";
}

}  // namespace

ColorChoice parse_color_choice(std::string_view text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  throw UsageError(fmt::format("--color: \"{}\" is no choice; write auto, always or never", text));
}

ColorEnvironment color_environment(int descriptor) {
  return {.is_terminal = ::isatty(descriptor) == 1,
          .term = variable("TERM"),
          .no_color = !variable("NO_COLOR").empty()};
}

bool wants_color(ColorChoice choice, const ColorEnvironment& environment) noexcept {
  switch (choice) {
    case ColorChoice::always: return true;
    case ColorChoice::never: return false;
    case ColorChoice::automatic: break;
  }
  return environment.is_terminal && !environment.no_color && !environment.term.empty() &&
         environment.term != "dumb";
}

std::string styled(std::string_view text, Style style, bool color) {
  if (!color || style == Style::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code(style), text);
}

}  // namespace duplex::app
