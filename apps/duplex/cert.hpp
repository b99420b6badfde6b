#pragma once

#include <optional>
#include <string>
#include <vector>

#include <duplex/tls/authority.hpp>

namespace duplex::app {

/// What `duplex cert` can be told.
struct CertOptions {
  /// Host names, wildcards, IP addresses; for a server by default localhost, 127.0.0.1 and ::1.
  std::vector<std::string> names;
  /// Whom the certificate of a client is for; a server's when there is none.
  std::optional<std::string> client;
  /// Where the authority is; the user's data folder by default.
  std::optional<std::string> folder;
  /// By default cert.pem and key.pem, for a client client.pem and client-key.pem.
  std::optional<std::string> certificate_path;
  std::optional<std::string> key_path;
  std::chrono::days validity{365};
  bool rsa = false;
  /// Replaces the files of an earlier certificate; never those of the authority.
  bool force = false;
};

/// Makes a certificate and its key, and before them, if there is none yet, the authority that signs
/// it. The answer tells what was made and how to use it, for people. Throws UsageError for what
/// can't be in a certificate, and std::runtime_error for files and authorities that can't be used.
std::string make_certificate(const CertOptions& options);

/// `text` as one word of a shell.
std::string shell_word(const std::string& text);

}  // namespace duplex::app
