#include "tls/stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>
#include <string>
#include <utility>

#include "tls/client_side.hpp"
#include "tls/context.hpp"
#include "tls/handover.hpp"
#include "tls/openssl.hpp"
#include "tls/refusal.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {

namespace {

/// What went wrong first, of what OpenSSL has noted; empties its queue. What the protocol says
/// about it counts more than the parts below it, whose numbers mean something else.
unsigned long take_error() noexcept {
  unsigned long first = 0;
  while (const unsigned long code = ERR_get_error()) {
    if (first == 0 || (ERR_GET_LIB(first) != ERR_LIB_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL)) {
      first = code;
    }
  }
  return first;
}

TlsError kind_of(unsigned long error) noexcept {
  if (ERR_FATAL_ERROR(error)) return TlsError::internal;
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return TlsError::broken;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_HTTP_REQUEST: return TlsError::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK: return TlsError::no_common_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: return TlsError::no_common_cipher;
    case SSL_R_NO_APPLICATION_PROTOCOL: return TlsError::no_common_protocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return TlsError::certificate;
    default: return TlsError::broken;
  }
}

}  // namespace

/// What is told of a session, when OpenSSL's object is long gone.
struct Stream::Agreement {
  const char* protocol;
  const char* cipher;
  std::string application_protocol;
  std::string server_name;
  bool resumed;
  std::unique_ptr<const Certificate> peer_certificate;
};

void Stream::Free::operator()(SSL* ssl) const noexcept {
  // Its end is not the session's, which may be resumed.
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl);
}

Stream::OwnedSsl Stream::new_ssl(const Context& context, Workspace& workspace) {
  OwnedSsl ssl(SSL_new(context.native()));
  if (ssl == nullptr) throw std::bad_alloc();
  BIO_up_ref(workspace.bio_);
  SSL_set_bio(ssl.get(), workspace.bio_, workspace.bio_);
  return ssl;
}

Stream::Stream(const Context& context, Workspace& workspace)
    : workspace_(workspace),
      handover_(std::make_unique<Handover>()),
      ssl_(new_ssl(context, workspace)) {
  SSL_set_accept_state(ssl_.get());
  handover_->watch(*ssl_);
}

Stream::Stream(const Context& context, Workspace& workspace, const ClientTarget& target)
    : workspace_(workspace),
      client_(std::make_unique<ClientSide>(target)),
      ssl_(new_ssl(context, workspace)) {
  SSL_set_connect_state(ssl_.get());
}

Stream::~Stream() = default;

std::expected<void, Failure> Stream::begin() {
  if (!client_) return {};
  workspace_.input_ = {};
  return shake_hands();
}

/// Goes on with the handshake, as far as the input leads.
std::expected<void, Failure> Stream::shake_hands() {
  if (client_ && !client_->begun()) {
    if (auto begun = client_->begin(*ssl_); !begun) {
      failed_ = true;
      workspace_.input_ = {};
      return begun;
    }
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    note_established();
    return {};
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return {};
  return std::unexpected(fail());
}

std::expected<Opened, Failure> Stream::open(ConstBytes ciphertext, Bytes plaintext) {
  if (client_) {
    client_->note_first_bytes(ciphertext);
  } else if (!first_byte_seen_ && !ciphertext.empty()) {
    first_byte_seen_ = true;
    // A record begins with its type, from 20 to 24 (RFC 8446 section 5.1); a request, with the
    // letters of its method.
    const auto first = std::to_integer<char>(ciphertext.front());
    if (first >= 'A' && first <= 'Z') {
      failed_ = true;
      return std::unexpected(Failure{TlsError::clear_http, "an HTTP request came in clear"});
    }
  }
  workspace_.input_ = ciphertext;
  if (!established_) {
    if (auto shaken = shake_hands(); !shaken) return std::unexpected(std::move(shaken).error());
    if (!established_) return Opened{};
  }
  if (!records_) return read(plaintext);
  auto opened =
      records_->open(std::exchange(workspace_.input_, {}), plaintext, workspace_.output());
  if (!opened) failed_ = true;
  return opened;
}

/// Has OpenSSL read what the input holds.
std::expected<Opened, Failure> Stream::read(Bytes plaintext) {
  Opened opened;
  while (true) {
    ERR_clear_error();
    const Bytes room = plaintext.subspan(opened.plaintext_bytes);
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
    if (result == 1) {
      opened.plaintext_bytes += count;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    opened.ended = error == SSL_ERROR_ZERO_RETURN;
    if (error != SSL_ERROR_WANT_READ && !opened.ended) return std::unexpected(fail());
    workspace_.input_ = {};
    return opened;
  }
}

void Stream::note_established() {
  const unsigned char* protocol = nullptr;
  unsigned protocol_bytes = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &protocol_bytes);
  const char* const server_name = client_
                                      ? client_->server_name().c_str()
                                      : SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  Agreement agreement{
      .protocol = SSL_get_version(ssl_.get()),
      .cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get())),
      .application_protocol = std::string(reinterpret_cast<const char*>(protocol), protocol_bytes),
      .server_name = server_name != nullptr ? server_name : "",
      .resumed = SSL_session_reused(ssl_.get()) == 1,
      .peer_certificate = nullptr,
  };
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate != nullptr && SSL_get_verify_result(ssl_.get()) == X509_V_OK) {
    agreement.peer_certificate = std::make_unique<const Certificate>(describe_x509(*certificate));
  }
  agreement_ = std::make_unique<const Agreement>(std::move(agreement));
  established_ = true;
  if (handover_) hand_over();
}

