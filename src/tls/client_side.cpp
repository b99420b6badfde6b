#include "tls/client_side.hpp"

#include <arpa/inet.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

#include "tls/attachment.hpp"
#include "tls/client_context.hpp"
#include "tls/refusal.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::tls {
namespace {

constexpr std::string_view http_start = "HTTP/";

// RFC 1035 section 2.3.4, as text.
constexpr std::size_t name_bytes_max = 253;

struct Address {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;
};

std::optional<Address> read_address(const std::string& host) {
  Address address;
  // A zero would hide what is behind it.
  if (host.contains('\0')) return std::nullopt;
  if (::inet_pton(AF_INET, host.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  // An interface (RFC 4007 section 11) is this machine's own matter.
  const std::string number = host.substr(0, host.find('%'));
  if (::inet_pton(AF_INET6, number.c_str(), address.bytes.data()) == 1) {
    address.size = 16;
    return address;
  }
  return std::nullopt;
}

/// Whether a certificate can be for `host`. OpenSSL takes an empty one for any, and one with a dot
/// in front for all below it.
bool is_host_name(std::string_view host) noexcept {
  const auto fits = [](char character) {
    const char small = to_lower(character);
    return (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '-' ||
           small == '_' || small == '.';
  };
  return !host.empty() && host.size() <= name_bytes_max && !host.starts_with('.') &&
         !host.contains("..") && std::ranges::all_of(host, fits);
}

ClientPolicy& policy_of(const SSL& ssl) noexcept {
  return *Attachment<ClientPolicy>::of(*SSL_get_SSL_CTX(&ssl));
}

std::chrono::sys_seconds now_of(const ClientPolicy& policy) noexcept {
  return std::chrono::floor<std::chrono::seconds>(policy.calendar());
}

}  // namespace

ClientSide::ClientSide(const ClientTarget& target) : host_(target.host) {
  // Certificates are without the dot that marks a name as complete (RFC 9525 section 6.3).
  if (host_.ends_with('.')) host_.pop_back();
  std::ranges::transform(host_, host_.begin(), to_lower);
  if (!target.session_key.empty()) session_key_ = host_ + ' ' + target.session_key;
}

void ClientSide::prepare(SSL_CTX& context) noexcept {
  // Demanded also when anybody is accepted: otherwise what the callback says would count nothing.
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(&context, on_certificate, nullptr);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, on_session);
}

// ---------------------------------------------------------------------------- the handshake

std::expected<void, Failure> ClientSide::begin(SSL& ssl) {
  SSL_set_app_data(&ssl, this);
  if (!set_host(ssl)) {
    return std::unexpected(Failure{TlsError::wrong_host,
                                   "the host to reach is neither a DNS name nor an address, so "
                                   "that no certificate can be for it: check its spelling"});
  }
  begun_ = true;
  if (session_key_.empty()) return {};
  ClientPolicy& policy = policy_of(ssl);
  const auto session = policy.sessions.take(session_key_, now_of(policy));
  if (!session) return {};
  // It was checked when the session began, under the same policy; here it costs nothing.
  const X509* const leaf = SSL_SESSION_get0_peer(session->native.get());
  if (leaf == nullptr || !policy.accepts_key_of(*leaf)) return {};
  if (SSL_set_session(&ssl, session->native.get()) == 1) resumed_end_ = session->end;
  return {};
}

/// False when it is neither a name nor an address.
bool ClientSide::set_host(SSL& ssl) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(&ssl);
  if (const auto address = read_address(host_)) {
    return X509_VERIFY_PARAM_set1_ip(wanted, address->bytes.data(), address->size) == 1;
  }
  if (!is_host_name(host_)) return false;
  // A wildcard is a whole label, and a common name is none of the host's (RFC 9525 section 6.3).
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_host(wanted, host_.data(), host_.size()) != 1) throw std::bad_alloc();
  if (SSL_set_tlsext_host_name(&ssl, host_.c_str()) != 1) throw std::bad_alloc();
  server_name_ = host_;
  return true;
}

void ClientSide::note_first_bytes(ConstBytes ciphertext) noexcept {
  for (const std::byte byte : ciphertext) {
    if (!looks_like_http_ || http_bytes_ == http_start.size()) return;
    looks_like_http_ = std::to_integer<char>(byte) == http_start[http_bytes_];
    ++http_bytes_;
  }
}

bool ClientSide::has_heard_http() const noexcept {
  return looks_like_http_ && http_bytes_ == http_start.size();
}

// ---------------------------------------------------------------------------- the certificate

/// In place of OpenSSL's own verification: 1 when the certificate is accepted. What may be thrown
/// here is a lack of memory, and nothing may be thrown through OpenSSL.
int ClientSide::on_certificate(X509_STORE_CTX* verification, void* /*argument*/) noexcept {
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& side = *static_cast<ClientSide*>(SSL_get_app_data(ssl));
  return side.accept_certificate(*verification, policy_of(*ssl)) ? 1 : 0;
}

bool ClientSide::accept_certificate(X509_STORE_CTX& verification, const ClientPolicy& policy) {
  if (policy.verifies && X509_verify_cert(&verification) != 1) {
    refusal_ = refusal_of(verification, host_);
    return false;
  }
  const X509& leaf = *X509_STORE_CTX_get0_cert(&verification);
  if (!policy.accepts_key_of(leaf)) {
    X509_STORE_CTX_set_error(&verification, X509_V_ERR_APPLICATION_VERIFICATION);
    refusal_ = Failure{TlsError::pin_mismatch,
                       "the server's public key is none of those that were "
                       "pinned; it is " +
                           PublicKeyPin::of(leaf).text()};
    return false;
  }
  X509_STORE_CTX_set_error(&verification, X509_V_OK);
  return true;
}

// ---------------------------------------------------------------------------- sessions

/// A session may be resumed. The answer 1 would keep OpenSSL's own object, of which this has a
/// copy.
int ClientSide::on_session(SSL* ssl, SSL_SESSION* session) noexcept {
  const auto& side = *static_cast<const ClientSide*>(SSL_get_app_data(ssl));
  if (!side.session_key_.empty()) side.keep_session(*ssl, *session, policy_of(*ssl));
  return 0;
}

void ClientSide::keep_session(SSL& ssl, const SSL_SESSION& session, ClientPolicy& policy) const {
  if (SSL_SESSION_is_resumable(&session) != 1) return;
  const bool resumed = SSL_session_reused(&ssl) == 1 && resumed_end_;
  policy.sessions.put(session_key_, session,
                      resumed ? *resumed_end_ : end_of_new_session(ssl, now_of(policy)));
}

void ClientSide::forget_sessions(SSL& ssl) noexcept {
  if (!session_key_.empty()) policy_of(ssl).sessions.forget(session_key_);
}

}  // namespace duplex::tls
