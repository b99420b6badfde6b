#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>

/// Bytes as people read and write them.
namespace duplex::app {

/// Sixteen bytes a line, each line with its end: offset, bytes, and what of them is ASCII:
///
///   00000000  48 65 6c 6c 6f 00                                 |Hello.|
///
/// Every line begins with `indent`.
std::string hex_dump(ConstBytes bytes, std::string_view indent = {});

/// The bytes that hexadecimal digits write, in pairs, with blanks between them or none:
/// `48 65 6c6C6f`. The error is a sentence.
std::expected<std::string, std::string> parse_hex(std::string_view text);

}  // namespace duplex::app
