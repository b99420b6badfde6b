#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <string_view>

#include "messages.hpp"
#include "stamp.hpp"
#include "wire.hpp"

namespace duplex::app::bench {

class KnownDeliveries;

/// What deliveries are held against; for all subscribers of a thread, which it outlives.
struct DeliveryRules {
  /// A message is the first payload of these, but for the stamp.
  const Messages* messages;
  std::size_t publishers;
  /// Whether any content is right that is as long as it should be.
  bool length_only = false;
  /// Needed where compressed messages come and no windows are kept.
  KnownDeliveries* known = nullptr;
};

/// The stamp of a message that somebody here published, or what is wrong with it.
using Delivered = std::expected<Stamp, Fault>;

/// A message on its way in, piece by piece.
class Delivery {
 public:
  void take(const DeliveryRules& rules, std::string_view bytes);
  /// The message was complete; another one begins.
  Delivered end(const DeliveryRules& rules);

 private:
  std::array<char, Stamp::bytes_max> stamp_{};
  std::size_t size_ = 0;
  bool differs_ = false;
};

/// The same for a message that was inflated, of which there is one byte more than is due when it
/// is any longer.
Delivered read_inflated(const DeliveryRules& rules, std::string_view message);

/// Of a compressed message.
Fault not_inflatable();

}  // namespace duplex::app::bench
