#pragma once

#include <cstdint>
#include <system_error>
#include <type_traits>

namespace duplex::tls {

/// Why a connection can't be, or is no longer, encrypted. The values of a std::error_code's
/// category of its own, named "tls": compare with `error ==
/// duplex::tls::TlsError::certificate_expired`.
enum class TlsError : std::uint8_t {
  clear_http = 1,      ///< to a server: an HTTP request came in clear
  not_tls,             ///< what came is no TLS (RFC 8446 section 5.1)
  no_common_version,   ///< the peer speaks only versions that are too old
  no_common_cipher,    ///< no suite, group or signature that both have
  no_common_protocol,  ///< ALPN: the client speaks nothing that we do (RFC 7301 section 3.2)
  alert,               ///< the peer gave up, and said why
  broken,     ///< a record or message that the protocol forbids, or that was changed on its way
  truncated,  ///< the peer's end came without close_notify (RFC 8446 section 6.1), or while hands
              ///< were shaken
  timed_out,  ///< the handshake took too long; the same as std::errc::timed_out
  internal,   ///< memory, or a mistake of ours

  // The peer's certificate (RFC 5280 section 6), or one of those that lead to its root.
  certificate,                ///< is missing, or was refused for another reason than those below
  certificate_expired,        ///< its time is over
  certificate_not_yet_valid,  ///< its time has not begun
  wrong_host,                 ///< is for others than who was to be reached (RFC 9525 section 6)
  self_signed,                ///< vouches for itself, and is not known here
  untrusted_authority,        ///< leads to no authority that is trusted here
  pin_mismatch,               ///< has none of the public keys that were pinned
  revoked,                    ///< was revoked by its authority
  unsuitable_purpose,  ///< is not for servers, or not for clients; or its issuer is no authority
  weak,                ///< has a key that is too small, or a signature that can be forged
};

/// The category of `TlsError`. Its messages say what to check. Lives for ever; any thread.
const std::error_category& tls_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(TlsError error) noexcept;

}  // namespace duplex::tls

template <>
struct std::is_error_code_enum<duplex::tls::TlsError> : std::true_type {};
