#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "in_flight.hpp"
#include "opening.hpp"
#include "round.hpp"
#include "wire.hpp"

namespace duplex::app::bench {

struct Endpoint;

/// One of the many connections of a load: what all modes need to know of it. What a mode knows
/// besides, it keeps itself, by `number`.
struct Connection {
  enum class State : std::uint8_t {
    closed,
    connecting,
    encrypting,
    answering,  ///< the opening request is under way, or its answer
    open,
  };

  bool is_open() const noexcept { return state == State::open; }

  Wire wire;
  const Endpoint* endpoint = nullptr;
  /// Within its thread.
  std::uint32_t number = 0;
  State state = State::closed;
  bool waits_to_write = false;
  /// Whether what it owes was blocked: TLS then wants to be given the same again.
  bool owed_was_blocked = false;
  /// When it began to be opened.
  Time since = 0;

  /// What it has to send: so many bytes of the mode's round, from this offset on.
  std::size_t position = 0;
  std::uint64_t owed = 0;
  /// Whole frames that go as soon as no piece of the round is cut off by them.
  std::unique_ptr<std::string> extra;
  std::unique_ptr<OpeningAnswer> answer;
};

}  // namespace duplex::app::bench
