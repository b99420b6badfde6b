#include "tls/handover.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

namespace duplex::tls {

namespace {

/// The value of a digit that OpenSSL has written.
unsigned digit_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  return static_cast<unsigned>((digit | 0x20) - 'a' + 10);
}

/// Cuts off and returns what stands before the next space.
std::string_view take_word(std::string_view& line) noexcept {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  return word;
}

}  // namespace

Handover::~Handover() {
  OPENSSL_cleanse(client_.bytes.data(), client_.bytes.size());
  OPENSSL_cleanse(server_.bytes.data(), server_.bytes.size());
}

void Handover::allow(SSL_CTX& context) noexcept {
  SSL_CTX_set_keylog_callback(&context, on_key);
}

void Handover::watch(SSL& ssl) noexcept {
  SSL_set_app_data(&ssl, this);
  SSL_set_msg_callback(&ssl, on_message);
  SSL_set_msg_callback_arg(&ssl, this);
}

/// A line of the key log: label, the client's random number, and the secret.
void Handover::on_key(const SSL* ssl, const char* line) noexcept {
  auto* const handover = static_cast<Handover*>(SSL_get_app_data(ssl));
  if (handover == nullptr) return;
  std::string_view rest(line);
  const std::string_view label = take_word(rest);
  take_word(rest);
  if (label == "CLIENT_TRAFFIC_SECRET_0") {
    handover->client_.take(rest);
  } else if (label == "SERVER_TRAFFIC_SECRET_0") {
    handover->server_.take(rest);
    // It is used from here on: what is written next is its first record.
    handover->records_sent_ = 0;
  }
}

void Handover::on_message(int sent, int /*version*/, int type, const void* /*content*/,
                          std::size_t /*size*/, SSL* /*ssl*/, void* handover) noexcept {
  if (sent == 1 && type == SSL3_RT_HEADER) ++static_cast<Handover*>(handover)->records_sent_;
}

void Handover::Secret::take(std::string_view hexadecimal) noexcept {
  if (hexadecimal.size() > 2 * bytes.size()) return;
  size = hexadecimal.size() / 2;
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(digit_value(hexadecimal[2 * i]) << 4 |
                                      digit_value(hexadecimal[2 * i + 1]));
  }
}

std::optional<RecordLayer> Handover::complete(const SSL& ssl, CipherCache& cache) const {
  if (SSL_version(&ssl) != TLS1_3_VERSION || SSL_has_pending(&ssl) == 1) return std::nullopt;
  // A client with little memory may have asked for short records (RFC 6066 section 4).
  if (SSL_SESSION_get_max_fragment_length(SSL_get0_session(&ssl)) !=
      TLSEXT_max_fragment_length_DISABLED) {
    return std::nullopt;
  }
  const auto suite = suite_of(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(&ssl)));
  if (!suite || facts_of(*suite).cipher == nullptr) return std::nullopt;
  const std::size_t size = facts_of(*suite).secret_bytes;
  if (client_.size != size || server_.size != size) return std::nullopt;
  using Direction = RecordKey::Direction;
  RecordKey receiving(*suite, Direction::opening, ConstBytes(client_.bytes).first(size), cache);
  RecordKey sending(*suite, Direction::sealing, ConstBytes(server_.bytes).first(size), cache);
  sending.skip(records_sent_);
  return RecordLayer(std::move(receiving), std::move(sending));
}

}  // namespace duplex::tls
