#include "tally.hpp"

#include <algorithm>
#include <functional>

namespace duplex::app::bench {

void ErrorCounts::add(std::string_view kind, std::string_view example, std::uint64_t count) {
  auto found = std::ranges::find(kinds_, kind, &ErrorCount::kind);
  if (found == kinds_.end()) {
    kinds_.push_back({.kind = std::string(kind)});
    found = kinds_.end() - 1;
  }
  found->count += count;
  if (found->example.empty()) found->example = example;
}

void ErrorCounts::merge(const ErrorCounts& other) {
  for (const ErrorCount& error : other.kinds_) add(error.kind, error.example, error.count);
}

void ErrorCounts::sort() {
  std::ranges::stable_sort(kinds_, std::greater(), &ErrorCount::count);
}

std::uint64_t ErrorCounts::total() const noexcept {
  std::uint64_t sum = 0;
  for (const ErrorCount& error : kinds_) sum += error.count;
  return sum;
}

std::uint64_t ErrorCounts::of(std::string_view kind) const noexcept {
  const auto found = std::ranges::find(kinds_, kind, &ErrorCount::kind);
  return found == kinds_.end() ? 0 : found->count;
}

void Tally::merge(const Tally& other) {
  sent += other.sent;
  received += other.received;
  late += other.late;
  unanswered += other.unanswered;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  compressed_bytes_sent += other.compressed_bytes_sent;
  compressed_bytes_received += other.compressed_bytes_received;
  latency.merge(other.latency);
  connections_opened += other.connections_opened;
  connections_resumed += other.connections_resumed;
  errors_of_warmup += other.errors_of_warmup;
  connections_failed += other.connections_failed;
  connections_closed += other.connections_closed;
  handshake.merge(other.handshake);
  errors.merge(other.errors);
  for (const auto& [status, count] : other.statuses) statuses[status] += count;
}

}  // namespace duplex::app::bench
