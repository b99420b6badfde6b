#include "action.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "hex.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::app {
namespace {

using Parsed = std::expected<std::optional<Action>, std::string>;
using websocket::CloseCode;
using websocket::Opcode;

/// The most that fits behind the code in a close frame (RFC 6455 section 5.5).
constexpr std::size_t close_reason_bytes_max = websocket::control_payload_bytes_max - 2;

/// The first word of `text`, which then is what stands behind it.
std::string_view take_word(std::string_view& text) noexcept {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
  return word;
}

Parsed parse_close(std::string_view arguments) {
  Close close;
  if (arguments.empty()) return close;
  const std::string_view word = take_word(arguments);
  const auto number = parse_decimal(word);
  if (!number || *number > UINT16_MAX || !websocket::may_be_sent(static_cast<CloseCode>(*number))) {
    return std::unexpected(fmt::format(
        "\"{}\" is no code to close with; write 1000 to 1003, 1007 to 1014, or 3000 to 4999",
        word));
  }
  if (arguments.size() > close_reason_bytes_max) {
    return std::unexpected(
        fmt::format("the reason is too long: at most {} bytes fit", close_reason_bytes_max));
  }
  close.code = static_cast<CloseCode>(*number);
  close.reason = arguments;
  return close;
}

Parsed parse_file(Opcode opcode, std::string_view name, std::string_view path) {
  if (path.empty()) return std::unexpected(fmt::format("which file? Type {} PATH", name));
  return SendFile{opcode, std::string(path)};
}

Parsed parse_binary(std::string_view digits) {
  auto bytes = parse_hex(digits);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  return SendMessage{Opcode::binary, *std::move(bytes)};
}

Parsed parse_command(std::string_view line) {
  std::string_view arguments = line;
  const std::string_view name = take_word(arguments);
  if (name == "/ping") return Ping{};
  if (name == "/close") return parse_close(arguments);
  if (name == "/quit") return Close{};
  if (name == "/binary") return parse_binary(arguments);
  if (name == "/file") return parse_file(Opcode::binary, name, arguments);
  if (name == "/text") return parse_file(Opcode::text, name, arguments);
  if (name == "/help") return ShowHelp{};
  return std::unexpected(fmt::format(
      "there is no command {}; /help tells which there are, and / is sent by typing it twice",
      name));
}

}  // namespace

Parsed parse_action(std::string_view line) {
  if (line.empty()) return std::nullopt;
  if (line.starts_with("//")) return SendMessage{Opcode::text, std::string(line.substr(1))};
  if (line.starts_with('/')) return parse_command(line);
  return SendMessage{Opcode::text, std::string(line)};
}

const std::string_view action_help =
    R"(TEXT                    send a text message
//TEXT                  the same, beginning with /
/ping                   measure a round trip
/binary HEX             send bytes, such as 48 65 6c
/file PATH              send a file as binary
/text PATH              send a file as text
/close [CODE] [REASON]  close, with 1000 by default
/quit, Ctrl+D, Ctrl+C   close, and end
/help                   this)";

}  // namespace duplex::app
