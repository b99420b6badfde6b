#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <duplex/http/fields.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/status.hpp>
#include <duplex/websocket/deflate_options.hpp>
#include <duplex/websocket/deflate_parameters.hpp>

namespace duplex::websocket {

/// The value of Sec-WebSocket-Key: sixteen bytes in base64 (RFC 6455 section 4.1 item 7).
using HandshakeKey = std::array<char, 24>;

/// The key that carries `nonce`: bytes from a random source, other ones for each handshake, so that
/// nobody can have the answer ready (RFC 6455 sections 1.3 and 10.3).
HandshakeKey handshake_key(std::span<const std::byte, 16> nonce) noexcept;

/// What a client asks for beside the URL; the same for every attempt to connect.
struct HandshakeOffer {
  /// The subprotocols that the client speaks, the one it likes best first.
  std::vector<std::string> subprotocols = {};
  /// The Origin field, `https://example.com`; empty for none, as clients that are not browsers may
  /// (RFC 6455 section 4.1 item 8).
  std::string origin = {};
  /// How to compress messages, if the server agrees; nullopt to offer no compression.
  std::optional<DeflateOptions> deflate = std::nullopt;
  /// More fields of the request: Authorization, Cookie, User-Agent and the like.
  http::Fields fields = {};
};

/// Throws std::invalid_argument, with a sentence that says what to change, for an offer that must
/// not be sent: a subprotocol that is no token or stands there twice (RFC 6455 section 4.1 item
/// 10), an origin that is no field value, options of compression that `check_deflate_options`
/// refuses, or, among the further fields, one that the handshake sets by itself or that announces
/// content.
void check_offer(const HandshakeOffer& offer);

/// The fields of the request that opens a WebSocket (RFC 6455 section 4.1), which is a GET in
/// HTTP/1.1 without content; Host is left to whoever writes it. Throws as `check_offer`.
http::Fields handshake_fields(const HandshakeOffer& offer, const HandshakeKey& key);

/// The rules that a server's answer can break: RFC 6455 section 4.1, the second list of items, and
/// what RFC 7692 adds about permessage-deflate.
enum class ClientHandshakeError : std::uint8_t {
  not_switching_protocols,     ///< item 1: the status is not 101
  not_http_1_1,                ///< RFC 9110 section 15.2: HTTP/1.0 has no 1xx
  not_one_upgrade,             ///< item 2: Upgrade is missing or repeated
  upgrade_not_websocket,       ///< item 2: Upgrade is not websocket, and nothing else
  no_connection_upgrade,       ///< item 3: Connection does not list upgrade
  not_one_accept,              ///< item 4 and 11.3.3: Sec-WebSocket-Accept is missing or repeated
  wrong_accept,                ///< item 4: it is not the one for our key
  malformed_extensions,        ///< 9.1: not in the grammar, or beyond the limits of extensions.hpp
  extension_not_offered,       ///< item 5
  repeated_extension,          ///< 9.1: one that was offered once is there twice
  unknown_deflate_parameter,   ///< RFC 7692 section 7.1: one that an answer does not have
  repeated_deflate_parameter,  ///< RFC 7692 section 7.1
  invalid_deflate_value,       ///< RFC 7692 section 7.1: wrong, missing, or one too many
  server_context_not_refused,  ///< RFC 7692 section 7.1.1.1: the server would keep its window
  server_window_too_large,     ///< RFC 7692 section 7.1.2.1: the server's exceeds what we offered
  client_window_not_offered,   ///< RFC 7692 section 7.1.2.2: it would limit ours unasked
  repeated_subprotocol,        ///< 11.3.4: Sec-WebSocket-Protocol at most once
  subprotocol_not_offered,     ///< item 6
};

/// How many errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t client_handshake_error_count = 18;

/// A sentence without a full stop that says what is wrong with the answer; static.
std::string_view describe(ClientHandshakeError error) noexcept;

/// The category of `ClientHandshakeError`, named "websocket handshake"; its messages are what
/// `describe` says. Its values are counted from 1, since 0 would be no error. Lives for ever; any
/// thread.
const std::error_category& handshake_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(ClientHandshakeError error) noexcept;

/// Why no WebSocket came of it. With `not_switching_protocols` the answer is an HTTP response like
/// any other, with its content: a redirect, a challenge, a refusal. With another error the
/// connection is of no more use.
struct ClientHandshakeFailure {
  ClientHandshakeError error;
  http::Status status;  ///< of the answer
};

/// The sentence for the error, with the status where that is the reason.
std::string describe(const ClientHandshakeFailure& failure);

/// An answer that opened the WebSocket: what stands behind its head are frames.
struct HandshakeAnswer {
  /// What the server chose, as a view of the element of the offer; nullopt when it chose none, also
  /// where some were offered. Whether to go on without is for the client to decide.
  std::optional<std::string_view> subprotocol = std::nullopt;
  /// How messages may be compressed; nullopt when the server does not agree to it, or was not
  /// asked. `client_max_window_bits` is what we keep to: no more than what our options say, and
  /// perhaps less than `compressor_window_bits_min`, when all that we send has to go uncompressed.
  std::optional<DeflateParameters> deflate = std::nullopt;
};

/// Every check of a client on the answer to a request with the fields of `handshake_fields(offer,
/// key)` (RFC 6455 section 4.1). Other 1xx than 101 are no answer yet: the caller passes over them
/// (RFC 9110 section 15.2).
std::expected<HandshakeAnswer, ClientHandshakeFailure> check_answer(
    const http::ResponseHead& head, const HandshakeOffer& offer, const HandshakeKey& key) noexcept;

}  // namespace duplex::websocket

template <>
struct std::is_error_code_enum<duplex::websocket::ClientHandshakeError> : std::true_type {};
