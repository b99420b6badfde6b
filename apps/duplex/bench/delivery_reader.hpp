#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "echo_reader.hpp"
#include "incoming_frames.hpp"
#include "messages.hpp"
#include "stamp.hpp"

namespace duplex::app::bench {

/// Reads what is delivered to one subscriber, and whether it is what somebody published, in order.
class DeliveryReader {
 public:
  /// `messages` outlives it; a message is its first payload, but for the stamp.
  DeliveryReader(const Messages& messages, bool length_only, std::size_t publishers)
      : messages_(&messages), length_only_(length_only), next_(publishers) {}

  /// Takes all of `input`. Stamps of those that were complete and right are appended to `stamps`;
  /// all else is told by `findings`.
  void read(Bytes input, std::vector<Stamp>& stamps, Findings& findings);

 private:
  void take(const websocket::Frame& frame, std::vector<Stamp>& stamps, Findings& findings);
  void take_payload(std::string_view bytes);
  void end_message(std::vector<Stamp>& stamps, Findings& findings);

  const Messages* messages_;
  bool length_only_;
  IncomingFrames frames_;
  /// Of the message that is coming.
  std::array<char, Stamp::bytes_max> stamp_{};
  std::size_t size_ = 0;
  bool differs_ = false;
  /// Of each publisher, the message that is due; 0 until one has come.
  std::vector<std::uint64_t> next_;
};

}  // namespace duplex::app::bench
