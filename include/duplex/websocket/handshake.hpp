#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <duplex/base/byte_queue.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/status.hpp>

namespace duplex::websocket {

/// The rules that an opening request can break (RFC 6455 section 4.2.1).
enum class HandshakeError : std::uint8_t {
  not_a_get,              ///< 4.1 item 2
  not_http_1_1,           ///< 4.1 item 2; RFC 9110 section 7.8: no upgrades in HTTP/1.0
  no_host,                ///< 4.2.1 item 2
  no_upgrade,             ///< 4.2.1 item 3: Upgrade does not list websocket
  no_connection_upgrade,  ///< 4.2.1 item 4: Connection does not list upgrade
  unsupported_version,    ///< 4.2.1 item 6 and 4.4: Sec-WebSocket-Version is not 13
  not_one_key,            ///< 4.2.1 item 5: Sec-WebSocket-Key is missing or repeated
  key_not_16_bytes,       ///< 4.2.1 item 5: the key is not 16 bytes in base64
  malformed_extensions,   ///< 9.1: not in the grammar, or beyond the limits of extensions.hpp
  request_has_content,    ///< the bytes behind the head would be taken for frames
};

/// How many errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t handshake_error_count = 10;

/// The status to refuse with: 426 for a missing upgrade or another version, 405 for a method
/// but GET, else 400. A 426 needs `Upgrade: websocket`, and `Sec-WebSocket-Version: 13` tells
/// which version we speak (RFC 6455 section 4.4, RFC 9110 section 15.5.22).
http::Status status_of(HandshakeError error) noexcept;

/// A sentence without a full stop that says what is wrong with the request; static.
std::string_view describe(HandshakeError error) noexcept;

/// A request that may become a WebSocket. Views into the head that was checked.
struct HandshakeRequest {
  std::string_view key;  ///< Sec-WebSocket-Key, 24 characters
};

/// Whether the request tries to open a WebSocket at all, well or badly: its Upgrade field lists
/// `websocket`. A request that does not is plain HTTP.
bool wants_websocket(const http::RequestHead& head) noexcept;

/// Every check of a server on an opening request (RFC 6455 section 4.2.1) but for the origin,
/// which is a matter of policy: see `origin_allowed`.
std::expected<HandshakeRequest, HandshakeError> check_handshake(
    const http::RequestHead& head) noexcept;

/// The value of Sec-WebSocket-Accept for `key` (RFC 6455 section 4.2.2 item 5.4).
std::array<char, 28> accept_key(std::string_view key) noexcept;

/// Whether the client offers the subprotocol `name`, exactly as spelt (RFC 6455 section 4.1
/// item 10).
bool offers_subprotocol(const http::RequestHead& head, std::string_view name) noexcept;

/// The first subprotocol that the client offers, in its order of preference, and that is among
/// `supported`: a view of the element of `supported`. nullopt when there is none; then the answer
/// names none.
std::optional<std::string_view> choose_subprotocol(const http::RequestHead& head,
                                                   std::span<const std::string> supported) noexcept;

/// Whether the request has one Origin and it is what the request is for: scheme, host and port
/// are those of the request itself (RFC 6454 section 5), `secure` telling https from http. Behind
/// a proxy that ends TLS a page's https is not ours: list its origin.
bool same_origin(const http::RequestHead& head, bool secure) noexcept;

/// Whether a request from this origin is welcome (RFC 6455 section 10.2), also good for any other
/// request that changes something. A browser always tells the page's origin in a handshake or
/// a cross-origin POST; other clients need not, so no Origin at all passes. So do the same origin
/// and those in `allowed`: full origins (`https://example.com`, `http://localhost:3000`), all
/// subdomains of a host (`https://*.example.com`, not the host itself), `null`, or `*` for any.
bool origin_allowed(const http::RequestHead& head, bool secure,
                    std::span<const std::string> allowed) noexcept;

/// Whether `text` is of a form that `origin_allowed` understands in its list, so that a mistyped
/// one is refused when it is configured.
bool is_origin_pattern(std::string_view text) noexcept;

/// What a server says when it opens a WebSocket.
struct SwitchingProtocols {
  std::string_view key;  ///< the request's
  /// One that the client has offered; nullopt for none.
  std::optional<std::string_view> subprotocol = std::nullopt;
  /// The value of Sec-WebSocket-Extensions, as of `accept_deflate`; empty for no such field.
  std::string_view extensions = {};
};

/// Appends the whole `101 Switching Protocols` to `output` (RFC 6455 section 4.2.2 item 5). `extra`
/// may not repeat the fields that the handshake sets itself.
void write_switching_protocols(const SwitchingProtocols& answer, const http::Fields& extra,
                               ByteQueue& output);

}  // namespace duplex::websocket
