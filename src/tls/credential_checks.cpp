#include "tls/credential_checks.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "tls/unusable.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

// NIST SP 800-57: what 2048 bits of RSA, or 224 of an elliptic curve, are worth.
constexpr int security_bits_min = 112;
constexpr int rsa_bits_min = 2048;

std::string quoted_subject(const X509& certificate) {
  return "\"" + name_text(*X509_get_subject_name(&certificate)) + "\"";
}

std::string quoted_issuer(const X509& certificate) {
  return "\"" + name_text(*X509_get_issuer_name(&certificate)) + "\"";
}

/// `the certificate in cert.pem`, or `certificate 2 in cert.pem, "CN=…",`.
std::string place_of(const LoadedCredential& credential, std::size_t index) {
  if (index == 0) return "the certificate in " + credential.name;
  return "certificate " + std::to_string(index + 1) + " in " + credential.name + ", " +
         quoted_subject(*credential.certificates[index]) + ",";
}

/// `server`, or `client`: who shows it.
std::string own_end(Purpose purpose) {
  return purpose == Purpose::server ? "server" : "client";
}

/// Those to whom it is shown.
std::string peers(Purpose purpose) {
  return purpose == Purpose::server ? "clients" : "servers";
}

std::optional<KeyType> type_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA: return KeyType::rsa;
    case EVP_PKEY_RSA_PSS: return KeyType::rsa_pss;
    case EVP_PKEY_EC: return KeyType::ecdsa;
    case EVP_PKEY_ED25519: return KeyType::ed25519;
    case EVP_PKEY_ED448: return KeyType::ed448;
    default: return std::nullopt;
  }
}

/// The curves that TLS 1.3 has signatures for (RFC 8446 section 4.2.3).
void check_curve(const LoadedCredential& credential, Purpose purpose) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  EVP_PKEY_get_group_name(credential.key.get(), name.data(), name.size(), &length);
  const std::string_view curve(name.data(), length);
  if (curve == "prime256v1" || curve == "secp384r1" || curve == "secp521r1") return;
  throw Unusable("the key in " + credential.key_name + " is on the curve " + std::string(curve) +
                 ", which " + peers(purpose) + " don't accept: make one on P-256 (prime256v1)");
}

void check_key(LoadedCredential& credential, Purpose purpose) {
  const auto type = type_of(*credential.key);
  if (!type) {
    throw Unusable("the key in " + credential.key_name +
                   " is of a kind that TLS has no use for: make an ECDSA or RSA key");
  }
  credential.key_type = *type;
  const int bits = EVP_PKEY_get_bits(credential.key.get());
  if ((*type == KeyType::rsa || *type == KeyType::rsa_pss) && bits < rsa_bits_min) {
    throw Unusable("the RSA key in " + credential.key_name + " has " + std::to_string(bits) +
                   " bits, which is too small: make one of 2048 or more, or an ECDSA key");
  }
  if (*type == KeyType::ecdsa) check_curve(credential, purpose);
}

bool matches(const X509Pointer& certificate, const KeyPointer& key) {
  const bool same = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return same;
}

void check_match(const LoadedCredential& credential, Purpose purpose) {
  const auto& certificates = credential.certificates;
  if (matches(certificates.front(), credential.key)) return;
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (!matches(certificates[i], credential.key)) continue;
    throw Unusable("the key in " + credential.key_name + " belongs to certificate " +
                   std::to_string(i + 1) + " in " + credential.name + ": put the " +
                   own_end(purpose) +
                   "'s own certificate first, behind it those that lead to a root");
  }
  throw Unusable("the key in " + credential.key_name + " does not match the certificate in " +
                 credential.name + ": give the key that it was issued for");
}

void check_dates(LoadedCredential& credential, std::chrono::sys_seconds now) {
  const Certificate& leaf = credential.description;
  if (now > leaf.not_after) {
    throw Unusable(place_of(credential, 0) + " expired at " + time_text(leaf.not_after) +
                   ": renew it");
  }
  if (now < leaf.not_before) {
    throw Unusable(place_of(credential, 0) + " is not valid before " + time_text(leaf.not_before) +
                   ": wait, or put this machine's clock right");
  }
  for (std::size_t i = 0; i < credential.certificates.size(); ++i) {
    const auto end = seconds_of(*X509_get0_notAfter(credential.certificates[i].get()));
    if (now > end) {
      credential.warnings.push_back(place_of(credential, i) + " expired at " + time_text(end) +
                                    ": replace it by its successor");
    } else if (end - now < expiry_warning) {
      credential.warnings.push_back(place_of(credential, i) + " expires at " + time_text(end) +
                                    ": renew it");
    }
  }
}

