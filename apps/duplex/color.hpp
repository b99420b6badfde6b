#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Colors on a terminal.
namespace duplex::app {

/// What `--color` asks for.
enum class ColorChoice : std::uint8_t { automatic, always, never };

/// `auto`, `always` or `never`; throws UsageError for anything else.
ColorChoice parse_color_choice(std::string_view text);

/// What the environment says about colors.
struct ColorEnvironment {
  bool is_terminal = false;
  /// `TERM`: `dumb` and nothing have no colors.
  std::string_view term;
  /// `NO_COLOR` is set and not empty (https://no-color.org).
  bool no_color = false;
};

/// The environment of a descriptor.
ColorEnvironment color_environment(int descriptor);

bool wants_color(ColorChoice choice, const ColorEnvironment& environment) noexcept;

/// What things look like.
enum class Style : std::uint8_t { plain, faint, incoming, outgoing, note, warning };

/// Puts `text` between the codes for `style`, or leaves it as it is without colors.
std::string styled(std::string_view text, Style style, bool color);

}  // namespace duplex::app
