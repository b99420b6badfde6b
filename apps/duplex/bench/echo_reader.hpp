#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compression.hpp"
#include "messages.hpp"
#include "wire.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::app::bench {

/// That the server closes the WebSocket, with this body of its close frame.
Fault closed_fault(std::string_view body);

/// What a piece of input told. `clear` it before the next one.
struct Findings {
  /// Whole messages that came, right or wrong.
  std::uint64_t messages = 0;
  /// What the payload of each took on the wire, compressed or not.
  std::vector<std::uint64_t> wire_bytes;
  std::vector<Fault> faults;
  /// What pings carried, each to be answered by a pong.
  std::vector<std::string> pings;
  /// The server closes the WebSocket: what the frame carried.
  std::optional<std::string> closed;
  /// It broke a rule of the protocol, the last of `faults`; nothing more can be read.
  bool broken = false;

  void clear() {
    messages = 0;
    wire_bytes.clear();
    faults.clear();
    pings.clear();
    closed.reset();
    broken = false;
  }
};

/// By what echoes are read; for all connections of a thread.
struct EchoRules {
  const Messages* messages;
  /// Whether any content is right that is as long as it should be.
  bool length_only = false;
  /// Of a server that begins anew with each message.
  Inflater* inflater = nullptr;
  /// Whether each connection needs one of its own, since the server keeps its window.
  bool keep = false;
};

/// Reads the echoes of one connection.
///
/// What comes is expected to be `Messages::echoed` again and again, and as long as it is, that is
/// one comparison of memory for all that a call has received, wherever it begins and ends. Where
/// it is not, it is cut into frames and looked at closely, until a message ends between two
/// frames again.
class EchoReader {
 public:
  EchoReader();
  ~EchoReader();
  EchoReader(EchoReader&&) noexcept;
  EchoReader& operator=(EchoReader&&) noexcept;

  /// A new connection, on which the message numbered `first` comes next.
  void begin(const EchoRules& rules, std::size_t first);

  /// Takes what is as expected off the front of `input`, and returns how many messages that
  /// completes. What is left, if anything, is for `read_closely`.
  std::uint64_t take_expected(const EchoRules& rules, Bytes& input) noexcept {
    if (scrutiny_ || rules.messages->kind().compressed) return 0;
    const Round& echoed = rules.messages->echoed();
    std::size_t taken = 0;
    while (taken < input.size()) {
      const std::string_view due = echoed.from(position_, input.size() - taken);
      if (std::memcmp(input.data() + taken, due.data(), due.size()) != 0) break;
      taken += due.size();
      position_ = echoed.behind(position_, due.size());
    }
    input = input.subspan(taken);
    in_frame_ += taken;
    const std::size_t frame_bytes = echoed.piece_bytes();
    if (in_frame_ < frame_bytes) return 0;
    if (in_frame_ == frame_bytes) {
      in_frame_ = 0;
      return 1;
    }
    const std::uint64_t messages = in_frame_ / frame_bytes;
    in_frame_ %= frame_bytes;
    return messages;
  }

  /// Takes all of `input`, which it may unmask or otherwise change.
  void read_closely(const EchoRules& rules, Bytes input, Findings& findings);

 private:
  struct Scrutiny;

  void look_closely(const EchoRules& rules);

  /// Within the round of what is expected.
  std::size_t position_ = 0;
  /// How much of the present frame was there already.
  std::size_t in_frame_ = 0;
  std::unique_ptr<Scrutiny> scrutiny_;
};

}  // namespace duplex::app::bench
