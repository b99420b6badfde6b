#pragma once

#include <openssl/err.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tls/certificates_support.hpp"
#include "tls/context.hpp"
#include "tls/openssl.hpp"
#include "tls/x509_description.hpp"

/// A handshake between a `Context` and OpenSSL's client, in memory.
namespace duplex::tls::testing {

struct PeerOptions {
  std::string server_name = {};
  std::string alpn = {};  ///< as on the wire: each name with its length before it
  int version_min = TLS1_VERSION;
  int version_max = TLS1_3_VERSION;
  std::string cipher_list = "ALL:@SECLEVEL=0";
  std::string suites_1_3 =
      "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
      "TLS_AES_128_CCM_SHA256";
  std::string signature_algorithms =
      "ECDSA+SHA256:ECDSA+SHA384:ed25519:rsa_pss_pss_sha256:rsa_pss_rsae_sha256:RSA+SHA256:"
      "ECDSA+SHA1:RSA+SHA1";
  std::string groups = "P-521:P-384:P-256:X25519";
  const Issued* certificate = nullptr;
  std::vector<const Issued*> certificate_issuers = {};  ///< sent behind it
  SSL_SESSION* session = nullptr;
};

struct Handshake {
  SslContextPointer client_context = {};
  SslPointer client = {};
  SslPointer server = {};
  bool done = false;
  int server_error = 0;  ///< OpenSSL's reason
  int client_error = 0;
  SessionPointer session = {};  ///< the newest that the server has given

  std::string protocol() const { return SSL_get_version(server.get()); }
  std::string suite() const {
    return SSL_CIPHER_standard_name(SSL_get_current_cipher(server.get()));
  }
  bool resumed() const { return SSL_session_reused(server.get()) == 1; }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(client.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
  }
  /// The common name of the certificate that the server has shown.
  std::string shown() const {
    const X509* certificate = SSL_get0_peer_certificate(client.get());
    return certificate != nullptr ? common_name(*certificate) : std::string();
  }
  int shown_key() const {
    return EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(client.get())));
  }
  std::string group() const {
    const char* name = OBJ_nid2sn(static_cast<int>(SSL_get_shared_group(server.get(), 0)));
    return name != nullptr ? name : "";
  }
};

inline int on_session(SSL* client, SSL_SESSION* session) {
  static_cast<Handshake*>(SSL_get_app_data(client))->session.reset(session);
  return 1;
}

inline SslContextPointer client_context(const PeerOptions& options) {
  SslContextPointer context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), options.version_min);
  SSL_CTX_set_max_proto_version(context.get(), options.version_max);
  SSL_CTX_set_cipher_list(context.get(), options.cipher_list.c_str());
  SSL_CTX_set_ciphersuites(context.get(), options.suites_1_3.c_str());
  SSL_CTX_set1_sigalgs_list(context.get(), options.signature_algorithms.c_str());
  SSL_CTX_set1_groups_list(context.get(), options.groups.c_str());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_clear_options(context.get(), SSL_OP_NO_TICKET);
  if (!options.alpn.empty()) {
    SSL_CTX_set_alpn_protos(context.get(),
                            reinterpret_cast<const unsigned char*>(options.alpn.data()),
                            static_cast<unsigned int>(options.alpn.size()));
  }
  if (options.certificate != nullptr) {
    const X509StackPointer chain(sk_X509_new_null());
    for (const Issued* issuer : options.certificate_issuers) {
      X509_up_ref(issuer->certificate.get());
      sk_X509_push(chain.get(), issuer->certificate.get());
    }
    SSL_CTX_use_cert_and_key(context.get(), options.certificate->certificate.get(),
                             options.certificate->key.get(), chain.get(), 1);
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), on_session);
  return context;
}

/// Notes why `result` is a failure that no further bytes will mend.
inline bool failed(SSL* ssl, int result, int& reason) {
  if (result > 0) return false;
  const int error = SSL_get_error(ssl, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  reason = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
  return true;
}

/// Runs a handshake as far as it gets, and a byte each way behind it.
inline std::unique_ptr<Handshake> shake_hands(SSL_CTX* server_context,
                                              const PeerOptions& options = {}) {
  ERR_clear_error();
  auto hands = std::make_unique<Handshake>();
  hands->client_context = client_context(options);
  hands->client.reset(SSL_new(hands->client_context.get()));
  hands->server.reset(SSL_new(server_context));
  SSL* client = hands->client.get();
  SSL* server = hands->server.get();
  SSL_set_app_data(client, hands.get());
  if (!options.server_name.empty()) SSL_set_tlsext_host_name(client, options.server_name.c_str());
  if (options.session != nullptr) SSL_set_session(client, options.session);

  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(to_server, -1);
  BIO_set_mem_eof_return(to_client, -1);
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  SSL_set_bio(client, to_client, to_server);
  SSL_set_bio(server, to_server, to_client);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);

  for (int round = 0; round < 10; ++round) {
    const bool client_failed = failed(client, SSL_do_handshake(client), hands->client_error);
    const bool server_failed = failed(server, SSL_do_handshake(server), hands->server_error);
    // Once more, for the alert.
    if (server_failed) failed(client, SSL_do_handshake(client), hands->client_error);
    if (client_failed || server_failed) return hands;
  }
  unsigned char byte = 0;
  if (SSL_is_init_finished(client) != 1 || SSL_is_init_finished(server) != 1) return hands;
  const bool server_heard = SSL_write(client, "c", 1) == 1 && SSL_read(server, &byte, 1) == 1;
  const bool client_heard = SSL_write(server, "s", 1) == 1 && SSL_read(client, &byte, 1) == 1;
  hands->done = server_heard && client_heard;
  return hands;
}

inline std::unique_ptr<Handshake> shake_hands(const Context& context,
                                              const PeerOptions& options = {}) {
  return shake_hands(context.native(), options);
}

}  // namespace duplex::tls::testing
