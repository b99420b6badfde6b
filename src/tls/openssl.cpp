#include "tls/openssl.hpp"

#include <openssl/err.h>

namespace duplex::tls {

std::string take_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  return "error " + std::to_string(code);
}

std::string alert_words(int alert) {
  // OpenSSL 3.0 calls these unknown.
  if (alert == TLS13_AD_MISSING_EXTENSION) return "missing extension";
  if (alert == TLS13_AD_CERTIFICATE_REQUIRED) return "certificate required";
  return SSL_alert_desc_string_long(alert);
}

BioPointer reader_of(std::string_view text) {
  return made(BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
}

}  // namespace duplex::tls
