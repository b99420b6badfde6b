#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include <duplex/websocket/deflate_negotiation.hpp>
#include <duplex/websocket/extensions.hpp>

namespace duplex::websocket {

/// The name under which permessage-deflate is negotiated (RFC 7692 section 7). RFC 6455 does not
/// say that names of extensions match in any case, so this is the only spelling.
inline constexpr std::string_view deflate_extension = "permessage-deflate";

/// Which of the two an element of Sec-WebSocket-Extensions is.
enum class DeflateElementKind : std::uint8_t { offer, answer };

/// An offer of permessage-deflate, or the answer to one: what it says, not what follows from that.
struct DeflateElement {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<std::uint8_t> server_max_window_bits = std::nullopt;
  std::optional<std::uint8_t> client_max_window_bits = std::nullopt;
  /// Whether client_max_window_bits stands there without a value, which only an offer may have.
  bool bare_client_max_window_bits = false;

  /// Whether an answer to this offer may name client_max_window_bits.
  bool lets_server_limit_window() const noexcept {
    return bare_client_max_window_bits || client_max_window_bits.has_value();
  }

  friend bool operator==(const DeflateElement&, const DeflateElement&) = default;
};

/// What is wrong with a single element (RFC 7692 section 7.1): a server declines it, a client fails
/// the connection.
enum class DeflateElementError : std::uint8_t {
  unknown_parameter,
  repeated_parameter,
  invalid_value,  ///< also one that is missing, or should be
};

/// `extension`, whose name is `deflate_extension`, with its parameters understood.
std::expected<DeflateElement, DeflateElementError> parse_deflate_element(
    const Extension& extension, DeflateElementKind kind) noexcept;

/// The element on the wire, in the RFC's order of parameters.
DeflateText write_deflate_element(const DeflateElement& element) noexcept;

/// The element that a client with these options offers.
DeflateElement deflate_offer_element(const DeflateOptions& options) noexcept;

}  // namespace duplex::websocket
