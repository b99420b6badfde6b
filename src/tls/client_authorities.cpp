#include "tls/client_authorities.hpp"

#include <openssl/err.h>

#include "tls/material.hpp"
#include "tls/pem.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

void add_name(STACK_OF(X509_NAME) * names, const X509& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  X509_NAME* copy = X509_NAME_dup(subject);
  if (copy == nullptr || sk_X509_NAME_push(names, copy) <= 0) {
    X509_NAME_free(copy);
    throw std::bad_alloc();
  }
}

}  // namespace

ClientAuthorities load_client_authorities(const std::string& option, std::chrono::sys_seconds now) {
  Material material = read_material(option, "the clients' authority");
  ClientAuthorities authorities{
      .store = made(StorePointer(X509_STORE_new())),
      .names = made(NameStackPointer(sk_X509_NAME_new_null())),
      .content = {},
      .warnings = {},
  };
  for (const X509Pointer& certificate : read_certificates(material)) {
    X509_STORE_add_cert(authorities.store.get(), certificate.get());
    add_name(authorities.names.get(), *certificate);
    const auto end = seconds_of(*X509_get0_notAfter(certificate.get()));
    if (now > end) {
      authorities.warnings.push_back("the clients' authority \"" +
                                     name_text(*X509_get_subject_name(certificate.get())) +
                                     "\" in " + material.name + " expired at " + time_text(end) +
                                     ": none of its clients can come in");
    }
  }
  ERR_clear_error();
  // An authority that another one has signed may be named without that one, whose other clients
  // are not to come in.
  X509_STORE_set_flags(authorities.store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  authorities.content = std::move(material.content);
  return authorities;
}

}  // namespace duplex::tls