/// Lets a record layer go on in OpenSSL's place, if it can.
void Stream::hand_over() {
  if (auto records = handover_->complete(*ssl_, workspace_.cipher_cache())) {
    records_ = std::make_unique<RecordLayer>(std::move(*records));
    ssl_.reset();
  } else {
    SSL_set_msg_callback(ssl_.get(), nullptr);
    SSL_set_app_data(ssl_.get(), nullptr);
  }
  handover_.reset();
}

std::expected<void, Failure> Stream::seal(ConstBytes plaintext) {
  if (!established_ || failed_) {
    return std::unexpected(Failure{TlsError::internal, "there is nothing to encrypt with"});
  }
  if (records_) {
    records_->seal(plaintext, workspace_.output());
    return {};
  }
  if (plaintext.empty()) return {};
  ERR_clear_error();
  std::size_t count = 0;
  // The output takes everything, so that this writes all or fails.
  if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count) == 1) return {};
  return std::unexpected(fail());
}

void Stream::end() {
  if (!established_ || failed_ || std::exchange(ended_, true)) return;
  if (records_) return records_->end(workspace_.output());
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void Stream::close() noexcept {
  failed_ = true;
  if (records_) records_->forget_keys();
  records_.reset();
  ssl_.reset();
  handover_.reset();
  client_.reset();
}

/// Reads from OpenSSL's queue of errors what went wrong.
Failure Stream::fail() {
  failed_ = true;
  workspace_.input_ = {};
  const unsigned long error = take_error();
  if (client_) client_->forget_sessions(*ssl_);
  if (error == 0 && (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) {
    return {TlsError::truncated, "the peer took its leave during the handshake"};
  }
  const TlsError kind = kind_of(error);
  const int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (kind == TlsError::broken && alert >= 0 && alert <= UINT8_MAX &&
      ERR_GET_LIB(error) == ERR_LIB_SSL) {
    return {TlsError::alert, "the peer gave up, with the alert \"" + alert_words(alert) + '"'};
  }
  if (client_ && client_->refusal()) return *client_->refusal();
  if (client_ && client_->has_heard_http() && !established_) {
    return {TlsError::not_tls, "the server speaks HTTP in clear, not TLS, on this port"};
  }
  if (kind == TlsError::certificate && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long result = SSL_get_verify_result(ssl_.get());
    return {refusal_kind(static_cast<int>(result)),
            std::string("the peer's certificate was refused: ") +
                X509_verify_cert_error_string(result)};
  }
  const char* const words = ERR_reason_error_string(error);
  return {kind, words != nullptr ? words : "TLS failed without a reason"};
}

std::optional<SessionInfo> Stream::info() const {
  if (!agreement_) return std::nullopt;
  return SessionInfo{
      .protocol = agreement_->protocol,
      .cipher = agreement_->cipher,
      .application_protocol = agreement_->application_protocol,
      .server_name = agreement_->server_name,
      .resumed = agreement_->resumed,
      .peer_certificate = agreement_->peer_certificate.get(),
  };
}

}  // namespace duplex::tls
