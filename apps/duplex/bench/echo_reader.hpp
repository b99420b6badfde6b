#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "compression.hpp"
#include "findings.hpp"
#include "messages.hpp"
#include "wire.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::app::bench {

/// That the server closes the WebSocket, with this body of its close frame.
Fault closed_fault(std::string_view body);

/// By what echoes are read; for all connections of a thread.
struct EchoRules {
  const Messages* messages;
  /// Whether any content is right that is as long as it should be.
  bool length_only = false;
  /// Of a server that begins anew with each message.
  Inflater* inflater = nullptr;
  /// Whether each connection needs one of its own, since the server keeps its window.
  bool keep = false;

  /// Whether it can be told from its content which message one is the echo of.
  bool tell_apart() const noexcept { return !length_only && messages->differ(); }
};

/// Reads the echoes of one connection.
///
/// What comes is expected to be `Messages::echoed` again and again, and as long as it is, that is
/// one comparison of memory for all that a call has received, wherever it begins and ends. Where
/// it is not, it is cut into frames and looked at closely, until a message ends between two
/// frames again, and all is told of what came before it (see `EchoOrder`).
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

  /// Takes all of `input`, which it may unmask or otherwise change. `under_way` messages have left
  /// as a whole and were neither answered nor passed over, by the steps in `findings` so far; what
  /// is held answers nothing yet.
  void read_closely(const EchoRules& rules, Bytes input, std::uint64_t under_way,
                    Findings& findings);

  /// What `take_expected` took last were so many messages too many: none was under way.
  void step_back(const EchoRules& rules, std::uint64_t messages);

  /// Nothing more will come that would tell whether what is held answers something.
  void accept_held(Findings& findings);
  /// Nothing more will come at all.
  void give_up(Findings& findings);

 private:
  struct Scrutiny;

  void look_closely(const EchoRules& rules, std::size_t due);

  /// Within the round of what is expected.
  std::size_t position_ = 0;
  /// How much of the present frame was there already.
  std::size_t in_frame_ = 0;
  std::unique_ptr<Scrutiny> scrutiny_;
};

}  // namespace duplex::app::bench
