#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/http/status.hpp>

namespace duplex::http1 {

/// The rules that an HTTP/1.1 peer can break, one enumerator a rule. After any of them the
/// connection's framing can't be trusted: a request is answered with `status_of`, and either
/// connection is closed.
enum class Error : std::uint8_t {
  // Request line
  too_many_empty_lines,  ///< RFC 9112 section 2.2: a robust server ignores *an* empty line
  invalid_request_line,  ///< RFC 9112 section 3: method SP target SP version CRLF
  invalid_method,        ///< RFC 9110 section 9.1: a method is a token
  unknown_method,        ///< RFC 9110 section 9.1, answered 501
  connect_unsupported,   ///< RFC 9110 section 9.3.6, answered 501
  invalid_target,        ///< RFC 9112 section 3.2: a byte that no request target may hold
  invalid_target_form,   ///< RFC 9112 section 3.2: not origin-form, absolute-form or `*`
  target_too_long,       ///< RFC 9110 section 4.1, answered 414
  invalid_version,       ///< RFC 9112 section 2.3
  unsupported_version,   ///< RFC 9110 section 15.6.6, answered 505
  // Lines of a head or a trailer section
  bare_carriage_return,  ///< RFC 9112 section 2.2: CR without LF
  bare_line_feed,        ///< RFC 9112 section 2.2: LF without CR; lenience here is ours to give
  folded_line,           ///< RFC 9112 sections 2.2 and 5.2: a line that begins with whitespace
  space_before_colon,    ///< RFC 9112 section 5.1
  empty_field_name,      ///< RFC 9110 section 5.1: a field name is a token
  invalid_field_name,    ///< RFC 9110 section 5.1: a field name is a token
  invalid_field_value,   ///< RFC 9110 section 5.5: a control byte
  head_too_large,        ///< RFC 6585 section 5, answered 431
  too_many_fields,       ///< RFC 6585 section 5, answered 431
  // Host
  missing_host,   ///< RFC 9112 section 3.2: HTTP/1.1 without Host
  repeated_host,  ///< RFC 9112 section 3.2: more than one Host
  invalid_host,   ///< RFC 9110 section 7.2: not host [":" port]
  // Framing of the content
  invalid_content_length,         ///< RFC 9110 section 8.6: not a number of 64 bits
  repeated_content_length,        ///< RFC 9112 section 6.3: even if all agree; nobody sends that
  transfer_encoding_and_length,   ///< RFC 9112 section 6.3: both, the classic of smuggling
  transfer_encoding_in_http_1_0,  ///< RFC 9112 section 6.1: framing is faulty
  repeated_transfer_encoding,     ///< RFC 9112 section 6.1 lets a list be split; nobody does
  chunked_not_last,               ///< RFC 9112 section 6.3: length can't be determined
  unknown_transfer_coding,        ///< RFC 9112 section 6.1, answered 501
  // Content
  invalid_chunk_size,         ///< RFC 9112 section 7.1: not hexadecimal digits
  chunk_size_overflow,        ///< RFC 9112 section 7.1: a number that doesn't fit
  invalid_chunk_extension,    ///< RFC 9112 section 7.1.1: a control byte
  chunk_extension_too_large,  ///< RFC 9112 section 7.1.1: recipients ought to limit extensions
  missing_chunk_end,          ///< RFC 9112 section 7.1: chunk data not followed by CRLF
  content_too_large,          ///< RFC 9110 section 15.5.14, answered 413
  trailers_too_large,         ///< RFC 6585 section 5, answered 431
  // From here on only a response can break the rule: its status line
  invalid_status_line,  ///< RFC 9112 section 4: version SP three digits [SP reason] CRLF
  invalid_status_code,  ///< RFC 9110 section 15: 100 to 599
  invalid_reason,       ///< RFC 9112 section 4: a control byte
  // Which responses may come
  unsolicited_response,        ///< RFC 9112 section 9.2: bytes that answer no request
  too_many_interim_responses,  ///< RFC 9110 section 15.2 sets no limit; ours ends a flood of 1xx
  unexpected_upgrade,          ///< RFC 9110 section 7.8: 101, and nobody asked for it
  // Framing of its content
  differing_content_lengths,  ///< RFC 9112 section 6.3: two that disagree
  forbidden_content,          ///< RFC 9110 section 8.6: 1xx or 204 that announces content
  // Its end
  no_response,         ///< RFC 9112 section 9.3.1: closed before a byte of it
  incomplete_head,     ///< RFC 9112 section 8: closed within status line or fields
  incomplete_content,  ///< RFC 9112 section 8: closed before the end of the content
};

/// How many errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t error_count = static_cast<std::size_t>(Error::incomplete_content) + 1;

/// The status that a server answers `error` with; 502 for what only a response can break, which is
/// what a gateway says about it.
http::Status status_of(Error error) noexcept;

/// One sentence, with its full stop, on what is wrong and, in a request, what to send instead. Text
/// of the program; never echoes what the peer sent.
std::string_view describe(Error error) noexcept;

/// The category of `Error`, named "http1"; its messages are what `describe` says, without the full
/// stop. Its values are counted from 1, since 0 would be no error. Lives for ever; any thread.
const std::error_category& http1_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(Error error) noexcept;

}  // namespace duplex::http1

template <>
struct std::is_error_code_enum<duplex::http1::Error> : std::true_type {};
