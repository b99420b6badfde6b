#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/http1/error.hpp>

namespace duplex::http1 {

/// What is wrong with the transfer codings in `value`, if anything (RFC 9112 section 6.1). Only the
/// plain word passes: every spelling that another recipient might read otherwise is refused.
std::expected<void, Error> check_codings(std::string_view value) noexcept;

/// Takes the content at the front of `input` off it, at most `left` bytes, which counts down.
Bytes take_content(Bytes& input, std::uint64_t& left) noexcept;

}  // namespace duplex::http1
