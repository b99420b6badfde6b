#pragma once

#include <string_view>

/// Kinds of errors that decide about a run, or are told of in several places, by the words under
/// which they are counted. Of all others it matters only how many there are.
namespace duplex::app::bench::error_kind {

/// A message was due, and could not be sent by two seconds after the end.
inline constexpr std::string_view not_sent = "not sent";
/// It was sent, and that was all.
inline constexpr std::string_view no_answer = "no answer";
/// Failures of the load itself: less was asked of the server than it seems.
inline constexpr std::string_view no_port_left = "no port left";
inline constexpr std::string_view no_descriptor_left = "no descriptor left";
/// The process that is watched has ended.
inline constexpr std::string_view server_ended = "server's process";
/// Deliveries of a fan-out that never came, which requirements tell from other errors; and echoes
/// that later ones have overtaken and that never came, errors as any other.
inline constexpr std::string_view lost = "lost";
/// Messages that answer none.
inline constexpr std::string_view unasked = "unasked";

/// Whether a single one spoils a run, however many errors are required to be all right: behind it,
/// few errors say nothing good of a server.
constexpr bool is_never_allowed(std::string_view kind) noexcept {
  return kind == no_port_left || kind == no_descriptor_left || kind == server_ended;
}

}  // namespace duplex::app::bench::error_kind
