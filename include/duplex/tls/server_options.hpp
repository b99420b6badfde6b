#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace duplex::tls {

/// Versions of TLS (RFC 5246, RFC 8446). What is older is not offered (RFC 8996).
enum class Version : std::uint8_t { tls_1_2, tls_1_3 };

/// Whether a client must show a certificate (mutual TLS).
enum class ClientCertificates : std::uint8_t { optional, required };

/// A certificate and its private key. Each is the name of a file, or the PEM text itself.
struct Credential {
  /// The chain as PEM: first the server's own certificate, behind it those that lead to a root
  /// which clients know, without the root. Or a PKCS#12 file (`.p12`, `.pfx`), which holds the key
  /// too.
  std::string certificate;
  /// The private key as PEM, encrypted or not. Empty when `certificate` holds it.
  std::string key = {};
  /// A file whose first line is the passphrase of the key or of the PKCS#12 file.
  std::string passphrase_file = {};
};

/// What encrypts a listener's connections. Off while it names no certificate.
struct ServerOptions {
  /// The default certificate, for clients that name no host or one that no certificate is for; as
  /// in `Credential`.
  std::string certificate = {};
  std::string key = {};
  std::string passphrase_file = {};
  /// More of them, for other names, of which one is chosen by what the client asks for (SNI, RFC
  /// 6066 section 3), and for other kinds of key: an RSA and an ECDSA certificate of the same names
  /// are offered together.
  std::vector<Credential> more = {};

  /// PEM certificates of authorities whose clients are let in; a file's name or the text. Empty: no
  /// certificate is asked for.
  std::string client_ca = {};
  ClientCertificates client_certificates = ClientCertificates::required;

  Version version_min = Version::tls_1_2;

  /// Looks every second whether the files have changed, and takes the new ones into use when they
  /// are good.
  bool watch_files = true;

  /// Whether there is anything to encrypt with.
  bool enabled() const noexcept { return !certificate.empty() || !more.empty(); }
};

}  // namespace duplex::tls
