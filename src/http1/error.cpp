#include "base/enumeration_category.hpp"
#include <duplex/http1/error.hpp>

namespace duplex::http1 {

http::Status status_of(Error error) noexcept {
  switch (error) {
    case Error::unknown_method:
    case Error::connect_unsupported:
    case Error::unknown_transfer_coding: return http::Status::not_implemented;
    case Error::target_too_long: return http::Status::uri_too_long;
    case Error::unsupported_version: return http::Status::http_version_not_supported;
    case Error::head_too_large:
    case Error::too_many_fields:
    case Error::trailers_too_large: return http::Status::request_header_fields_too_large;
    case Error::content_too_large: return http::Status::content_too_large;
    case Error::invalid_status_line:
    case Error::invalid_status_code:
    case Error::invalid_reason:
    case Error::unsolicited_response:
    case Error::too_many_interim_responses:
    case Error::unexpected_upgrade:
    case Error::differing_content_lengths:
    case Error::forbidden_content:
    case Error::no_response:
    case Error::incomplete_head:
    case Error::incomplete_content: return http::Status::bad_gateway;
    case Error::too_many_empty_lines:
    case Error::invalid_request_line:
    case Error::invalid_method:
    case Error::invalid_target:
    case Error::invalid_target_form:
    case Error::invalid_version:
    case Error::bare_carriage_return:
    case Error::bare_line_feed:
    case Error::folded_line:
    case Error::space_before_colon:
    case Error::empty_field_name:
    case Error::invalid_field_name:
    case Error::invalid_field_value:
    case Error::missing_host:
    case Error::repeated_host:
    case Error::invalid_host:
    case Error::invalid_content_length:
    case Error::repeated_content_length:
    case Error::transfer_encoding_and_length:
    case Error::transfer_encoding_in_http_1_0:
    case Error::repeated_transfer_encoding:
    case Error::chunked_not_last:
    case Error::invalid_chunk_size:
    case Error::chunk_size_overflow:
    case Error::invalid_chunk_extension:
    case Error::chunk_extension_too_large:
    case Error::missing_chunk_end: break;
  }
  return http::Status::bad_request;
}

std::string_view describe(Error error) noexcept {
  switch (error) {
    case Error::too_many_empty_lines:
      return "Too many empty lines stand before the request; begin with the request line.";
    case Error::invalid_request_line:
      return "The request line is not a method, a target and an HTTP version with one space "
             "between them.";
    case Error::invalid_method:
      return "This is not an HTTP request: it does not begin with a method. If it is TLS, this "
             "port does not speak it; use http:// or ws://.";
    case Error::unknown_method:
      return "The method is not known here; use GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS or "
             "TRACE in capital letters.";
    case Error::connect_unsupported: return "CONNECT is not supported: this server is not a proxy.";
    case Error::invalid_target:
      return "The request target is empty or holds a byte that it may not; percent-encode spaces, "
             "controls, '#' and all that is not ASCII.";
    case Error::invalid_target_form:
      return "The request target must be a path that begins with '/', an absolute http, https, ws "
             "or wss URL with a host and without user information, or '*' for OPTIONS.";
    case Error::target_too_long:
      return "The request target is longer than is allowed here; send long data as content.";
    case Error::invalid_version:
      return "No HTTP version stands where the first line must have it; send HTTP/1.1.";
    case Error::unsupported_version: return "This HTTP version is not spoken here; use HTTP/1.1.";
    case Error::bare_carriage_return:
      return "A carriage return stands without a line feed; end lines with CR LF.";
    case Error::bare_line_feed:
      return "A line feed stands without a carriage return; end lines with CR LF.";
    case Error::folded_line: return "A line begins with whitespace; put each field on one line.";
    case Error::space_before_colon:
      return "Whitespace stands between a field's name and its colon; remove it.";
    case Error::empty_field_name: return "A field line begins with a colon; give the field a name.";
    case Error::invalid_field_name:
      return "A field name holds a byte that it may not, or its colon is missing.";
    case Error::invalid_field_value:
      return "A field value holds a control character; remove or encode it.";
    case Error::head_too_large:
      return "The first line and the fields are larger than is allowed here; send fewer or shorter "
             "fields, such as cookies.";
    case Error::too_many_fields: return "There are more fields than are allowed here; send fewer.";
    case Error::missing_host: return "The Host field is missing; HTTP/1.1 requires it.";
    case Error::repeated_host: return "There is more than one Host field; send one.";
    case Error::invalid_host:
      return "The Host field is not a host name or address with an optional port.";
    case Error::invalid_content_length:
      return "Content-Length is not a decimal number of at most 64 bits.";
    case Error::repeated_content_length:
      return "There is more than one Content-Length; send one, with one number.";
    case Error::transfer_encoding_and_length:
      return "Transfer-Encoding and Content-Length stand in one message; send one of them.";
    case Error::transfer_encoding_in_http_1_0:
      return "Transfer-Encoding does not exist in HTTP/1.0; send Content-Length, or use HTTP/1.1.";
    case Error::repeated_transfer_encoding:
      return "There is more than one Transfer-Encoding field; send one.";
    case Error::chunked_not_last:
      return "Transfer-Encoding is not valid or does not end in a single 'chunked', so that the "
             "content's end cannot be found.";
    case Error::unknown_transfer_coding:
      return "Only the transfer coding 'chunked' is understood here; send Content-Encoding for "
             "compressed content.";
    case Error::invalid_chunk_size:
      return "A chunk does not begin with its size in hexadecimal digits and CR LF.";
    case Error::chunk_size_overflow: return "A chunk size does not fit into 64 bits.";
    case Error::invalid_chunk_extension: return "A chunk extension holds a control character.";
    case Error::chunk_extension_too_large:
      return "The chunk extensions are larger than is allowed here; send fewer or none.";
    case Error::missing_chunk_end:
      return "A chunk's data is not followed by CR LF; check that its size is right.";
    case Error::content_too_large: return "The content is larger than is allowed here.";
    case Error::trailers_too_large:
      return "The trailer section is larger than is allowed here; send fewer or shorter fields.";
    case Error::invalid_status_line:
      return "The answer does not begin with a status line: an HTTP version, a space and three "
             "digits.";
    case Error::invalid_status_code: return "The status is not a number from 100 to 599.";
    case Error::invalid_reason: return "The reason phrase holds a control character.";
    case Error::unsolicited_response: return "The server sent something that answers no request.";
    case Error::too_many_interim_responses:
      return "The server sent more interim (1xx) responses than are allowed here.";
    case Error::unexpected_upgrade:
      return "The server switched protocols, but was not asked to, or not yet.";
    case Error::differing_content_lengths:
      return "The response has two different Content-Length values, so that its end cannot be "
             "found.";
    case Error::forbidden_content:
      return "The response announces content that its status (1xx or 204) does not allow.";
    case Error::no_response: return "The server closed the connection without an answer.";
    case Error::incomplete_head:
      return "The server closed the connection before the response's fields were complete.";
    case Error::incomplete_content:
      return "The server closed the connection before the response's content was complete.";
  }
  return "The message breaks a rule of HTTP/1.1.";
}

const std::error_category& http1_category() noexcept {
  static const EnumerationCategory<Error> category("http1");
  return category;
}

std::error_code make_error_code(Error error) noexcept {
  return code_of(error, http1_category());
}

}  // namespace duplex::http1
