#include "delivery_reader.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "known_deliveries.hpp"

namespace duplex::app::bench {

using websocket::Opcode;

void DeliveryReader::read(Bytes input, std::vector<Arrival>& arrivals, Findings& findings) {
  const auto each = [&](const websocket::Frame& frame) {
    if (!findings.broken) take(frame, arrivals, findings);
  };
  const auto error = frames_.feed(input, each);
  if (error && !findings.broken) {
    findings.faults.push_back({"protocol", std::string(websocket::describe(*error))});
    findings.broken = true;
  }
}

void DeliveryReader::take(const websocket::Frame& frame, std::vector<Arrival>& arrivals,
                          Findings& findings) {
  switch (frame.header.opcode) {
    case Opcode::ping: findings.pings.emplace_back(as_text(frame.payload)); return;
    case Opcode::pong: return;
    case Opcode::close: findings.closed.emplace(as_text(frame.payload)); return;
    case Opcode::text:
    case Opcode::binary:
    case Opcode::continuation: break;
  }
  if (frame.header.opcode != Opcode::continuation) opcode_ = frame.header.opcode;
  const std::string_view payload = as_text(frame.payload);
  const std::size_t bytes = rules_->messages->kind().bytes;
  const bool ends = frame.ends && frame.header.fin;
  if (frame.header.rsv1 && frame.begins) {
    // Most come as a whole, and are read where they are.
    if (ends) {
      take_compressed(payload, arrivals, findings);
      return;
    }
    collected_ = std::make_unique<std::string>();
  }
  if (!collected_) {
    delivery_.take(*rules_, payload);
    if (ends) take_delivered(delivery_.end(*rules_), bytes, arrivals, findings);
    return;
  }
  collect_compressed(*collected_, payload, bytes);
  if (ends) take_compressed(*std::exchange(collected_, nullptr), arrivals, findings);
}

void DeliveryReader::take_compressed(std::string_view message, std::vector<Arrival>& arrivals,
                                     Findings& findings) {
  const MessageKind& kind = rules_->messages->kind();
  if (message.size() > compressed_bytes_max(kind.bytes)) {
    findings.faults.push_back(
        {"wrong length", fmt::format("a compressed message of more than {} bytes came, where all "
                                     "that are published have {} before they are compressed",
                                     compressed_bytes_max(kind.bytes), kind.bytes)});
    // Of what it did to the window, nothing is known.
    findings.broken = kind.keep;
  } else if (kind.keep) {
    take_kept(message, arrivals, findings);
  } else {
    take_delivered(rules_->known->read(*rules_, message), message.size(), arrivals, findings);
  }
}

void DeliveryReader::take_kept(std::string_view message, std::vector<Arrival>& arrivals,
                               Findings& findings) {
  if (!inflater_) inflater_ = std::make_unique<Inflater>(true);
  std::string inflated;
  if (inflater_->inflate(message, rules_->messages->kind().bytes, inflated)) {
    take_delivered(read_inflated(*rules_, inflated), message.size(), arrivals, findings);
  } else {
    findings.faults.push_back(not_inflatable());
    findings.broken = true;
  }
}

void DeliveryReader::take_delivered(const Delivered& delivered, std::size_t wire_bytes,
                                    std::vector<Arrival>& arrivals, Findings& findings) {
  if (!delivered) {
    findings.faults.push_back(delivered.error());
    return;
  }
  if (const Opcode published = rules_->messages->opcode(); opcode_ != published) {
    findings.faults.push_back(
        {"wrong content", fmt::format("a message came as {} that was published as {}",
                                      kind_name(opcode_), kind_name(published))});
    return;
  }
  const Stamp& stamp = *delivered;
  std::uint64_t& next = next_[stamp.publisher];
  if (stamp.sequence < next) {
    findings.faults.push_back(
        {"out of order", fmt::format("message {} came where {} was due", stamp.sequence, next)});
  } else {
    next = stamp.sequence + 1;
    arrivals.push_back({stamp, wire_bytes});
  }
}

}  // namespace duplex::app::bench
