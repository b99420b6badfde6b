#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "script.hpp"

/// What cases of several groups have in common.
namespace duplex::app::check {

/// Codes that tell an error, for faults where no RFC demands one of them (RFC 6455 section 7.1.7
/// leaves the choice to the endpoint).
inline constexpr std::initializer_list<std::uint16_t> any_error = {
    code::protocol_error,   code::unsupported_data, code::invalid_payload,
    code::policy_violation, code::too_big,          code::internal_error};

/// How frames get to the peer.
enum class Delivery : std::uint8_t {
  separate,  ///< Each frame in a write of its own.
  together,  ///< All of them in one write.
  bytewise,  ///< Each byte in a write of its own.
};

/// What to append to an id: ``, `-in-one-write`, `-byte-by-byte`.
std::string id_suffix(Delivery delivery);
/// What to append to a title: `, each in a write of its own`, and so on.
std::string title_suffix(Delivery delivery);

/// Sends the frames in that way.
void deliver(Script& script, std::span<const Frame> frames, Delivery delivery);

/// One message, each part in a frame.
std::vector<Frame> frames_of(Message::Type type, std::span<const std::string> parts);

/// Sends the message in one frame, and expects its echo.
void echo(Script& script, const Message& message);
/// The same with a short text, and then the closing handshake: the connection is still as it should
/// be.
void echo_and_close(Script& script);

}  // namespace duplex::app::check
