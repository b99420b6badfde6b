#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compression.hpp"
#include "delivery.hpp"
#include "findings.hpp"
#include "incoming_frames.hpp"

namespace duplex::app::bench {

/// A message that came as it should.
struct Arrival {
  Stamp stamp;
  /// What its payload took on the wire, compressed or not.
  std::size_t wire_bytes;
};

/// Reads what is delivered to one subscriber, and whether it is what somebody published, in order.
/// Where compression was agreed on, the server chooses for each message whether to use it.
class DeliveryReader {
 public:
  explicit DeliveryReader(const DeliveryRules& rules)
      : rules_(&rules), frames_(rules.messages->kind().compressed), next_(rules.publishers) {}

  /// Takes all of `input`. Those that were complete and right are appended to `arrivals`; all else
  /// is told by `findings`, but for its steps.
  void read(Bytes input, std::vector<Arrival>& arrivals, Findings& findings);

 private:
  void take(const websocket::Frame& frame, std::vector<Arrival>& arrivals, Findings& findings);
  void take_compressed(std::string_view message, std::vector<Arrival>& arrivals,
                       Findings& findings);
  void take_kept(std::string_view message, std::vector<Arrival>& arrivals, Findings& findings);
  void take_delivered(const Delivered& delivered, std::size_t wire_bytes,
                      std::vector<Arrival>& arrivals, Findings& findings);

  const DeliveryRules* rules_;
  IncomingFrames frames_;
  /// Of the message that comes, or came last.
  websocket::Opcode opcode_ = websocket::Opcode::binary;
  /// One that is not compressed.
  Delivery delivery_;
  /// What there is of a compressed one that does not come as a whole.
  std::unique_ptr<std::string> collected_;
  /// From the first compressed one on, where windows are kept.
  std::unique_ptr<Inflater> inflater_;
  /// Of each publisher, the message that is due; 0 until one has come.
  std::vector<std::uint64_t> next_;
};

}  // namespace duplex::app::bench