void check_purpose(LoadedCredential& credential, Purpose purpose) {
  X509& leaf = credential.leaf();
  const std::uint32_t flags = X509_get_extension_flags(&leaf);
  if ((flags & EXFLAG_INVALID) != 0) {
    throw Unusable(place_of(credential, 0) + " has extensions that can't be read: it is damaged");
  }
  const std::uint32_t usage = purpose == Purpose::server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
  if ((flags & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(&leaf) & (usage | XKU_ANYEKU)) == 0) {
    throw Unusable(place_of(credential, 0) + " is not for " + own_end(purpose) +
                   "s: get one with the extended key usage " + own_end(purpose) + "Auth");
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(&leaf) & KU_DIGITAL_SIGNATURE) == 0) {
    credential.warnings.push_back(place_of(credential, 0) + " is not for signing: many " +
                                  peers(purpose) +
                                  " will refuse it; get one with the key usage digitalSignature");
  }
  if ((flags & EXFLAG_CA) != 0) {
    credential.warnings.push_back(place_of(credential, 0) +
                                  " is an authority's: its key could sign for any name; use one "
                                  "that is for a " +
                                  own_end(purpose) + " only");
  }
}

/// Signatures by SHA-1 and MD5 can be forged, so that peers refuse them. A root's own says
/// nothing.
void check_signatures(const LoadedCredential& credential, Purpose purpose) {
  for (std::size_t i = 0; i < credential.certificates.size(); ++i) {
    X509& certificate = *credential.certificates[i];
    if (is_self_signed(certificate)) continue;
    int digest = NID_undef;
    int security_bits = -1;
    if (X509_get_signature_info(&certificate, &digest, nullptr, &security_bits, nullptr) != 1 ||
        security_bits < 0 || security_bits >= security_bits_min) {
      continue;
    }
    const char* digest_name = OBJ_nid2sn(digest);
    throw Unusable(place_of(credential, i) + " is signed with " +
                   std::string(digest_name != nullptr ? digest_name : "an old digest") +
                   ", which " + peers(purpose) + " refuse: get one that is signed with SHA-256");
  }
}

/// Whether the system knows a root that has issued `certificate`.
bool issued_by_system_root(X509& certificate) {
  const auto store = made(StorePointer(X509_STORE_new()));
  X509_STORE_set_default_paths(store.get());
  const auto context = made(StoreContextPointer(X509_STORE_CTX_new()));
  X509* issuer = nullptr;
  const bool found = X509_STORE_CTX_init(context.get(), store.get(), &certificate, nullptr) == 1 &&
                     X509_STORE_CTX_get1_issuer(&issuer, context.get(), &certificate) == 1;
  const X509Pointer owned(issuer);
  ERR_clear_error();
  return found;
}

bool has_issued(const X509Pointer& issuer, const X509Pointer& subject) {
  return X509_check_issued(issuer.get(), subject.get()) == X509_V_OK;
}

/// Where the way from the first certificate to its issuer, that one's issuer and so on ends within
/// the file. In whatever order they are; peers put up with that.
X509& last_of_chain(std::span<const X509Pointer> certificates) {
  std::size_t last = 0;
  // Authorities may have signed each other: as many steps as there are certificates.
  for (std::size_t step = 1; step < certificates.size(); ++step) {
    if (is_self_signed(*certificates[last])) break;
    const auto issuer = std::ranges::find_if(certificates, [&](const X509Pointer& candidate) {
      return has_issued(candidate, certificates[last]);
    });
    if (issuer == certificates.end()) break;
    last = static_cast<std::size_t>(issuer - certificates.begin());
  }
  return *certificates[last];
}

void check_order(LoadedCredential& credential, Purpose purpose) {
  const auto& certificates = credential.certificates;
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (has_issued(certificates[i], certificates[i - 1])) continue;
    credential.warnings.push_back(place_of(credential, i) + " has not issued the one before it: " +
                                  peers(purpose) + " expect the " + own_end(purpose) +
                                  "'s own certificate first, and behind each one its issuer's");
    return;
  }
}

/// What clients lack for the way to a root that they know. A server that asks for certificates
/// knows who has issued them.
void check_chain(LoadedCredential& credential) {
  if (credential.root_left_out) return;
  X509& last = last_of_chain(credential.certificates);
  if (is_self_signed(last) || issued_by_system_root(last)) return;
  const bool alone = &last == &credential.leaf();
  credential.warnings.push_back(
      "chain incomplete: " + credential.name + " holds no certificate of the issuer" +
      (alone ? "" : " of " + quoted_subject(last)) + ", " + quoted_issuer(last) +
      ", which is no root of this system either: append it, unless clients know it");
}

void check_names(LoadedCredential& credential) {
  if (!credential.description.dns_names.empty() || !credential.description.ip_addresses.empty()) {
    return;
  }
  credential.warnings.push_back(place_of(credential, 0) +
                                " names no host in its subject alternative names: browsers will "
                                "refuse it");
}

}  // namespace

void check_credential(LoadedCredential& credential, std::chrono::sys_seconds now, Purpose purpose) {
  check_key(credential, purpose);
  check_match(credential, purpose);
  check_dates(credential, now);
  check_purpose(credential, purpose);
  check_signatures(credential, purpose);
  check_order(credential, purpose);
  if (purpose == Purpose::client) return;
  check_names(credential);
  check_chain(credential);
}

}  // namespace duplex::tls
