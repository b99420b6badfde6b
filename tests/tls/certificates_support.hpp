#pragma once

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tls/openssl.hpp"
#include <duplex/tls/server_options.hpp>

/// Certificates of every kind, good and bad, made while the tests run.
namespace duplex::tls::testing {

enum class TestKey : std::uint8_t {
  p256,
  p384,
  secp256k1,
  rsa_2048,
  rsa_1024,
  rsa_pss,
  ed25519,
  x25519,
};

inline KeyPointer make_key(TestKey kind) {
  switch (kind) {
    case TestKey::p256: return KeyPointer(EVP_EC_gen("P-256"));
    case TestKey::p384: return KeyPointer(EVP_EC_gen("P-384"));
    case TestKey::secp256k1: return KeyPointer(EVP_EC_gen("secp256k1"));
    case TestKey::rsa_2048: return KeyPointer(EVP_RSA_gen(2048));
    case TestKey::rsa_1024: return KeyPointer(EVP_RSA_gen(1024));
    case TestKey::rsa_pss: {
      EVP_PKEY* key = nullptr;
      EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr);
      EVP_PKEY_keygen_init(context);
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048);
      EVP_PKEY_generate(context, &key);
      EVP_PKEY_CTX_free(context);
      return KeyPointer(key);
    }
    case TestKey::ed25519: return KeyPointer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case TestKey::x25519: return KeyPointer(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  }
  return nullptr;
}

inline std::string text_of(const BioPointer& out) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

inline std::string pem_of(const X509Pointer& certificate) {
  const BioPointer out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate.get());
  return text_of(out);
}

/// Encrypted unless `passphrase` is empty.
inline std::string pem_of(const KeyPointer& key, std::string_view passphrase = {}) {
  const BioPointer out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(),
                                passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
                                passphrase.empty() ? nullptr : passphrase.data(),
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  return text_of(out);
}

struct Issued {
  X509Pointer certificate;
  KeyPointer key;

  std::string pem() const { return pem_of(certificate); }
  std::string key_pem(std::string_view passphrase = {}) const { return pem_of(key, passphrase); }
  /// As texts.
  Credential credential() const { return {.certificate = pem(), .key = key_pem()}; }
  ServerOptions options() const { return {.certificate = pem(), .key = key_pem()}; }
};

struct Recipe {
  std::string common_name = "example.test";
  /// In OpenSSL's configuration language: `DNS:example.test,IP:::1`. Empty: no such extension.
  std::string alternative_names = "DNS:example.test";
  TestKey key = TestKey::p256;
  const Issued* issuer = nullptr;  ///< null: signs itself
  std::chrono::seconds begins_in = std::chrono::hours(-1);
  std::chrono::seconds ends_in = std::chrono::days(90);
  bool authority = false;
  std::string extended_key_usage = {};
  std::string key_usage = {};
  const EVP_MD* digest = EVP_sha256();
};

inline void add_extension(X509* certificate, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline Issued issue_by(const Recipe& recipe) {
  Issued made{.certificate = X509Pointer(X509_new()), .key = make_key(recipe.key)};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  long serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial - 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), recipe.begins_in.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), recipe.ends_in.count());
  X509_set_pubkey(certificate, made.key.get());
  if (!recipe.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(recipe.common_name.data()),
                               static_cast<int>(recipe.common_name.size()), -1, 0);
  }
  X509_set_issuer_name(certificate, recipe.issuer != nullptr
                                        ? X509_get_subject_name(recipe.issuer->certificate.get())
                                        : X509_get_subject_name(certificate));
  if (recipe.authority) add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_subject_alt_name, recipe.alternative_names);
  add_extension(certificate, NID_ext_key_usage, recipe.extended_key_usage);
  add_extension(certificate, NID_key_usage, recipe.key_usage);
  const KeyPointer& signer = recipe.issuer != nullptr ? recipe.issuer->key : made.key;
  const bool own_digest = EVP_PKEY_get_base_id(signer.get()) == EVP_PKEY_ED25519;
  if (X509_sign(certificate, signer.get(), own_digest ? nullptr : recipe.digest) <= 0) {
    throw std::runtime_error("can't sign");
  }
  return made;
}

inline Issued authority(const std::string& common_name, const Issued* issuer = nullptr) {
  return issue_by(
      {.common_name = common_name, .alternative_names = {}, .issuer = issuer, .authority = true});
}

/// A PKCS#12 file's bytes.
inline std::string pkcs12_of(const Issued& own, std::initializer_list<const Issued*> others,
                             const std::string& passphrase, bool with_key = true) {
  const X509StackPointer stack(sk_X509_new_null());
  for (const Issued* other : others) {
    X509_up_ref(other->certificate.get());
    sk_X509_push(stack.get(), other->certificate.get());
  }
  const Pkcs12Pointer container(PKCS12_create(passphrase.c_str(), "test",
                                              with_key ? own.key.get() : nullptr,
                                              own.certificate.get(), stack.get(), 0, 0, 0, 0, 0));
  const BioPointer out(BIO_new(BIO_s_mem()));
  i2d_PKCS12_bio(out.get(), container.get());
  return text_of(out);
}

/// A folder of its own for a test's files, which goes with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duplex-tls-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file, and returns its path.
  std::string file(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace duplex::tls::testing
