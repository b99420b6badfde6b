#include "websocket/deflate/message_codec.hpp"

#include <cassert>

#include "websocket/deflate/buffers.hpp"
#include "websocket/deflate/workspace_tools.hpp"

namespace duplex::websocket {

std::expected<Bytes, Error> MessageCodec::inflate_whole(ConstBytes compressed,
                                                        std::uint64_t bytes_max) {
  assert(!sides_.receive_keeps_window);
  return workspace_->tools().whole_inflater.inflate(compressed, bytes_max);
}

InflatedPiece MessageCodec::inflate_piece(ConstBytes piece, bool last, std::uint64_t bytes_max) {
  if (!inflater_) inflater_ = std::make_unique<StreamInflater>(sides_.receive_window_bits);
  if (!inflating_) {
    inflating_ = true;
    inflated_bytes_ = 0;
    if (!sides_.receive_keeps_window) inflater_->reset();
  }
  ByteQueue& output = workspace_->tools().inflated;
  trim_buffer(output);
  const auto error = inflater_->inflate(piece, last, bytes_max - inflated_bytes_, output);
  inflated_bytes_ += output.size();
  inflating_ = !last;
  return {.payload = output.content(), .error = error};
}

ConstBytes MessageCodec::deflate_whole(ConstBytes message) {
  if (sides_.send_keeps_window) return deflate_piece(message, true);
  DeflateTools& tools = workspace_->tools();
  trim_buffer(tools.deflated);
  tools.whole_deflater.deflate(message, sides_.send, tools.deflated);
  return tools.deflated.content();
}

ConstBytes MessageCodec::deflate_piece(ConstBytes piece, bool last) {
  if (!deflater_) deflater_ = std::make_unique<StreamDeflater>(sides_.send);
  if (!deflating_) {
    deflating_ = true;
    if (!sides_.send_keeps_window) deflater_->reset();
  }
  ByteQueue& output = workspace_->tools().deflated;
  trim_buffer(output);
  deflater_->deflate(piece, last, output);
  deflating_ = !last;
  return output.content();
}

}  // namespace duplex::websocket
