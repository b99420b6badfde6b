#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace duplex::http {

/// The methods of RFC 9110 section 9.3 and PATCH (RFC 5789).
enum class Method : std::uint8_t { get, head, post, put, delete_, connect, options, trace, patch };

/// How many methods there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t method_count = 9;

/// The method's name as on the wire, `GET`.
std::string_view name(Method method) noexcept;

/// The method named `token`; names are case-sensitive. nullopt for any other.
std::optional<Method> parse_method(std::string_view token) noexcept;

}  // namespace duplex::http
