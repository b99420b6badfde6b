#pragma once

namespace duplex::websocket {

/// How much to compress.
struct DeflateEffort {
  /// 1 to 9: faster to smaller.
  int level = 1;
  /// How far back what is written may refer: 2 to this power bytes, 9 to 15.
  int window_bits = 15;

  friend bool operator==(const DeflateEffort&, const DeflateEffort&) = default;
};

}  // namespace duplex::websocket
