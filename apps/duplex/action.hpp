#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <duplex/websocket/close_code.hpp>
#include <duplex/websocket/frame.hpp>

/// What people type in `duplex connect`: text to send, or a command.
namespace duplex::app {

/// Send this.
struct SendMessage {
  websocket::Opcode opcode;
  std::string payload;
  bool operator==(const SendMessage&) const = default;
};

/// Send the content of a file as one message.
struct SendFile {
  websocket::Opcode opcode;
  std::string path;
  bool operator==(const SendFile&) const = default;
};

/// Ping, and say how long the answer took.
struct Ping {
  bool operator==(const Ping&) const = default;
};

/// Say goodbye.
struct Close {
  websocket::CloseCode code = websocket::CloseCode::normal;
  std::string reason = {};
  bool operator==(const Close&) const = default;
};

/// Tell what can be typed.
struct ShowHelp {
  bool operator==(const ShowHelp&) const = default;
};

using Action = std::variant<SendMessage, SendFile, Ping, Close, ShowHelp>;

/// Understands a line. What begins with `/` is a command, but for what begins with `//`, which is
/// text without the first of them. nullopt for an empty line; the error is a sentence that says
/// what to type.
std::expected<std::optional<Action>, std::string> parse_action(std::string_view line);

/// What can be typed, a line each.
extern const std::string_view action_help;

}  // namespace duplex::app
