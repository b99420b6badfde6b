#include <array>

#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::websocket {

PreparedMessage PreparedMessage::text(std::string_view text) {
  return {Opcode::text, as_bytes(text)};
}

PreparedMessage PreparedMessage::binary(ConstBytes payload) {
  return {Opcode::binary, payload};
}

PreparedMessage::PreparedMessage(Opcode opcode, ConstBytes payload) : opcode_(opcode) {
  std::array<std::byte, frame_header_bytes_max> header;
  header_bytes_ = static_cast<std::uint8_t>(
      encode_frame_header({.opcode = opcode, .payload_bytes = payload.size()}, header));
  frame_ = SharedBytes::concatenation({ConstBytes(header).first(header_bytes_), payload});
}

}  // namespace duplex::websocket
