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

BioPointer reader_of(std::string_view text) {
  return made(BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
}

}  // namespace duplex::tls
