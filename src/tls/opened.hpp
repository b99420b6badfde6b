#pragma once

#include <cstddef>

namespace duplex::tls {

/// What was found in a peer's ciphertext.
struct Opened {
  std::size_t plaintext_bytes = 0;
  /// The peer has said that nothing more will come (close_notify).
  bool ended = false;
};

}  // namespace duplex::tls
