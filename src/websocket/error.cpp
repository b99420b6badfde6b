#include "base/enumeration_category.hpp"
#include <duplex/websocket/error.hpp>

namespace duplex::websocket {

CloseCode close_code_of(Error error) noexcept {
  switch (error) {
    case Error::reserved_bits_set:
    case Error::reserved_opcode:
    case Error::control_frame_fragmented:
    case Error::control_frame_too_long:
    case Error::length_not_minimal:
    case Error::length_too_large:
    case Error::unmasked_frame_from_client:
    case Error::masked_frame_from_server:
    case Error::continuation_without_start:
    case Error::message_inside_message:
    case Error::close_body_too_short:
    case Error::close_code_not_allowed: return CloseCode::protocol_error;
    case Error::message_too_big: return CloseCode::message_too_big;
    case Error::text_not_utf8:
    case Error::close_reason_not_utf8:
    // Not in the RFC; as browsers' and most libraries' peers know it.
    case Error::compressed_data_invalid: return CloseCode::invalid_payload;
  }
  return CloseCode::internal_error;
}

std::string_view describe(Error error) noexcept {
  switch (error) {
    case Error::reserved_bits_set: return "a frame has reserved bits set";
    case Error::reserved_opcode: return "a frame has a reserved opcode";
    case Error::control_frame_fragmented: return "a control frame is fragmented";
    case Error::control_frame_too_long: return "a control frame has more than 125 bytes";
    case Error::length_not_minimal: return "a frame's length is not in its shortest form";
    case Error::length_too_large: return "a frame's length is above 2^63 - 1";
    case Error::unmasked_frame_from_client: return "a frame from the client is not masked";
    case Error::masked_frame_from_server: return "a frame from the server is masked";
    case Error::continuation_without_start: return "a continuation frame continues no message";
    case Error::message_inside_message: return "a message begins before the last one has ended";
    case Error::message_too_big: return "a message is bigger than the limit";
    case Error::text_not_utf8: return "a text message is not UTF-8";
    case Error::close_body_too_short: return "a close frame has a body of one byte";
    case Error::close_code_not_allowed: return "a close frame has a code that may not be sent";
    case Error::close_reason_not_utf8: return "a close frame's reason is not UTF-8";
    case Error::compressed_data_invalid: return "a compressed message can't be inflated";
  }
  return "an unknown error";
}

const std::error_category& websocket_category() noexcept {
  static const EnumerationCategory<Error> category("websocket");
  return category;
}

std::error_code make_error_code(Error error) noexcept {
  return code_of(error, websocket_category());
}

}  // namespace duplex::websocket
