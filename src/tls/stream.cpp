#include "tls/stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>
#include <string>

#include "tls/context.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {

namespace {

FailureKind kind_of(int reason) noexcept {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_HTTP_REQUEST: return FailureKind::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK: return FailureKind::no_common_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: return FailureKind::no_common_cipher;
    case SSL_R_NO_APPLICATION_PROTOCOL: return FailureKind::no_common_protocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return FailureKind::certificate;
    default: return FailureKind::broken;
  }
}

}  // namespace

/// What few streams have.
struct Stream::Peer {
  Certificate certificate;
};

Stream::Stream(const Context& context, Workspace& workspace)
    : workspace_(workspace), ssl_(SSL_new(context.native())) {
  if (ssl_ == nullptr) throw std::bad_alloc();
  BIO_up_ref(workspace.bio_);
  SSL_set_bio(ssl_, workspace.bio_, workspace.bio_);
  SSL_set_accept_state(ssl_);
}

Stream::~Stream() {
  SSL_free(ssl_);
}

std::expected<Stream::Opened, Failure> Stream::open(ConstBytes ciphertext, Bytes plaintext) {
  if (!first_byte_seen_ && !ciphertext.empty()) {
    first_byte_seen_ = true;
    // A record begins with its type, from 20 to 24 (RFC 8446 section 5.1); a request, with the
    // letters of its method.
    const auto first = std::to_integer<char>(ciphertext.front());
    if (first >= 'A' && first <= 'Z') {
      failed_ = true;
      return std::unexpected(Failure{FailureKind::clear_http, "an HTTP request came in clear"});
    }
  }
  workspace_.input_ = ciphertext;
  Opened opened;
  while (true) {
    ERR_clear_error();
    const Bytes room = plaintext.subspan(opened.plaintext_bytes);
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, room.data(), room.size(), &count);
    if (result == 1) {
      opened.plaintext_bytes += count;
      continue;
    }
    const int error = SSL_get_error(ssl_, result);
    opened.ended = error == SSL_ERROR_ZERO_RETURN;
    if (error != SSL_ERROR_WANT_READ && !opened.ended) return std::unexpected(fail());
    break;
  }
  workspace_.input_ = {};
  if (!established_ && SSL_is_init_finished(ssl_) == 1) note_established();
  return opened;
}

void Stream::note_established() {
  established_ = true;
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate != nullptr && SSL_get_verify_result(ssl_) == X509_V_OK) {
    peer_ = std::make_unique<const Peer>(Peer{describe_x509(*certificate)});
  }
}

std::expected<void, Failure> Stream::seal(ConstBytes plaintext) {
  if (plaintext.empty()) return {};
  ERR_clear_error();
  std::size_t count = 0;
  // The output takes everything, so that this writes all or fails.
  if (SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &count) == 1) return {};
  return std::unexpected(fail());
}

void Stream::end() {
  if (!established_ || failed_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

/// Reads from OpenSSL's queue of errors what went wrong.
Failure Stream::fail() {
  failed_ = true;
  workspace_.input_ = {};
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const char* const words = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (reason >= SSL_AD_REASON_OFFSET) {
    const char* const alert = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    return {FailureKind::alert, std::string("the peer gave up, with the alert \"") + alert + '"'};
  }
  const FailureKind kind = kind_of(reason);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return {kind, std::string("the peer's certificate was refused: ") +
                      X509_verify_cert_error_string(SSL_get_verify_result(ssl_))};
  }
  return {kind, words != nullptr ? words : "TLS failed without a reason"};
}

std::optional<SessionInfo> Stream::info() const {
  if (!established_) return std::nullopt;
  SessionInfo info;
  info.protocol = SSL_get_version(ssl_);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_)) {
    info.cipher = SSL_CIPHER_standard_name(cipher);
  }
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &protocol, &length);
  if (length > 0) {
    info.application_protocol =
        as_text(ConstBytes(reinterpret_cast<const std::byte*>(protocol), length));
  }
  if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name)) {
    info.server_name = name;
  }
  info.resumed = SSL_session_reused(ssl_) == 1;
  info.peer_certificate = peer_ ? &peer_->certificate : nullptr;
  return info;
}

}  // namespace duplex::tls
