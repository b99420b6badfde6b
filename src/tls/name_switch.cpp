#include "tls/name_switch.hpp"

#include "tls/attachment.hpp"

namespace duplex::tls {
namespace {

struct NameSwitch {
  ServerNames names;
  std::vector<SslContextPointer> others;
};

int on_server_name(SSL* ssl, int* /*alert*/, void* argument) noexcept {
  const char* host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (host == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto& names = *static_cast<const NameSwitch*>(argument);
  const std::size_t set = names.names.find(host);
  if (set == 0) return SSL_TLSEXT_ERR_OK;
  return SSL_set_SSL_CTX(ssl, names.others[set - 1].get()) != nullptr ? SSL_TLSEXT_ERR_OK
                                                                      : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void switch_by_name(SSL_CTX& first, ServerNames names, std::vector<SslContextPointer> others) {
  NameSwitch& attached = Attachment<NameSwitch>::attach(
      first, std::make_unique<NameSwitch>(std::move(names), std::move(others)));
  SSL_CTX_set_tlsext_servername_callback(&first, on_server_name);
  SSL_CTX_set_tlsext_servername_arg(&first, &attached);
}

}  // namespace duplex::tls
