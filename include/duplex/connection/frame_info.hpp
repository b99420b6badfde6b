#pragma once

#include <duplex/websocket/frame.hpp>

namespace duplex::connection {

/// One frame as it went over the wire, for `on_frame`.
struct FrameInfo {
  bool incoming = true;
  websocket::FrameHeader header;
};

}  // namespace duplex::connection
