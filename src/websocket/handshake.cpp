#include <algorithm>

#include <duplex/base/ascii.hpp>
#include <duplex/websocket/extensions.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

namespace {

bool is_base64(char character) noexcept {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '+' || character == '/';
}

/// Whether `key` is sixteen bytes in base64: twenty-two characters and two of padding. The four
/// bits of the last character that no byte needs may be anything: nothing depends on them, and
/// RFC 4648 section 3.5 lets a decoder pass over them.
bool is_sixteen_bytes(std::string_view key) noexcept {
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), is_base64);
}

/// Whether bytes of content follow the head.
bool has_content(const http::RequestHead& head) noexcept {
  if (head.fields.count("Transfer-Encoding") != 0) return true;
  const auto length = head.fields.find("Content-Length");
  return length && parse_decimal(*length) != 0;
}

/// Goes through the subprotocols that the client offers, in its order, until `wanted` says yes to
/// one. They may be spread over several fields (RFC 6455 section 11.3.4).
template <typename Predicate>
bool any_offer(const http::RequestHead& head, Predicate wanted) noexcept {
  for (const http::FieldView& line : head.fields) {
    if (!equals_ignoring_case(line.name, "Sec-WebSocket-Protocol")) continue;
    std::string_view list = line.value;
    while (const auto offered = next_element(list)) {
      if (wanted(*offered)) return true;
    }
  }
  return false;
}

}  // namespace

http::Status status_of(HandshakeError error) noexcept {
  switch (error) {
    case HandshakeError::not_a_get: return http::Status::method_not_allowed;
    case HandshakeError::no_upgrade:
    case HandshakeError::unsupported_version: return http::Status::upgrade_required;
    case HandshakeError::not_http_1_1:
    case HandshakeError::no_host:
    case HandshakeError::no_connection_upgrade:
    case HandshakeError::not_one_key:
    case HandshakeError::key_not_16_bytes:
    case HandshakeError::malformed_extensions:
    case HandshakeError::request_has_content: return http::Status::bad_request;
  }
  return http::Status::bad_request;
}

std::string_view describe(HandshakeError error) noexcept {
  switch (error) {
    case HandshakeError::not_a_get: return "a WebSocket is opened with GET";
    case HandshakeError::not_http_1_1: return "a WebSocket is opened over HTTP/1.1";
    case HandshakeError::no_host: return "the Host field is missing";
    case HandshakeError::no_upgrade:
      return "this is a WebSocket: the Upgrade field must list websocket";
    case HandshakeError::no_connection_upgrade: return "the Connection field does not list upgrade";
    case HandshakeError::unsupported_version: return "the Sec-WebSocket-Version field is not 13";
    case HandshakeError::not_one_key: return "there must be one Sec-WebSocket-Key field";
    case HandshakeError::key_not_16_bytes:
      return "the Sec-WebSocket-Key field is not 16 bytes in base64";
    case HandshakeError::malformed_extensions:
      return "the Sec-WebSocket-Extensions field can't be read";
    case HandshakeError::request_has_content:
      return "a request that opens a WebSocket has no content";
  }
  return "an unknown error";
}

bool wants_websocket(const http::RequestHead& head) noexcept {
  return head.fields.lists("Upgrade", "websocket");
}

std::expected<HandshakeRequest, HandshakeError> check_handshake(
    const http::RequestHead& head) noexcept {
  const auto refuse = [](HandshakeError error) { return std::unexpected(error); };
  if (!wants_websocket(head)) return refuse(HandshakeError::no_upgrade);
  if (head.method != http::Method::get) return refuse(HandshakeError::not_a_get);
  if (head.version != http::Version::http_1_1) return refuse(HandshakeError::not_http_1_1);
  if (head.authority.empty()) return refuse(HandshakeError::no_host);
  if (!head.fields.lists("Connection", "upgrade")) {
    return refuse(HandshakeError::no_connection_upgrade);
  }
  if (head.fields.count("Sec-WebSocket-Version") != 1 ||
      head.fields.find("Sec-WebSocket-Version") != "13") {
    return refuse(HandshakeError::unsupported_version);
  }
  if (head.fields.count("Sec-WebSocket-Key") != 1) return refuse(HandshakeError::not_one_key);
  const std::string_view key = head.fields.find("Sec-WebSocket-Key").value_or("");
  if (!is_sixteen_bytes(key)) return refuse(HandshakeError::key_not_16_bytes);
  // Whether or not an extension is wanted: a list that is no list fails the handshake
  // (section 9.1).
  if (!check_extensions(head.fields)) return refuse(HandshakeError::malformed_extensions);
  if (has_content(head)) return refuse(HandshakeError::request_has_content);
  return HandshakeRequest{.key = key};
}

bool offers_subprotocol(const http::RequestHead& head, std::string_view name) noexcept {
  return any_offer(head, [name](std::string_view offered) { return offered == name; });
}

std::optional<std::string_view> choose_subprotocol(
    const http::RequestHead& head, std::span<const std::string> supported) noexcept {
  std::optional<std::string_view> chosen;
  any_offer(head, [&](std::string_view offered) {
    const auto found = std::ranges::find(supported, offered);
    if (found != supported.end()) chosen = *found;
    return chosen.has_value();
  });
  return chosen;
}

void write_switching_protocols(const SwitchingProtocols& answer, const http::Fields& extra,
                               ByteQueue& output) {
  const auto accept = accept_key(answer.key);
  const auto append_line = [&output](std::string_view name, std::string_view value) {
    for (const std::string_view part :
         {name, std::string_view(": "), value, std::string_view("\r\n")}) {
      output.append(part);
    }
  };
  output.append("HTTP/1.1 101 Switching Protocols\r\n");
  append_line("Upgrade", "websocket");
  append_line("Connection", "Upgrade");
  append_line("Sec-WebSocket-Accept", {accept.data(), accept.size()});
  if (!answer.extensions.empty()) append_line("Sec-WebSocket-Extensions", answer.extensions);
  if (answer.subprotocol) append_line("Sec-WebSocket-Protocol", *answer.subprotocol);
  for (const http::FieldView line : extra) append_line(line.name, line.value);
  output.append("\r\n");
}

}  // namespace duplex::websocket
