#pragma once

#include <cstddef>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// Masks or unmasks (the same thing) `payload` in place (RFC 6455 section 5.3). `offset` is how
/// many bytes of the frame's payload stand before it; only its remainder by 4 matters.
void apply_mask(Bytes payload, MaskKey key, std::size_t offset = 0) noexcept;

/// Writes the masked form of `from` to `to`, which has room for as many bytes and does not
/// overlap `from`, unless it begins at the same address.
void apply_mask(ConstBytes from, std::byte* to, MaskKey key, std::size_t offset = 0) noexcept;

}  // namespace duplex::websocket
