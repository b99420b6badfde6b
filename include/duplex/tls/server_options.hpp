#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <duplex/tls/credential.hpp>
#include <duplex/tls/version.hpp>

namespace duplex::tls {

/// Whether a client must show a certificate (mutual TLS).
enum class ClientCertificates : std::uint8_t { optional, required };

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
