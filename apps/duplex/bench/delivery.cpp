#include "delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace duplex::app::bench {

void Delivery::take(const DeliveryRules& rules, std::string_view bytes) {
  const std::size_t stamp_bytes = Stamp::bytes(rules.messages->kind().text);
  if (size_ < stamp_bytes) {
    const std::size_t taken = std::min(stamp_bytes - size_, bytes.size());
    std::memcpy(stamp_.data() + size_, bytes.data(), taken);
    size_ += taken;
    bytes.remove_prefix(taken);
  }
  if (bytes.empty()) return;
  const std::string_view expected = rules.messages->payload(0);
  if (!rules.length_only && size_ < expected.size()) {
    differs_ |= !bytes.starts_with(expected.substr(size_, bytes.size()));
  }
  size_ += bytes.size();
}

Delivered Delivery::end(const DeliveryRules& rules) {
  const MessageKind& kind = rules.messages->kind();
  const auto stamp = Stamp::read(stamp_.data(), kind.text);
  const std::size_t size = std::exchange(size_, 0);
  const bool differs = std::exchange(differs_, false);
  if (size != kind.bytes) {
    return std::unexpected(
        Fault{"wrong length",
              fmt::format("a message of {} bytes came, where all that are published have {}", size,
                          kind.bytes)});
  }
  if (differs || !stamp || stamp->publisher >= rules.publishers) {
    return std::unexpected(Fault{"wrong content", "a message came that nobody here published"});
  }
  return *stamp;
}

Delivered read_inflated(const DeliveryRules& rules, std::string_view message) {
  const std::size_t due = rules.messages->kind().bytes;
  if (message.size() > due) {
    return std::unexpected(
        Fault{"wrong length",
              fmt::format("a compressed message of more than {} bytes came, which is what all that "
                          "are published have",
                          due)});
  }
  Delivery delivery;
  delivery.take(rules, message);
  return delivery.end(rules);
}

Fault not_inflatable() {
  return {"wrong content", "a compressed message can't be inflated"};
}

}  // namespace duplex::app::bench
