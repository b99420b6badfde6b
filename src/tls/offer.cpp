#include "tls/offer.hpp"

#include <openssl/err.h>

#include <span>
#include <string>

#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

/// Forward secrecy and authenticated encryption, or nothing. AES-128 first: 128 bits are enough,
/// and it is the fastest.
constexpr const char* suites_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* suites_1_3 =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

/// P-384 is for clients whose rules demand it, and whose certificates are on that curve: with TLS
/// 1.2, this list decides about them, too (RFC 8422 section 5.1.1).
constexpr const char* groups = "X25519:P-256:P-384";

/// OpenSSL's own list without SHA-1, SHA-224 and DSA.
constexpr const char* signature_algorithms =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/// 112 bits: 2048 of RSA, 224 of an elliptic curve.
constexpr int security_level = 2;

void require(long done, const char* what) {
  if (done != 1) {
    throw Unusable(std::string("OpenSSL refuses ") + what + " (" + take_openssl_error() +
                   "): look into its configuration file");
  }
}

void offer_versions_and_suites(SSL_CTX& context, Version version_min) {
  SSL_CTX_set_security_level(&context, security_level);
  require(SSL_CTX_set_min_proto_version(
              &context, version_min == Version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION),
          "the lowest version");
  require(SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION), "TLS 1.3");
  require(SSL_CTX_set_cipher_list(&context, suites_1_2), "the suites of TLS 1.2");
  require(SSL_CTX_set_ciphersuites(&context, suites_1_3), "the suites of TLS 1.3");
  require(SSL_CTX_set1_groups_list(&context, groups), "the groups");
  require(SSL_CTX_set1_sigalgs_list(&context, signature_algorithms), "the signature algorithms");
  require(SSL_CTX_set1_client_sigalgs_list(&context, signature_algorithms),
          "the clients' signature algorithms");
}

void set_behaviour(SSL_CTX& context) {
  // Nothing that the system's configuration may have set, against what is promised here. RFC
  // 8446 appendix D.4 on middleboxes.
  SSL_CTX_clear_options(&context, SSL_CTX_get_options(&context));
  SSL_CTX_set_options(
      &context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  // Chains are sent as they were given, instead of being put together in each handshake.
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_AUTO_RETRY | SSL_MODE_NO_AUTO_CHAIN);
}

}  // namespace

SslContextPointer make_ssl_context(const SSL_METHOD& method, Version version_min) {
  ERR_clear_error();
  auto context = SslContextPointer(SSL_CTX_new(&method));
  if (!context) throw Unusable("OpenSSL can't be used (" + take_openssl_error() + ")");
  offer_versions_and_suites(*context, version_min);
  set_behaviour(*context);
  return context;
}

void install(SSL_CTX& context, const LoadedCredential& credential) {
  const auto chain = made(X509StackPointer(sk_X509_new_null()));
  for (const X509Pointer& issuer : std::span(credential.certificates).subspan(1)) {
    if (sk_X509_push(chain.get(), issuer.get()) <= 0) throw std::bad_alloc();
    X509_up_ref(issuer.get());
  }
  if (SSL_CTX_use_cert_and_key(&context, &credential.leaf(), credential.key.get(), chain.get(),
                               1) != 1) {
    throw Unusable("the certificate in " + credential.name + " can't be used (" +
                   take_openssl_error() + "): get another one");
  }
}

}  // namespace duplex::tls
