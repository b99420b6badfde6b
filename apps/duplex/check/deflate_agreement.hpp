#pragma once

#include <optional>
#include <string_view>

#include "frame.hpp"

/// What both ends agree on for permessage-deflate in the opening handshake (RFC 7692 section 7.1).
namespace duplex::app::check {

/// What one direction has been agreed to be.
struct DeflateDirection {
  bool keeps_context = true;
  /// 8 to 15.
  int window_bits = 15;
};

struct DeflateParameters {
  DeflateDirection from_client;
  DeflateDirection from_server;

  const DeflateDirection& from(End end) const noexcept {
    return end == End::client ? from_client : from_server;
  }
};

/// Reads the extension as a response agrees on it (section 7.1). Throws std::invalid_argument, with
/// a sentence, for anything that can't be an answer to `offer`: another extension, an unknown or
/// doubled parameter, a value out of range, one that the offer doesn't allow. nullopt when `answer`
/// is empty.
std::optional<DeflateParameters> parse_agreement(std::string_view offer, std::string_view answer);

/// Whether a client that offers `offer` (all its Sec-WebSocket-Extensions in one list) can be
/// answered with `answer`.
bool allows(std::string_view offer, std::string_view answer);

}  // namespace duplex::app::check
