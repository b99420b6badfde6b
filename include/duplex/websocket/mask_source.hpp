#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// Where clients' sessions take their masking keys from: a stock of random bytes, four for each
/// frame. A session has no randomness of its own, so `Fill` is an argument.
///
/// One serves all sessions of a thread; not for several threads. Not to be copied, since two copies
/// would hand out the same keys; a process that forks begins anew with another source.
class MaskSource {
 public:
  /// Fills all of `room` with bytes that nobody else can foresee, from the kernel's generator or
  /// a cryptographic library's (RFC 6455 sections 5.3 and 10.3): a key that can be guessed lets
  /// a page's author choose the bytes that a proxy sees. It has no way to fail; one without
  /// randomness has to end the program.
  using Fill = void (*)(Bytes room) noexcept;

  /// Takes nothing from `fill` before the first key is needed.
  explicit MaskSource(Fill fill) noexcept : fill_(fill) {}
  MaskSource(const MaskSource&) = delete;
  MaskSource& operator=(const MaskSource&) = delete;
  ~MaskSource() = default;

  /// A key that was never handed out before.
  MaskKey next() noexcept {
    if (used_ == stock_.size()) {
      fill_(stock_);
      used_ = 0;
    }
    MaskKey key;
    std::memcpy(key.data(), stock_.data() + used_, key.size());
    used_ += key.size();
    return key;
  }

 private:
  // One call for 256 frames, since a system call costs more than a small frame.
  std::array<std::byte, 256 * sizeof(MaskKey)> stock_;
  std::size_t used_ = sizeof(stock_);
  Fill fill_;
};

}  // namespace duplex::websocket
