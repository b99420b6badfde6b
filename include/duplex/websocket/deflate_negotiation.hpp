#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <duplex/http/head.hpp>
#include <duplex/websocket/deflate_options.hpp>
#include <duplex/websocket/deflate_parameters.hpp>

namespace duplex::websocket {

/// An element of Sec-WebSocket-Extensions that is about permessage-deflate, as text; a value
/// without memory of its own.
class DeflateText {
 public:
  std::string_view view() const noexcept { return {characters_.data(), size_}; }
  operator std::string_view() const noexcept { return view(); }

  /// There is room for the name and all four parameters.
  void append(std::string_view text) noexcept;

 private:
  std::array<char, 128> characters_{};
  std::uint8_t size_ = 0;
};

/// What a client with these options lists in Sec-WebSocket-Extensions: one offer (RFC 7692 section
/// 7.1). What it insists on stands there as what the server must agree to; what it will do anyway,
/// as the hint that the RFC allows. For `options` that `check_deflate_options` takes.
DeflateText deflate_offer(const DeflateOptions& options) noexcept;

/// What a server has agreed to.
struct DeflateAnswer {
  DeflateParameters parameters;
  /// The value of the answer's Sec-WebSocket-Extensions.
  DeflateText text;
};

/// Takes the first of the client's offers of permessage-deflate, in its order of preference, that
/// is valid and can be met (RFC 7692 sections 5.1 and 7.1); nullopt when there is none, and then
/// the answer names no extension. An offer is passed over that has an unknown parameter, one twice
/// or one with a wrong value, and one that wants a window for the server of less than
/// `compressor_window_bits_min`: then a later offer, or none, serves the client better than
/// messages that may be compressed and never are.
///
/// For a request that `check_handshake` has passed, and `options` that `check_deflate_options`
/// takes.
std::optional<DeflateAnswer> accept_deflate(const http::RequestHead& head,
                                            const DeflateOptions& options) noexcept;

}  // namespace duplex::websocket
