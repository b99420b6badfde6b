#include <algorithm>
#include <stdexcept>

#include "base/enumeration_category.hpp"
#include "websocket/deflate_element.hpp"
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

ClientHandshakeError error_of(DeflateElementError error) noexcept {
  switch (error) {
    case DeflateElementError::unknown_parameter:
      return ClientHandshakeError::unknown_deflate_parameter;
    case DeflateElementError::repeated_parameter:
      return ClientHandshakeError::repeated_deflate_parameter;
    case DeflateElementError::invalid_value: break;
  }
  return ClientHandshakeError::invalid_deflate_value;
}

/// What comes of the server's answer to our offer of permessage-deflate (RFC 7692 section 7.1).
std::expected<DeflateParameters, ClientHandshakeError> agree(
    const Extension& extension, const DeflateOptions& options) noexcept {
  using enum ClientHandshakeError;
  const auto answer = parse_deflate_element(extension, DeflateElementKind::answer);
  if (!answer) return std::unexpected(error_of(answer.error()));

  // What an offer asks for, the server grants by saying so, or it has to decline.
  const DeflateElement offer = deflate_offer_element(options);
  if (offer.server_no_context_takeover && !answer->server_no_context_takeover) {
    return std::unexpected(server_context_not_refused);
  }
  const std::uint8_t server_bits = answer->server_max_window_bits.value_or(window_bits_max);
  if (offer.server_max_window_bits &&
      (!answer->server_max_window_bits || server_bits > *offer.server_max_window_bits)) {
    return std::unexpected(server_window_too_large);
  }
  if (answer->client_max_window_bits && !offer.lets_server_limit_window()) {
    return std::unexpected(client_window_not_offered);
  }
  // What we want of ourselves we do, whether the server says it as well or not.
  return DeflateParameters{
      .server_no_context_takeover = answer->server_no_context_takeover,
      .client_no_context_takeover =
          answer->client_no_context_takeover || offer.client_no_context_takeover,
      .server_max_window_bits = server_bits,
      .client_max_window_bits = std::min(answer->client_max_window_bits.value_or(window_bits_max),
                                         options.send_window_bits_max),
  };
}

/// The extensions of the answer, against the one that may have been offered.
std::expected<std::optional<DeflateParameters>, ClientHandshakeError> check_deflate(
    const http::FieldsView& fields, const std::optional<DeflateOptions>& offered) noexcept {
  using enum ClientHandshakeError;
  std::optional<DeflateParameters> agreed;
  ExtensionReader reader(fields);
  while (true) {
    const auto extension = reader.next();
    if (!extension) return std::unexpected(malformed_extensions);
    if (!*extension) return agreed;
    if (!offered || (*extension)->name() != deflate_extension) {
      return std::unexpected(extension_not_offered);
    }
    if (agreed) return std::unexpected(repeated_extension);
    const auto parameters = agree(**extension, *offered);
    if (!parameters) return std::unexpected(parameters.error());
    agreed = *parameters;
  }
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
  if (offer.deflate) check_deflate_options(*offer.deflate);
  for (const http::FieldView line : offer.fields) {
    if (is_reserved(line.name, offer)) {
      throw std::invalid_argument("the field " + std::string(line.name) +
                                  " is set by the handshake");
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
  if (offer.deflate) fields.add("Sec-WebSocket-Extensions", deflate_offer(*offer.deflate));
  if (!offer.subprotocols.empty()) {
    std::string list;
    for (const std::string& name : offer.subprotocols) {
      if (!list.empty()) list += ", ";
      list += name;
    }
    fields.add("Sec-WebSocket-Protocol", list);
  }
  if (!offer.origin.empty()) fields.add("Origin", offer.origin);
  for (const http::FieldView line : offer.fields) fields.add(line.name, line.value);
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
    case ClientHandshakeError::malformed_extensions:
      return "the Sec-WebSocket-Extensions field of the server's answer can't be read";
    case ClientHandshakeError::extension_not_offered:
      return "the server uses an extension that was not offered";
    case ClientHandshakeError::repeated_extension:
      return "the server uses an extension twice that was offered once";
    case ClientHandshakeError::unknown_deflate_parameter:
      return "the server answers permessage-deflate with an unknown parameter";
    case ClientHandshakeError::repeated_deflate_parameter:
      return "the server answers permessage-deflate with a parameter twice";
    case ClientHandshakeError::invalid_deflate_value:
      return "the server answers permessage-deflate with a parameter whose value is wrong";
    case ClientHandshakeError::server_context_not_refused:
      return "the server does not agree to server_no_context_takeover of permessage-deflate";
    case ClientHandshakeError::server_window_too_large:
      return "the server does not agree to our server_max_window_bits of permessage-deflate";
    case ClientHandshakeError::client_window_not_offered:
      return "the server answers with client_max_window_bits, which was not offered";
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

  const auto deflate = check_deflate(fields, offer.deflate);
  if (!deflate) return refuse(deflate.error());

  if (fields.count("Sec-WebSocket-Protocol") == 0) return HandshakeAnswer{.deflate = *deflate};
  const auto chosen = only(fields, "Sec-WebSocket-Protocol");
  if (!chosen) return refuse(repeated_subprotocol);
  const auto offered = std::ranges::find(offer.subprotocols, *chosen);
  if (offered == offer.subprotocols.end()) return refuse(subprotocol_not_offered);
  return HandshakeAnswer{.subprotocol = *offered, .deflate = *deflate};
}

}  // namespace duplex::websocket
