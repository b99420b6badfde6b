#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compression.hpp"
#include "messages.hpp"
#include "wire.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::app::bench {

/// What a piece of input told. `clear` it before the next one.
struct Findings {
  /// Whole messages that came, right or wrong.
  std::uint64_t messages = 0;
  std::vector<Fault> faults;
  /// What pings carried, each to be answered by a pong.
  std::vector<std::string> pings;
  /// The server closes the WebSocket: with which code and reason.
  std::optional<std::string> closed;
  /// It broke a rule of the protocol, the last of `faults`; nothing more can be read.
  bool broken = false;

  void clear() {
    messages = 0;
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

  /// Takes all of `input`, which it may unmask or otherwise change.
  void read(const EchoRules& rules, Bytes input, Findings& findings);

 private:
  struct Scrutiny;

  std::size_t take_expected(const Round& echoed, ConstBytes input, Findings& findings) noexcept;
  void look_closely(const EchoRules& rules);

  /// Within the round of what is expected.
  std::size_t position_ = 0;
  /// How much of the present frame was there already.
  std::size_t in_frame_ = 0;
  std::unique_ptr<Scrutiny> scrutiny_;
};

}  // namespace duplex::app::bench
