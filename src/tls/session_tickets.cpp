#include "tls/session_tickets.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "tls/attachment.hpp"
namespace duplex::tls {
namespace {

struct Tickets {
  std::shared_ptr<TicketKeys> keys;
  Clock clock;
};

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
  const Tickets& tickets = *Attachment<Tickets>::of(*SSL_get_SSL_CTX(ssl));
  return sealing != 0 ? seal(tickets, name, iv, cipher, mac)
                      : open(tickets, SSL_version(ssl), name, iv, cipher, mac);
}

}  // namespace

void offer_tickets(SSL_CTX& context, std::shared_ptr<TicketKeys> keys, Clock clock) {
  Attachment<Tickets>::attach(context, std::make_unique<Tickets>(std::move(keys), clock));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, on_ticket);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(&context, TicketKeys::period.count());
}

}  // namespace duplex::tls
