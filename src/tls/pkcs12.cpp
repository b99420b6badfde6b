#include "tls/pkcs12.hpp"

#include <openssl/err.h>

#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

Pkcs12Pointer parsed(const Material& material) {
  const auto in = reader_of(material.content);
  Pkcs12Pointer container(d2i_PKCS12_bio(in.get(), nullptr));
  ERR_clear_error();
  if (!container) {
    throw Unusable(material.name + " is neither PEM nor PKCS#12: convert it to PEM");
  }
  return container;
}

bool is_issuer(X509* issuer, X509* subject) {
  return X509_check_issued(issuer, subject) == X509_V_OK;
}

/// Moves each issuer out of `loose`, behind what it has issued. Whether that led to a root.
bool append_issuers(std::vector<X509Pointer>& chain, STACK_OF(X509) * loose) {
  for (bool found = true; found && !is_self_signed(*chain.back());) {
    found = false;
    for (int i = 0; i < sk_X509_num(loose) && !found; ++i) {
      X509* candidate = sk_X509_value(loose, i);
      if (!is_issuer(candidate, chain.back().get())) continue;
      found = true;
      X509Pointer issuer(sk_X509_delete(loose, i));
      // Clients have the root, or don't trust it.
      if (is_self_signed(*issuer)) return true;
      chain.push_back(std::move(issuer));
    }
  }
  return false;
}

}  // namespace

bool is_der(const Material& material) noexcept {
  constexpr char sequence = 0x30;
  return material.content.starts_with(sequence);
}

Pkcs12Content read_pkcs12(const Material& material, const std::string& passphrase_file) {
  const Pkcs12Pointer container = parsed(material);
  const std::string passphrase =
      passphrase_file.empty() ? std::string() : read_passphrase(passphrase_file);

  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  const bool opened = PKCS12_parse(container.get(), passphrase.c_str(), &key, &leaf, &others) == 1;
  Pkcs12Content content{.certificates = {}, .key = KeyPointer(key)};
  X509Pointer first(leaf);
  const X509StackPointer loose(others);

  if (!opened) {
    const bool wrong_passphrase =
        ERR_GET_REASON(ERR_peek_last_error()) == PKCS12_R_MAC_VERIFY_FAILURE;
    const std::string reason = take_openssl_error();
    if (wrong_passphrase && passphrase_file.empty()) {
      throw Unusable(material.name + " is encrypted: name a file with its passphrase");
    }
    if (wrong_passphrase) {
      throw Unusable("the passphrase in " + passphrase_file + " does not open " + material.name);
    }
    throw Unusable(material.name + " can't be opened (" + reason +
                   "): it is damaged, or made with old ciphers; make it anew by a newer program");
  }
  ERR_clear_error();
  if (!first && sk_X509_num(loose.get()) > 0) first.reset(sk_X509_shift(loose.get()));
  if (!first) throw Unusable("no certificate in " + material.name);
  content.certificates.push_back(std::move(first));
  content.root_left_out = append_issuers(content.certificates, loose.get());
  return content;
}

}  // namespace duplex::tls
