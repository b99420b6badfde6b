#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire.hpp"

namespace duplex::app::bench {

/// What became of messages that were sent, as their echoes tell. Steps are taken in their order: in
/// the order in which the messages were sent, each is answered or passed over.
struct EchoStep {
  enum class Kind : std::uint8_t {
    answered,     ///< the oldest under way, by a message that came now
    passed_over,  ///< the oldest under way is set aside, since a later one has come
    belated,      ///< of those set aside, the one at `place` has come after all
    lost,         ///< of those set aside, the oldest won't come
    held,         ///< a message came that answers the oldest under way, or nothing
    accepted,     ///< of those held, the oldest answers the oldest under way
    refused,      ///< of those held, the oldest answers nothing
  };

  Kind kind;
  /// As many times, of those that are `answered`; otherwise once.
  std::uint64_t messages = 1;
  /// What the payload of a message took on the wire that answers something, compressed or not.
  std::uint64_t wire_bytes = 0;
  /// From the oldest on.
  std::size_t place = 0;
};

/// What a piece of input told. `clear` it before the next one.
struct Findings {
  /// Of echoes. What answers nothing and is known at once for such is among the faults alone.
  std::vector<EchoStep> steps;
  std::vector<Fault> faults;
  /// What pings carried, each to be answered by a pong.
  std::vector<std::string> pings;
  /// The server closes the WebSocket: what the frame carried.
  std::optional<std::string> closed;
  /// It broke a rule of the protocol, the last of `faults`; nothing more can be read.
  bool broken = false;

  void clear() {
    steps.clear();
    faults.clear();
    pings.clear();
    closed.reset();
    broken = false;
  }
};

}  // namespace duplex::app::bench
