#include "tls/loaded_credential.hpp"

#include "tls/credential_checks.hpp"
#include "tls/material.hpp"
#include "tls/pem.hpp"
#include "tls/pkcs12.hpp"
#include "tls/unusable.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

bool has_alternative_names(const X509& leaf) {
  return X509_get_ext_by_NID(&leaf, NID_subject_alt_name, -1) >= 0;
}

std::vector<std::string> host_names_of(const X509& leaf, const Certificate& description) {
  if (has_alternative_names(leaf)) return description.dns_names;
  std::string name = common_name(leaf);
  if (name.empty()) return {};
  return {std::move(name)};
}

/// Certificates and key, of one file or two.
void read_into(LoadedCredential& loaded, const Credential& credential) {
  const Material material = read_material(credential.certificate, "certificate");
  loaded.name = material.name;
  loaded.key_name = material.name;
  if (is_der(material)) {
    Pkcs12Content content = read_pkcs12(material, credential.passphrase_file);
    loaded.certificates = std::move(content.certificates);
    loaded.key = std::move(content.key);
    loaded.root_left_out = content.root_left_out;
    if (!loaded.key && credential.key.empty()) {
      throw Unusable("no private key in " + material.name +
                     ": export it together with the certificate");
    }
  } else {
    loaded.certificates = read_certificates(material);
    if (credential.key.empty()) {
      if (!holds_key(material)) {
        throw Unusable("no private key in " + material.name +
                       ", and none is given beside it: name the file that holds it");
      }
      loaded.key = read_key(material, credential.passphrase_file);
    }
  }
  if (!credential.key.empty()) {
    const Material key = read_material(credential.key, "key");
    loaded.key_name = key.name;
    loaded.key = read_key(key, credential.passphrase_file);
  }
}

}  // namespace

LoadedCredential load_credential(const Credential& credential, std::chrono::sys_seconds now,
                                 Purpose purpose) {
  if (credential.certificate.empty()) {
    throw Unusable("a key is given without a certificate: name the certificate's file, too");
  }
  LoadedCredential loaded;
  read_into(loaded, credential);
  loaded.description = describe_x509(loaded.leaf());
  loaded.host_names = host_names_of(loaded.leaf(), loaded.description);
  check_credential(loaded, now, purpose);
  return loaded;
}

}  // namespace duplex::tls
