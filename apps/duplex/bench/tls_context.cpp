#include "tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "subcommand.hpp"

namespace duplex::app::bench {
namespace {

void use_certificate(SSL_CTX* context, const TlsFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    throw UsageError(
        fmt::format("--cert: {} is no certificate to use: {}", files.certificate, tls_reason()));
  }
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string reason = tls_reason();
    throw UsageError(
        files.key.empty()
            ? fmt::format("--cert: {} has no key for its certificate ({}): name the "
                          "file that has it by --key",
                          key, reason)
            : fmt::format("--key: {} has no key for {}: {}", key, files.certificate, reason));
  }
}

void trust(SSL_CTX* context, const TlsFiles& files) {
  if (files.insecure) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (files.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) {
    throw UsageError(
        fmt::format("--cacert: {} has no certificates of authorities: {}", files.ca, tls_reason()));
  }
}

}  // namespace

struct TlsContext::Session {
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { SSL_SESSION_free(newest); }

  /// OpenSSL's callback: 1 keeps the reference that comes with it.
  static int keep(SSL* ssl, SSL_SESSION* session) {
    auto* const self = static_cast<Session*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    SSL_SESSION_free(std::exchange(self->newest, session));
    return 1;
  }

  SSL_SESSION* newest = nullptr;
};

TlsContext::TlsContext(const TlsFiles& files, std::string host, bool resume)
    : context_(SSL_CTX_new(TLS_client_method()), [](SSL_CTX* last) { SSL_CTX_free(last); }),
      host_(std::move(host)) {
  SSL_CTX* const context = context_.get();
  if (context == nullptr) throw std::runtime_error("OpenSSL can't begin: " + tls_reason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Writes that were blocked are tried again with what is left, which may lie elsewhere. Many
  // connections that rest have no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One system call for as many records as have come.
  SSL_CTX_set_read_ahead(context, 1);
  constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, http_1_1.data(), http_1_1.size());
  trust(context, files);
  if (!files.certificate.empty()) use_certificate(context, files);
  if (resume) {
    session_ = std::make_shared<Session>();
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context, session_.get());
    SSL_CTX_sess_set_new_cb(context, Session::keep);
  }
}

ssl_st* TlsContext::begin(int descriptor) const {
  std::unique_ptr<SSL, decltype([](SSL* ssl) { SSL_free(ssl); })> ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), descriptor) != 1) {
    throw std::runtime_error("OpenSSL can't begin a connection: " + tls_reason());
  }
  X509_VERIFY_PARAM* const verification = SSL_get0_param(ssl.get());
  // An address is looked for among the certificate's addresses, and has no place in SNI.
  if (X509_VERIFY_PARAM_set1_ip_asc(verification, host_.c_str()) != 1) {
    ERR_clear_error();
    SSL_set_tlsext_host_name(ssl.get(), host_.c_str());
    if (SSL_set1_host(ssl.get(), host_.c_str()) != 1) {
      throw std::runtime_error("OpenSSL refuses the host's name: " + tls_reason());
    }
  }
  if (resumes()) {
    // OpenSSL lets a session of TLS 1.3 be used once (RFC 8446 appendix C.4), which is good for
    // users and not for a load: each connection gets a copy.
    SSL_SESSION* const copy = SSL_SESSION_dup(session_->newest);
    SSL_set_session(ssl.get(), copy);
    SSL_SESSION_free(copy);
  }
  SSL_set_connect_state(ssl.get());
  return ssl.release();
}

bool TlsContext::resumes() const noexcept {
  return session_ && session_->newest != nullptr;
}

std::string tls_reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  const char* const text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "no reason given" : text;
}

}  // namespace duplex::app::bench
