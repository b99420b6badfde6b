#include <string>

#include <duplex/tls/error.hpp>

namespace duplex::tls {
namespace {

const char* sentence(TlsError error) noexcept {
  switch (error) {
    case TlsError::clear_http:
      return "an HTTP request came in clear where TLS is spoken: check its scheme and port";
    case TlsError::not_tls: return "what came is no TLS: check the port";
    case TlsError::no_common_version:
      return "the peer speaks only versions of TLS that are too old: check which it offers";
    case TlsError::no_common_cipher:
      return "no cipher suite, group or signature in common: check which the peer offers";
    case TlsError::no_common_protocol:
      return "no application protocol in common: check what the client offers by ALPN";
    case TlsError::alert: return "the peer gave up with a TLS alert: check its log";
    case TlsError::broken:
      return "what came breaks the rules of TLS, or was changed on its way: check what stands "
             "between the two ends";
    case TlsError::truncated:
      return "the encrypted connection was cut off: check the peer's log, and what stands between";
    case TlsError::timed_out:
      return "the TLS handshake took too long: check whether the peer speaks TLS on this port";
    case TlsError::internal: return "TLS failed on this side: check the memory that is left";
    case TlsError::certificate:
      return "the peer's certificate is missing or was refused: check what it shows";
    case TlsError::certificate_expired:
      return "the peer's certificate has expired: check whether it was renewed, and the clock";
    case TlsError::certificate_not_yet_valid:
      return "the peer's certificate is not valid yet: check the clock";
    case TlsError::wrong_host:
      return "the server's certificate is for another host: check the name that was asked for";
    case TlsError::self_signed:
      return "the peer's certificate vouches for itself: check whether it is the right one, and "
             "name it as an authority";
    case TlsError::untrusted_authority:
      return "the peer's certificate leads to no trusted authority: check which ones are trusted, "
             "and whether the peer sends those between";
    case TlsError::pin_mismatch:
      return "the server's public key is not among the pinned ones: check whether it was changed "
             "on purpose";
    case TlsError::revoked: return "the peer's certificate was revoked: check with its owner";
    case TlsError::unsuitable_purpose:
      return "the peer's certificate, or its issuer's, is not for this purpose: check its key "
             "usage";
    case TlsError::weak:
      return "the peer's certificate, or its issuer's, has a key or signature that is too weak: "
             "check its size and digest";
  }
  return "unknown error of TLS";
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override { return sentence(static_cast<TlsError>(value)); }
  std::error_condition default_error_condition(int value) const noexcept override {
    if (static_cast<TlsError>(value) == TlsError::timed_out) return std::errc::timed_out;
    return {value, *this};
  }
};

}  // namespace

const std::error_category& tls_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(TlsError error) noexcept {
  return {static_cast<int>(error), tls_category()};
}

}  // namespace duplex::tls
