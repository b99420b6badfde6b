#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>

/// OpenSSL's objects with owners, and its errors as words.
namespace duplex::tls {

/// Frees whatever OpenSSL has a function for.
template <auto FreeFunction>
struct FreedBy {
  template <class T>
  void operator()(T* object) const noexcept {
    FreeFunction(object);
  }
};

struct FreedAsStack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(STACK_OF(X509_NAME) * names) const noexcept {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
  }
};

using BioPointer = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using X509Pointer = std::unique_ptr<X509, FreedBy<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Pkcs12Pointer = std::unique_ptr<PKCS12, FreedBy<PKCS12_free>>;
using StorePointer = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using StoreContextPointer = std::unique_ptr<X509_STORE_CTX, FreedBy<X509_STORE_CTX_free>>;
using SslContextPointer = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using SslPointer = std::unique_ptr<SSL, FreedBy<SSL_free>>;
using SessionPointer = std::unique_ptr<SSL_SESSION, FreedBy<SSL_SESSION_free>>;
using X509StackPointer = std::unique_ptr<STACK_OF(X509), FreedAsStack>;
using GeneralNamesPointer = std::unique_ptr<GENERAL_NAMES, FreedAsStack>;
using NameStackPointer = std::unique_ptr<STACK_OF(X509_NAME), FreedAsStack>;

/// What OpenSSL says of its last failure, in its words; empties the thread's error queue.
std::string take_openssl_error();

/// What an alert says (RFC 8446 section 6).
std::string alert_words(int alert);

/// `object`, unless it is null, as OpenSSL's constructors return when there is no memory: then it
/// throws std::bad_alloc.
template <class Pointer>
Pointer made(Pointer object) {
  if (!object) throw std::bad_alloc();
  return object;
}

/// Reads `text`, which has to live as long. Throws std::bad_alloc.
BioPointer reader_of(std::string_view text);

/// Whether `certificate` vouches for itself, as a root does.
inline bool is_self_signed(X509& certificate) noexcept {
  return (X509_get_extension_flags(&certificate) & EXFLAG_SS) != 0;
}

}  // namespace duplex::tls
