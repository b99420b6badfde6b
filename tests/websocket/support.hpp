#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/websocket/session_properties.hpp"
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket::test {

/// The bytes that `text` has in hexadecimal, "81 05".
inline std::string hex(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + 2, value, 16);
    bytes.push_back(static_cast<char>(value));
    text.remove_prefix(2);
  }
  return bytes;
}

/// The masking key of the examples in RFC 6455 section 5.7.
inline constexpr MaskKey example_mask = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                         std::byte{0x3D}};

/// For a MaskSource that knows only that.
inline void fill_with_example_mask(Bytes room) noexcept {
  for (std::size_t i = 0; i < room.size(); ++i) room[i] = example_mask[i % example_mask.size()];
}

struct FrameForm {
  bool fin = true;
  bool masked = true;
  bool rsv1 = false;
};

/// One frame as a client sends it, or as `form` says.
inline std::string frame(Opcode opcode, std::string_view payload, FrameForm form = {}) {
  const FrameHeader header{.opcode = opcode,
                           .fin = form.fin,
                           .rsv1 = form.rsv1,
                           .masked = form.masked,
                           .mask_key = example_mask,
                           .payload_bytes = payload.size()};
  std::array<std::byte, frame_header_bytes_max> head;
  std::string result(as_text(ConstBytes(head).first(encode_frame_header(header, head))));
  std::vector<std::byte> body(as_bytes(payload).begin(), as_bytes(payload).end());
  if (header.masked) apply_mask(body, header.mask_key);
  return result + std::string(as_text(body));
}

/// The frame of a client that goes on.
inline std::string fragment(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, {.fin = false});
}

/// The body of a close frame.
inline std::string close_body(unsigned code, std::string_view reason = "") {
  std::string body{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  return body.append(reason);
}

inline std::string error_line(Error error) {
  return "error " + std::string(describe(error));
}

/// The close frame that a server sends for `error`.
inline std::string error_frame(
    Error error, std::uint64_t message_bytes_max = SessionOptions().message_bytes_max) {
  const CloseReason reason(error, message_bytes_max);
  return frame(Opcode::close, close_body(number(close_code_of(error)), reason), {.masked = false});
}

}  // namespace duplex::websocket::test
