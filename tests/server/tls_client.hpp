#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "net/descriptor.hpp"
#include "tests/server/tcp_client.hpp"
#include <duplex/tls/authority.hpp>

namespace duplex::server {

/// What a test's client trusts, and who it says it is.
class TlsClientContext {
 public:
  explicit TlsClientContext(const tls::IssuedCertificate& authority)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    const Pem<X509> root(authority.certificate, PEM_read_bio_X509, X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), root.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
  }

  void show(const tls::IssuedCertificate& own) {
    const Pem<X509> certificate(own.certificate, PEM_read_bio_X509, X509_free);
    const Pem<EVP_PKEY> key(own.key, PEM_read_bio_PrivateKey, EVP_PKEY_free);
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
  }

  SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  template <class T>
  struct Pem : std::unique_ptr<T, void (*)(T*)> {
    template <class Read>
    Pem(const std::string& text, Read read, void (*free)(T*))
        : std::unique_ptr<T, void (*)(T*)>(nullptr, free) {
      BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
      this->reset(read(bio, nullptr, nullptr, nullptr));
      BIO_free(bio);
    }
  };

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

/// A client that blocks, but not for ever, and speaks TLS by another hand than ours.
class TlsClient {
 public:
  /// Throws std::runtime_error with OpenSSL's words when the handshake fails.
  TlsClient(const TlsClientContext& context, std::uint16_t port, SSL_SESSION* resume = nullptr)
      : socket_(connect_to(port)), ssl_(SSL_new(context.get()), SSL_free) {
    SSL_set_fd(ssl_.get(), socket_.number());
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    SSL_set1_host(ssl_.get(), "localhost");
    if (resume != nullptr) SSL_set_session(ssl_.get(), resume);
    ERR_clear_error();
    if (SSL_connect(ssl_.get()) != 1) {
      throw std::runtime_error(ERR_reason_error_string(ERR_peek_last_error()) != nullptr
                                   ? ERR_reason_error_string(ERR_peek_last_error())
                                   : "the handshake failed");
    }
  }

  /// Ends in good order.
  ~TlsClient() { SSL_shutdown(ssl_.get()); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void send(std::string_view bytes) {
    if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) !=
        static_cast<int>(bytes.size())) {
      throw std::runtime_error("nothing more can be sent");
    }
  }
  /// Reads until `part` has come; false when the connection ended, or it takes too long.
  bool receive_until(std::string_view part) {
    while (text.find(part) == std::string::npos) {
      std::array<char, 16 * 1024> buffer{};
      const int size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (size <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return true;
  }
  void receive_all() { receive_until(std::string_view("\0never\0", 7)); }

  /// The number of the certificate that the server has shown.
  std::string server_serial() const {
    X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
    char* digits = BN_bn2hex(number);
    std::string serial(digits);
    OPENSSL_free(digits);
    BN_free(number);
    return serial;
  }
  bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }
  /// What a later client may resume, once; behind the first answer.
  SSL_SESSION* session() const noexcept { return SSL_get1_session(ssl_.get()); }

  std::string text;

 private:
  net::Descriptor socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

}  // namespace duplex::server
