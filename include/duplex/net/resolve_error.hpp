#pragma once

#include <cstdint>
#include <system_error>
#include <type_traits>

namespace duplex::net {

/// Why a host name was not turned into addresses. The values of a std::error_code's category of its
/// own, named "resolve": compare with `error == duplex::net::ResolveError::host_not_found`.
enum class ResolveError : std::uint8_t {
  host_not_found = 1,  ///< The name does not exist (RFC 1035 4.1.1, RCODE 3).
  no_addresses,        ///< The name exists, but has neither A nor AAAA records.
  invalid_name,        ///< Not a host name: length, characters, or a mistyped address.
  server_failed,       ///< The name server can't or won't say (RCODE 1, 2, 4 or 5).
  server_unreachable,  ///< Nobody listens where a name server should, or there is no way.
  bad_answer,          ///< What the name server answered could not be read.
  timed_out,           ///< No answer in time; the same as std::errc::timed_out.
  bad_configuration,   ///< The configuration of the resolver could not be used.
};

/// The category of `ResolveError`. Its messages say what to check. Lives for ever; any thread.
const std::error_category& resolve_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(ResolveError error) noexcept;

}  // namespace duplex::net

template <>
struct std::is_error_code_enum<duplex::net::ResolveError> : std::true_type {};
