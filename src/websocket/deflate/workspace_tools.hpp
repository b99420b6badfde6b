#pragma once

#include <deque>

#include "websocket/deflate/message_codec.hpp"
#include "websocket/deflate/whole_deflater.hpp"
#include "websocket/deflate/whole_inflater.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/websocket/deflate_workspace.hpp>

namespace duplex::websocket {

/// What a workspace is made of.
struct DeflateTools {
  WholeDeflater whole_deflater;
  WholeInflater whole_inflater;
  /// What the last calls have made.
  ByteQueue deflated;
  ByteQueue inflated;
  /// One for each thing that sessions have agreed on, of which there are few: a deque, since
  /// sessions point to them.
  std::deque<MessageCodec> shared_codecs;
};

}  // namespace duplex::websocket
