#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection/carrier.hpp"
#include "connection/hub.hpp"

namespace duplex::connection {

/// A carrier in memory: what was sent is in `wire`, and counts as untaken while `stuck`.
class MemoryCarrier final : public Carrier {
 public:
  explicit MemoryCarrier(Hub& its_hub) : hub_(&its_hub) {}

  Hub& hub() noexcept override { return *hub_; }
  ByteQueue& output() noexcept override { return output_; }
  void output_written() noexcept override {
    pass(output_.content());
    output_.clear();
  }
  void send(SharedBytes bytes) noexcept override {
    ++references_sent;
    pass(bytes.bytes());
  }
  void send_large(ConstBytes bytes) noexcept override {
    large_ones.push_back(bytes.data());
    pass(bytes);
  }
  std::size_t buffered_bytes() const noexcept override { return untaken; }
  using Carrier::set_answering;
  void set_paused(bool its_paused) noexcept override { paused = its_paused; }
  void input_wanted() noexcept override { ++input_wishes; }
  void wake_by(std::uint64_t due_ms) noexcept override { wake_times.push_back(due_ms); }
  void finish() noexcept override { finished = true; }
  void abort() noexcept override { aborted = true; }
  std::string peer() const override { return "the peer"; }
  const tls::Stream* tls() const noexcept override { return nullptr; }
  std::uint32_t index() const noexcept override { return 0; }

  /// What was sent since the last call.
  std::string take_wire() { return std::exchange(wire, {}); }

  std::string wire;
  bool stuck = false;
  std::size_t untaken = 0;
  int references_sent = 0;
  std::vector<const std::byte*> large_ones;
  bool paused = false;
  int input_wishes = 0;
  std::vector<std::uint64_t> wake_times;
  bool finished = false;
  bool aborted = false;

 private:
  void on_released() noexcept override {}
  void pass(ConstBytes bytes) {
    wire += as_text(bytes);
    if (stuck) untaken += bytes.size();
  }

  Hub* hub_;
  ByteQueue output_;
};

}  // namespace duplex::connection
