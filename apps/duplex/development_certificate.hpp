#pragma once

#include <string>

#include <duplex/tls/certificate.hpp>

namespace duplex::app {

/// A certificate that vouches for itself, for `duplex serve --tls-self-signed`.
struct DevelopmentCertificate {
  /// Certificate and key: the file that holds them, or the PEM text itself.
  std::string credential;
  /// A file with the certificate alone, to be given to those who are to trust it; empty when it is
  /// in memory only.
  std::string public_path;
  /// What it says.
  tls::Certificate certificate;
  /// Why it is in memory only; empty when it is not.
  std::string reason;
};

/// For localhost, 127.0.0.1, ::1 and this machine's name. Kept in the user's data folder, for its
/// owner's eyes only, so that what a browser was told to accept is accepted the next time too; made
/// anew when it ends within a month, or the machine has another name.
DevelopmentCertificate development_certificate();

}  // namespace duplex::app
