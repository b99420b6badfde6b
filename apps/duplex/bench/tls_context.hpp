#pragma once

#include <memory>
#include <string>

// NOLINTBEGIN(readability-identifier-naming): OpenSSL's own names.
struct ssl_ctx_st;
struct ssl_st;
// NOLINTEND(readability-identifier-naming)

namespace duplex::app::bench {

/// Which servers are trusted, and what is shown to them.
struct TlsFiles {
  /// Authorities (PEM); the system's when empty.
  std::string ca = {};
  std::string certificate = {};
  /// Empty when the certificate's file holds it.
  std::string key = {};
  /// Whatever the certificate.
  bool insecure = false;
};

/// What the encrypted connections of one thread have in common.
class TlsContext {
 public:
  /// With `resume`, a connection goes on with the newest session of those before, if the server has
  /// given one. Throws UsageError when a file is not what it should be.
  TlsContext(const TlsFiles& files, std::string host, bool resume);

  /// A client's end on a connected descriptor; the caller's to free. It offers HTTP/1.1 (ALPN).
  /// Throws std::runtime_error.
  ssl_st* begin(int descriptor) const;

  /// Whether the next connection will resume a session.
  bool resumes() const noexcept;

 private:
  struct Session;

  std::shared_ptr<ssl_ctx_st> context_;
  std::string host_;
  /// What the next connection resumes.
  std::shared_ptr<Session> session_;
};

/// OpenSSL's reason for what has just failed in this thread.
std::string tls_reason();

}  // namespace duplex::app::bench
