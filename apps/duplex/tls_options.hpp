#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <duplex/server/options.hpp>
#include <duplex/tls/server_options.hpp>

namespace duplex::app {

/// What `duplex serve` can be told about encryption.
struct TlsOptions {
  /// Where to listen encrypted.
  std::vector<server::ListenOptions> listen;
  /// Files; the first certificate is the default.
  std::vector<std::string> certificates;
  /// As many as there are certificates, in the same order, or none: then each certificate's file
  /// holds its key.
  std::vector<std::string> keys;
  /// As many as there are certificates, or one for all of them.
  std::vector<std::string> passphrase_files;
  /// A certificate that vouches for itself, instead of the above.
  bool self_signed = false;
  std::string client_ca;
  std::optional<tls::ClientCertificates> client_certificates;
  std::optional<tls::Version> version_min;
  /// Listeners in clear lead to the first encrypted one.
  bool redirect = false;
  /// What browsers are told by HSTS; 0 withdraws it.
  std::optional<std::chrono::seconds> strict_transport;
  bool strict_transport_subdomains = false;

  /// Whether there is anything to encrypt with.
  bool enabled() const { return self_signed || !certificates.empty(); }
};

/// What is wrong only in combination. Throws UsageError. `clear` is where to listen in clear.
void check_tls(const TlsOptions& options, const std::vector<server::ListenOptions>& clear);

/// For the library; without the certificate that vouches for itself.
tls::ServerOptions encryption_of(const TlsOptions& options);

}  // namespace duplex::app
