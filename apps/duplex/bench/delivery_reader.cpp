#include "delivery_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace duplex::app::bench {

using websocket::Opcode;

void DeliveryReader::read(Bytes input, std::vector<Stamp>& stamps, Findings& findings) {
  const auto each = [&](const websocket::Frame& frame) { take(frame, stamps, findings); };
  if (const auto error = frames_.feed(input, each)) {
    findings.faults.push_back({"protocol", std::string(websocket::describe(*error))});
    findings.broken = true;
  }
}

void DeliveryReader::take(const websocket::Frame& frame, std::vector<Stamp>& stamps,
                          Findings& findings) {
  switch (frame.header.opcode) {
    case Opcode::ping: findings.pings.emplace_back(as_text(frame.payload)); return;
    case Opcode::pong: return;
    case Opcode::close: findings.closed.emplace(as_text(frame.payload)); return;
    case Opcode::text:
    case Opcode::binary:
    case Opcode::continuation: break;
  }
  take_payload(as_text(frame.payload));
  if (frame.ends && frame.header.fin) end_message(stamps, findings);
}

void DeliveryReader::take_payload(std::string_view bytes) {
  const std::size_t stamp_bytes = Stamp::bytes(messages_->kind().text);
  if (size_ < stamp_bytes) {
    const std::size_t taken = std::min(stamp_bytes - size_, bytes.size());
    std::memcpy(stamp_.data() + size_, bytes.data(), taken);
    size_ += taken;
    bytes.remove_prefix(taken);
  }
  if (bytes.empty()) return;
  const std::string_view expected = messages_->payload(0);
  if (!length_only_ && size_ < expected.size()) {
    differs_ |= !bytes.starts_with(expected.substr(size_, bytes.size()));
  }
  size_ += bytes.size();
}

void DeliveryReader::end_message(std::vector<Stamp>& stamps, Findings& findings) {
  const std::size_t expected = messages_->kind().bytes;
  const auto stamp = Stamp::read(stamp_.data(), messages_->kind().text);
  if (size_ != expected) {
    findings.faults.push_back(
        {"wrong length", fmt::format("a message of {} bytes came, where all that are published "
                                     "have {}",
                                     size_, expected)});
  } else if (differs_ || !stamp || stamp->publisher >= next_.size()) {
    findings.faults.push_back({"wrong content", "a message came that nobody here published"});
  } else {
    std::uint64_t& next = next_[stamp->publisher];
    if (stamp->sequence < next) {
      findings.faults.push_back(
          {"out of order", fmt::format("message {} came where {} was due", stamp->sequence, next)});
    } else {
      next = stamp->sequence + 1;
      stamps.push_back(*stamp);
    }
  }
  size_ = 0;
  differs_ = false;
}

}  // namespace duplex::app::bench
