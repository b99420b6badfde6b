#include "tls/refusal.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tls/openssl.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

// What a certificate says may be long, and is shown to people.
constexpr std::size_t shown_bytes_max = 100;
constexpr std::size_t shown_names_max = 3;

std::string shortened(std::string text) {
  if (text.size() <= shown_bytes_max) return text;
  std::size_t end = shown_bytes_max;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

std::string quoted(const X509_NAME& name) {
  return '"' + shortened(name_text(name)) + '"';
}

/// `the certificate`, or `the certificate of "CN=…", which has signed it,`.
std::string place_of(const X509& certificate, int depth) {
  if (depth == 0) return "the certificate";
  return "the certificate of " + quoted(*X509_get_subject_name(&certificate)) +
         ", by which it is signed,";
}

/// `a.test`, `a.test and b.test`, `a.test, b.test, c.test and 4 more`.
std::string listed(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), shown_names_max);
  std::string list;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) list += i + 1 == names.size() ? " and " : ", ";
    list += shortened(names[i]);
  }
  if (shown < names.size()) list += " and " + std::to_string(names.size() - shown) + " more";
  return list;
}

std::string wrong_host(const X509& certificate, std::string_view host) {
  const Certificate description = describe_x509(certificate);
  std::vector<std::string> names = description.dns_names;
  names.insert(names.end(), description.ip_addresses.begin(), description.ip_addresses.end());
  if (names.empty()) {
    return "the certificate names no host in its subject alternative names, and so not " +
           std::string(host);
  }
  return "the certificate is for " + listed(names) + ", not for " + std::string(host);
}

std::string sentence_of(int result, const X509& certificate, int depth, std::string_view host) {
  switch (refusal_kind(result)) {
    case TlsError::certificate_expired:
      return place_of(certificate, depth) + " expired on " +
             time_text(seconds_of(*X509_get0_notAfter(&certificate)));
    case TlsError::certificate_not_yet_valid:
      return place_of(certificate, depth) + " is not valid before " +
             time_text(seconds_of(*X509_get0_notBefore(&certificate)));
    case TlsError::wrong_host: return wrong_host(certificate, host);
    case TlsError::self_signed:
      return "the certificate is signed by itself, " +
             quoted(*X509_get_subject_name(&certificate)) + ", which is not trusted";
    case TlsError::untrusted_authority: {
      const std::string issuer = quoted(*X509_get_issuer_name(&certificate));
      if (depth == 0) return "the certificate is signed by " + issuer + ", which is not trusted";
      return "the certificates lead to " + issuer + ", which is not trusted";
    }
    case TlsError::revoked: return place_of(certificate, depth) + " was revoked";
    default:
      return place_of(certificate, depth) +
             " was refused: " + X509_verify_cert_error_string(result);
  }
}

}  // namespace

TlsError refusal_kind(int result) noexcept {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TlsError::certificate_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return TlsError::certificate_not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TlsError::wrong_host;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return TlsError::self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return TlsError::untrusted_authority;
    case X509_V_ERR_CERT_REVOKED: return TlsError::revoked;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE: return TlsError::unsuitable_purpose;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return TlsError::weak;
    default: return TlsError::certificate;
  }
}

Failure refusal_of(X509_STORE_CTX& verification, std::string_view host) {
  const int result = X509_STORE_CTX_get_error(&verification);
  const X509* certificate = X509_STORE_CTX_get_current_cert(&verification);
  // Some failures are of none in particular.
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(&verification);
  const int depth = X509_STORE_CTX_get_error_depth(&verification);
  return {refusal_kind(result), sentence_of(result, *certificate, depth, host)};
}

}  // namespace duplex::tls
