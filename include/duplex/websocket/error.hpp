#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/websocket/close_code.hpp>

namespace duplex::websocket {

/// The rules that a peer can break once the WebSocket is open. Section numbers are RFC 6455's.
enum class Error : std::uint8_t {
  reserved_bits_set,           ///< 5.2: RSV1 to RSV3 mean nothing without an extension
  reserved_opcode,             ///< 5.2: 0x3 to 0x7 and 0xB to 0xF
  control_frame_fragmented,    ///< 5.5: a control frame has FIN
  control_frame_too_long,      ///< 5.5: a control frame carries at most 125 bytes
  length_not_minimal,          ///< 5.2: the shortest of the three forms must be used
  length_too_large,            ///< 5.2: the highest bit of a 64-bit length is zero
  unmasked_frame_from_client,  ///< 5.1
  masked_frame_from_server,    ///< 5.1
  continuation_without_start,  ///< 5.4: there is no message to continue
  message_inside_message,      ///< 5.4: the message before has not ended
  message_too_big,             ///< 7.4.1: more than we are willing to take (1009)
  text_not_utf8,               ///< 8.1 and 5.6 (1007)
  close_body_too_short,        ///< 5.5.1: a body begins with two bytes of code
  close_code_not_allowed,      ///< 7.4: a reserved or undefined code
  close_reason_not_utf8,       ///< 5.5.1 and 8.1 (1007)
  compressed_data_invalid,     ///< RFC 7692 7.2.2: what was compressed can't be inflated (1007)
};

/// How many errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t error_count = 16;

/// The code of the close frame that tells the peer about `error` (RFC 6455 section 7.4.1).
CloseCode close_code_of(Error error) noexcept;

/// A sentence without a full stop that says what the peer did wrong, for logs and close reasons;
/// at most 123 bytes, static.
std::string_view describe(Error error) noexcept;

/// The category of `Error`, named "websocket"; its messages are what `describe` says. Its values
/// are counted from 1, since 0 would be no error. Lives for ever; any thread.
const std::error_category& websocket_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(Error error) noexcept;

}  // namespace duplex::websocket

template <>
struct std::is_error_code_enum<duplex::websocket::Error> : std::true_type {};
