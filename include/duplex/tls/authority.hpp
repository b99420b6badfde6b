#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <duplex/tls/certificate.hpp>

/// Certificates for development and tests: a small authority of one's own.
namespace duplex::tls {

enum class KeyKind : std::uint8_t { ecdsa_p256, rsa_2048 };

/// A certificate with its private key, both as PEM text. Whoever has the key can pose as what the
/// certificate names: keep files of it for their owner alone (mode 0600).
struct IssuedCertificate {
  std::string certificate;
  std::string key;
};

/// What a new certificate is to say.
struct CertificateRequest {
  /// Host names, wildcards (`*.example.test`) and IP addresses. At least one for a server.
  std::vector<std::string> names = {};
  /// The common name; by default the first of `names`.
  std::string common_name = {};
  KeyKind key = KeyKind::ecdsa_p256;
  std::chrono::days validity{90};
  /// For a client, to show in mutual TLS, instead of a server.
  bool client = false;
};

/// Makes an authority that may sign certificates of hosts and clients, but no further authorities.
/// Throws std::runtime_error when OpenSSL fails.
IssuedCertificate make_authority(const std::string& common_name,
                                 std::chrono::days validity = std::chrono::days(3650),
                                 KeyKind key = KeyKind::ecdsa_p256);

/// Makes a certificate that `authority` signs, and that ends no later than it. Throws
/// std::invalid_argument for what can't be in a certificate, in words that say what to change, and
/// for an authority whose text can't be read.
IssuedCertificate issue(const IssuedCertificate& authority, const CertificateRequest& request);

/// Makes a certificate that vouches for itself. Throws as `issue`.
IssuedCertificate make_self_signed(const CertificateRequest& request);

/// Reads the first certificate of PEM text. Throws std::invalid_argument when there is none.
Certificate describe(const std::string& pem);

}  // namespace duplex::tls
