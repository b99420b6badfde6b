#pragma once

#include <memory>
#include <string>

#include "byte_stream.hpp"
#include "wire.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): OpenSSL's own name.
struct ssl_ctx_st;

namespace duplex::app::check {

/// Which servers are trusted, and what is shown to them.
struct TlsClientFiles {
  /// Authorities (PEM); the system's when empty.
  std::string ca = {};
  std::string certificate = {};
  std::string key = {};
  /// Whatever the certificate.
  bool insecure = false;
};

struct TlsServerFiles {
  std::string certificate = {};
  /// Empty when the certificate's file holds it.
  std::string key = {};
};

/// What all encrypted connections of one end have in common. Any thread.
class TlsContext {
 public:
  /// Both throw std::runtime_error when a file is not what it should be.
  static TlsContext for_client(const TlsClientFiles& files);
  static TlsContext for_server(const TlsServerFiles& files);

  /// Shakes hands on a connected descriptor, which it takes. `host` is whom a client's certificate
  /// has to be for. Throws std::runtime_error with a sentence, or Stopped.
  std::unique_ptr<ByteStream> connect(int descriptor, const std::string& host, Wire::Time until,
                                      int stop_descriptor) const;
  std::unique_ptr<ByteStream> accept(int descriptor, Wire::Time until, int stop_descriptor) const;

 private:
  explicit TlsContext(ssl_ctx_st* context);

  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace duplex::app::check
