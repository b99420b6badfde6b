#include "tls/session_tickets.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "tls/attachment.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

struct Tickets {
  std::shared_ptr<TicketKeys> keys;
  Clock clock;
  Calendar calendar;
};

const Tickets& tickets_of(const SSL& ssl) noexcept {
  return *Attachment<Tickets>::of(*SSL_get_SSL_CTX(&ssl));
}

bool set_mac_key(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac_key.data(), key.mac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

const unsigned char* raw(const std::array<std::byte, 32>& key) {
  return reinterpret_cast<const unsigned char*>(key.data());
}

// What OpenSSL expects of the callback.
constexpr int failed = -1;
constexpr int not_opened = 0;
constexpr int done = 1;
constexpr int done_and_renew = 2;

int seal(const Tickets& tickets, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
         EVP_MAC_CTX* mac) {
  auto key = tickets.keys->sealing(tickets.clock());
  if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return failed;
  std::ranges::copy(key->name, reinterpret_cast<std::byte*>(name));
  const bool ready =
      EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), raw(key->cipher_key), iv, nullptr) == 1 &&
      set_mac_key(mac, *key);
  return ready ? done : failed;
}

int open(const Tickets& tickets, int version, const unsigned char* name, const unsigned char* iv,
         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  auto found = tickets.keys->find(
      std::span<const std::byte, 16>(reinterpret_cast<const std::byte*>(name), 16),
      tickets.clock());
  if (!found) return not_opened;
  const bool ready = EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), raw(found->key.cipher_key), iv,
                                         nullptr) == 1 &&
                     set_mac_key(mac, found->key);
  if (!ready) return failed;
  // With TLS 1.3, a ticket is to be used only once, so that nobody can tell from it that two
  // connections are of one client (RFC 8446 appendix C.4).
  return found->renew || version == TLS1_3_VERSION ? done_and_renew : done;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int sealing) noexcept {
  const Tickets& tickets = tickets_of(*ssl);
  return sealing != 0 ? seal(tickets, name, iv, cipher, mac)
                      : open(tickets, SSL_version(ssl), name, iv, cipher, mac);
}

/// When a session ends for good, as its tickets tell: OpenSSL counts from the last resumption.
using End = std::chrono::sys_seconds;

std::optional<End> end_of(SSL_SESSION& session) noexcept {
  void* data = nullptr;
  std::size_t size = 0;
  End::rep seconds = 0;
  if (SSL_SESSION_get0_ticket_appdata(&session, &data, &size) != 1 || size != sizeof seconds) {
    return std::nullopt;
  }
  std::memcpy(&seconds, data, sizeof seconds);
  return End(End::duration(seconds));
}

int on_new_ticket(SSL* ssl, void* /*argument*/) noexcept {
  SSL_SESSION& session = *SSL_get_session(ssl);
  const End now = std::chrono::floor<std::chrono::seconds>(tickets_of(*ssl).calendar());
  auto end = end_of(session);
  if (!end) {
    end = end_of_new_session(*ssl, now);
    const End::rep seconds = end->time_since_epoch().count();
    if (SSL_SESSION_set1_ticket_appdata(&session, &seconds, sizeof seconds) != 1) return 0;
  }
  // Clients are told this, and need not try tickets that are worth nothing any more.
  const auto left = std::clamp(*end - now, std::chrono::seconds(0), TicketKeys::period);
  SSL_SESSION_set_timeout(&session, left.count());
  return 1;
}

SSL_TICKET_RETURN on_opened_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char* /*name*/,
                                   std::size_t /*name_bytes*/, SSL_TICKET_STATUS status,
                                   void* /*argument*/) noexcept {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  const auto now = tickets_of(*ssl).calendar();
  const auto end = end_of(*session);
  // An end that is too far tells that the clock was put back: nobody knows how old the session is.
  if (!end || now >= *end || *end - now > session_life_max) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

std::chrono::sys_seconds end_of_new_session(const SSL& ssl, std::chrono::sys_seconds now) noexcept {
  std::chrono::sys_seconds end = now + session_life_max;
  // Those that led from the peer's to an authority; none when it has shown none.
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(&ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    end = std::min(end, seconds_of(*X509_get0_notAfter(sk_X509_value(chain, i))));
  }
  return end;
}

void offer_tickets(SSL_CTX& context, std::shared_ptr<TicketKeys> keys, Clock clock,
                   Calendar calendar) {
  Attachment<Tickets>::attach(context, std::make_unique<Tickets>(std::move(keys), clock, calendar));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, on_ticket);
  SSL_CTX_set_session_ticket_cb(&context, on_new_ticket, on_opened_ticket, nullptr);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(&context, TicketKeys::period.count());
}

}  // namespace duplex::tls
