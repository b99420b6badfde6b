#include <algorithm>
#include <stdexcept>

#include "base/enumeration_category.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

namespace {

/// The fields that a client can't have among its further ones: what the handshake says by itself
/// can't be said twice, and content would be taken for frames.
bool is_reserved(std::string_view name, const HandshakeOffer& offer) noexcept {
  const auto is = [name](std::string_view other) { return equals_ignoring_case(name, other); };
  return is("Upgrade") || is("Connection") || is("Content-Length") || is("Transfer-Encoding") ||
         equals_ignoring_case(name.substr(0, 14), "Sec-WebSocket-") ||
         (is("Origin") && !offer.origin.empty());
}

/// The value of the only line that is named `name`, without blanks around it; nullopt when there
/// is none, or more than one.
std::optional<std::string_view> only(const http::FieldsView& fields,
                                     std::string_view name) noexcept {
  if (fields.count(name) != 1) return std::nullopt;
  return trim(*fields.find(name));
}

/// Whether the answer names an extension at all; one without a name is as good as none.
bool uses_extensions(const http::FieldsView& fields) noexcept {
  return std::ranges::any_of(fields, [](const http::FieldView& line) {
    std::string_view list = line.value;
    return equals_ignoring_case(line.name, "Sec-WebSocket-Extensions") && next_element(list);
  });
}

}  // namespace

void check_offer(const HandshakeOffer& offer) {
  for (auto name = offer.subprotocols.begin(); name != offer.subprotocols.end(); ++name) {
    if (!http::is_token(*name)) {
      throw std::invalid_argument("\"" + *name +
                                  "\" is no name of a subprotocol: use letters, digits, . and -");
    }
    if (std::find(offer.subprotocols.begin(), name, *name) != name) {
      throw std::invalid_argument("the subprotocol \"" + *name + "\" is offered twice");
    }
  }
  if (!http::is_field_value(offer.origin) || trim(offer.origin) != offer.origin) {
    throw std::invalid_argument(
        "the origin holds a control byte or blanks: write it as https://example.com");
  }
  for (const http::Fields::Line& line : offer.fields.lines()) {
    if (is_reserved(line.name, offer)) {
      throw std::invalid_argument("the field " + line.name + " is set by the handshake");
    }
  }
}

http::Fields handshake_fields(const HandshakeOffer& offer, const HandshakeKey& key) {
  check_offer(offer);
  http::Fields fields;
  fields.add("Upgrade", "websocket");
  fields.add("Connection", "Upgrade");
  fields.add("Sec-WebSocket-Version", "13");
  fields.add("Sec-WebSocket-Key", {key.data(), key.size()});
  // An offer of extensions would stand here; `check_answer` knows then what was offered.
  if (!offer.subprotocols.empty()) {
    std::string list;
    for (const std::string& name : offer.subprotocols) {
      if (!list.empty()) list += ", ";
      list += name;
    }
    fields.add("Sec-WebSocket-Protocol", list);
  }
  if (!offer.origin.empty()) fields.add("Origin", offer.origin);
  for (const http::Fields::Line& line : offer.fields.lines()) fields.add(line.name, line.value);
  return fields;
}

std::string_view describe(ClientHandshakeError error) noexcept {
  switch (error) {
    case ClientHandshakeError::not_switching_protocols:
      return "the server did not answer 101 Switching Protocols";
    case ClientHandshakeError::not_http_1_1: return "the server's answer is not in HTTP/1.1";
    case ClientHandshakeError::not_one_upgrade:
      return "the server's answer does not have one Upgrade field";
    case ClientHandshakeError::upgrade_not_websocket:
      return "the server upgrades to something else than websocket";
    case ClientHandshakeError::no_connection_upgrade:
      return "the Connection field of the server's answer does not list upgrade";
    case ClientHandshakeError::not_one_accept:
      return "the server's answer does not have one Sec-WebSocket-Accept field";
    case ClientHandshakeError::wrong_accept:
      return "the Sec-WebSocket-Accept field of the server's answer does not fit our key";
    case ClientHandshakeError::extension_not_offered:
      return "the server uses an extension that was not offered";
    case ClientHandshakeError::repeated_subprotocol:
      return "the server's answer has more than one Sec-WebSocket-Protocol field";
    case ClientHandshakeError::subprotocol_not_offered:
      return "the server chose a subprotocol that was not offered";
  }
  return "an unknown error";
}

const std::error_category& handshake_category() noexcept {
  static const EnumerationCategory<ClientHandshakeError> category("websocket handshake");
  return category;
}

std::error_code make_error_code(ClientHandshakeError error) noexcept {
  return code_of(error, handshake_category());
}

std::string describe(const ClientHandshakeFailure& failure) {
  if (failure.error != ClientHandshakeError::not_switching_protocols) {
    return std::string(describe(failure.error));
  }
  std::string text = "the server answered " + std::to_string(code(failure.status));
  const std::string_view reason = reason_phrase(failure.status);
  if (!reason.empty()) text.append(" ").append(reason);
  return text + " instead of 101 Switching Protocols";
}

std::expected<HandshakeAnswer, ClientHandshakeFailure> check_answer(
    const http::ResponseHead& head, const HandshakeOffer& offer, const HandshakeKey& key) noexcept {
  using enum ClientHandshakeError;
  const auto refuse = [&head](ClientHandshakeError error) {
    return std::unexpected(ClientHandshakeFailure{.error = error, .status = head.status});
  };
  const http::FieldsView& fields = head.fields;
  if (head.status != http::Status::switching_protocols) return refuse(not_switching_protocols);
  if (head.version != http::Version::http_1_1) return refuse(not_http_1_1);

  // The one protocol that is spoken from here on: unlike a request's, the field is no list.
  const auto upgrade = only(fields, "Upgrade");
  if (!upgrade) return refuse(not_one_upgrade);
  if (!equals_ignoring_case(*upgrade, "websocket")) return refuse(upgrade_not_websocket);
  if (!fields.lists("Connection", "upgrade")) return refuse(no_connection_upgrade);

  const auto accept = only(fields, "Sec-WebSocket-Accept");
  if (!accept) return refuse(not_one_accept);
  const auto expected = accept_key({key.data(), key.size()});
  if (*accept != std::string_view(expected.data(), expected.size())) return refuse(wrong_accept);

  // Against what was offered, which is nothing yet.
  if (uses_extensions(fields)) return refuse(extension_not_offered);

  if (fields.count("Sec-WebSocket-Protocol") == 0) return HandshakeAnswer{};
  const auto chosen = only(fields, "Sec-WebSocket-Protocol");
  if (!chosen) return refuse(repeated_subprotocol);
  const auto offered = std::ranges::find(offer.subprotocols, *chosen);
  if (offered == offer.subprotocols.end()) return refuse(subprotocol_not_offered);
  return HandshakeAnswer{.subprotocol = *offered};
}

}  // namespace duplex::websocket
