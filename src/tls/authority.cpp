#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tls/alternative_name.hpp"
#include "tls/openssl.hpp"
#include "tls/x509_description.hpp"
#include <duplex/base/utf8.hpp>
#include <duplex/tls/authority.hpp>

namespace duplex::tls {
namespace {

using std::chrono::days;
using std::chrono::seconds;

using NumberPointer = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;

// What browsers take at most from anybody's certificate of a server (CA/Browser Forum, Baseline
// Requirements 6.3.2 of 2020; Apple asks for it of all authorities).
constexpr days server_validity_max{398};
constexpr days client_validity_max{3650};
constexpr days authority_validity_max{9131};  // 25 years, as roots have
/// Clocks of clients may be behind ours.
constexpr std::chrono::hours clock_skew{1};
constexpr std::size_t names_max = 200;
// RFC 5280 appendix A.1, ub-common-name.
constexpr std::size_t common_name_characters_max = 64;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("OpenSSL can't " + what + ": " + take_openssl_error());
}

[[noreturn]] void refuse(const std::string& why) {
  ERR_clear_error();
  throw std::invalid_argument(why);
}

void check(bool succeeded, const char* what) {
  if (!succeeded) fail(what);
}

/// OpenSSL asks the terminal for a passphrase when it is not told that there is none.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) noexcept {
  return -1;
}

BioPointer reading(const std::string& text) {
  if (text.size() > std::size_t{std::numeric_limits<int>::max()})
    refuse("the PEM text is too long");
  return reader_of(text);
}

std::string text_in(const BioPointer& buffer) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(buffer.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

X509Pointer read_certificate(const std::string& pem) {
  const BioPointer buffer = reading(pem);
  X509Pointer certificate(PEM_read_bio_X509(buffer.get(), nullptr, no_passphrase, nullptr));
  if (!certificate) {
    refuse(
        "there is no certificate in the PEM text, or it is damaged: it stands between "
        "-----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----");
  }
  return certificate;
}

KeyPointer make_key(KeyKind kind) {
  KeyPointer key(kind == KeyKind::rsa_2048 ? EVP_RSA_gen(2048U) : EVP_EC_gen("P-256"));
  check(key != nullptr, "make a key");
  return key;
}

/// RFC 5280 section 4.1.2.2 asks for a positive number of at most 20 bytes, and authorities for 64
/// random bits or more.
void set_serial(X509& certificate) {
  const NumberPointer number(BN_new());
  check(number && BN_rand(number.get(), 128, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
            BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr,
        "make a serial number");
}

/// Both ends belong to the time of validity (RFC 5280 section 4.1.2.5), hence the second less.
void set_validity(X509& certificate, seconds validity, std::time_t now) {
  const auto put = [&now](ASN1_TIME* time, seconds offset) {
    return X509_time_adj_ex(time, 0, static_cast<long>(offset.count()), &now) != nullptr;
  };
  check(put(X509_getm_notBefore(&certificate), -clock_skew) &&
            put(X509_getm_notAfter(&certificate), validity - clock_skew - seconds(1)),
        "set the time of validity");
}

void check_common_name(const std::string& name) {
  if (!is_valid_utf8(as_bytes(name))) refuse("the common name is not UTF-8");
  if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    refuse("the common name holds a control character");
  }
  if (name.find_first_not_of(' ') == name.npos) {
    refuse("a certificate needs a common name that is not blank");
  }
  const auto characters = std::ranges::count_if(
      name, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (static_cast<std::size_t>(characters) > common_name_characters_max) {
    refuse("the common name has more than 64 characters: " + name);
  }
}

void set_subject(X509& certificate, const std::string& common_name) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(common_name.data());
  check(
      X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate), NID_commonName, MBSTRING_UTF8,
                                 bytes, static_cast<int>(common_name.size()), -1, 0) == 1,
      "set the common name");
}

/// `value` is ours, not a user's: it is in a small language of OpenSSL's (x509v3_config).
void add_extension(X509& certificate, X509& issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  check(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "add an extension");
}

/// Takes `value` in any case.
void append(GENERAL_NAMES& names, int type, ASN1_STRING* value) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  if (name == nullptr || value == nullptr) {
    GENERAL_NAME_free(name);
    ASN1_STRING_free(value);
    fail("make a name");
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(&names, name) == 0) {
    GENERAL_NAME_free(name);
    fail("make a name");
  }
}

ASN1_STRING* make_dns_name(const std::string& text) {
  ASN1_STRING* const string = ASN1_IA5STRING_new();
  if (string != nullptr &&
      ASN1_STRING_set(string, text.data(), static_cast<int>(text.size())) != 1) {
    ASN1_STRING_free(string);
    return nullptr;
  }
  return string;
}

void add_alternative_names(X509& certificate, const std::vector<AlternativeName>& alternatives) {
  if (alternatives.empty()) return;
  const GeneralNamesPointer names(sk_GENERAL_NAME_new_null());
  check(names != nullptr, "make a list of names");
  for (const AlternativeName& alternative : alternatives) {
    if (alternative.kind == AlternativeName::Kind::ip) {
      append(*names, GEN_IPADD, a2i_IPADDRESS(alternative.text.c_str()));
    } else {
      append(*names, GEN_DNS, make_dns_name(alternative.text));
    }
  }
  // RFC 5280 section 4.2.1.6: critical when nothing else says whose the certificate is.
  const bool nameless = X509_NAME_entry_count(X509_get_subject_name(&certificate)) == 0;
  check(X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names.get(), nameless ? 1 : 0,
                          X509V3_ADD_DEFAULT) == 1,
        "add the names");
}

/// A certificate of `key` without subject, extensions and signature.
X509Pointer begin_certificate(EVP_PKEY& key, days validity) {
  X509Pointer certificate(X509_new());
  check(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
            X509_set_pubkey(certificate.get(), &key) == 1,
        "make a certificate");
  set_serial(*certificate);
  set_validity(*certificate, validity, std::time(nullptr));
  return certificate;
}

IssuedCertificate finish(X509& certificate, EVP_PKEY& key, EVP_PKEY& signing_key) {
  check(X509_sign(&certificate, &signing_key, EVP_sha256()) != 0, "sign the certificate");
  const BioPointer certificate_text(BIO_new(BIO_s_mem()));
  const BioPointer key_text(BIO_new(BIO_s_secmem()));
  check(certificate_text && key_text &&
            PEM_write_bio_X509(certificate_text.get(), &certificate) == 1 &&
            PEM_write_bio_PKCS8PrivateKey(key_text.get(), &key, nullptr, nullptr, 0, nullptr,
                                          nullptr) == 1,
        "write the certificate");
  return {.certificate = text_in(certificate_text), .key = text_in(key_text)};
}

void check_validity(days validity, days max, std::string_view whose, std::string_view why) {
  if (validity < days(1)) refuse("a certificate is valid for at least one day");
  if (validity > max) {
    refuse(std::string(whose) + " is valid for at most " + std::to_string(max.count()) +
           " days, not " + std::to_string(validity.count()) + std::string(why));
  }
}

std::vector<AlternativeName> checked_names(const CertificateRequest& request) {
  if (request.names.empty() && !request.client) {
    refuse("a server's certificate needs at least one name: a host name or an IP address");
  }
  if (request.names.size() > names_max) {
    refuse("a certificate has at most " + std::to_string(names_max) + " names here");
  }
  std::vector<AlternativeName> names;
  names.reserve(request.names.size());
  for (const std::string& text : request.names) {
    auto name = parse_alternative_name(text);
    if (!name) refuse(name.error());
    const bool known = std::ranges::any_of(
        names, [&name](const AlternativeName& other) { return other.text == name->text; });
    if (!known) names.push_back(*std::move(name));
  }
  return names;
}

/// Empty when none of the names fits; then only the alternative names say whose it is.
std::string chosen_common_name(const CertificateRequest& request,
                               const std::vector<AlternativeName>& names) {
  if (!request.common_name.empty()) {
    check_common_name(request.common_name);
    return request.common_name;
  }
  if (names.empty()) refuse("a client's certificate needs a common name, or another name");
  return names.front().text.size() <= common_name_characters_max ? names.front().text : "";
}

struct Authority {
  X509Pointer certificate;
  KeyPointer key;
};

Authority read_authority(const IssuedCertificate& texts, days validity) {
  Authority authority{.certificate = read_certificate(texts.certificate), .key = nullptr};
  const BioPointer buffer = reading(texts.key);
  authority.key.reset(PEM_read_bio_PrivateKey(buffer.get(), nullptr, no_passphrase, nullptr));
  if (!authority.key) {
    refuse("the authority's key can't be read: it is no private key as PEM, or it is encrypted");
  }
  X509& certificate = *authority.certificate;
  if (X509_check_private_key(&certificate, authority.key.get()) != 1) {
    refuse("the authority's key does not belong to its certificate");
  }
  if (X509_check_ca(&certificate) != 1) {
    refuse(
        "what is given as authority is the certificate of a host or client: only that of an "
        "authority (CA:TRUE) may sign others");
  }
  if (X509_cmp_current_time(X509_get0_notBefore(&certificate)) > 0) {
    refuse("the authority's certificate is not yet valid: look at this machine's clock");
  }
  int days_left = 0;
  int seconds_left = 0;
  check(ASN1_TIME_diff(&days_left, &seconds_left, nullptr, X509_get0_notAfter(&certificate)) == 1,
        "compare times");
  if (days_left < 0 || seconds_left < 0) {
    refuse("the authority's certificate has expired: make a new authority");
  }
  if (validity.count() > days_left + 1) {
    refuse(
        "the authority's certificate ends in " + std::to_string(days_left) +
        " days, and what it signs may not be valid for longer: ask for fewer days, or make a new "
        "authority");
  }
  return authority;
}

/// Nothing that an authority has signed may outlive it, not by the part of a day by which a time in
/// whole days may be longer than what it has left.
void end_before(X509& certificate, const X509& authority) {
  const ASN1_TIME* const end = X509_get0_notAfter(&authority);
  if (ASN1_TIME_compare(X509_get0_notAfter(&certificate), end) <= 0) return;
  check(X509_set1_notAfter(&certificate, end) == 1, "set the time of validity");
}

/// Signed by `authority`; by itself when there is none.
IssuedCertificate make(const CertificateRequest& request,
                       const IssuedCertificate* authority_texts) {
  const std::vector<AlternativeName> names = checked_names(request);
  const std::string common_name = chosen_common_name(request, names);
  if (request.client) {
    check_validity(request.validity, client_validity_max, "a client's certificate", "");
  } else {
    check_validity(request.validity, server_validity_max, "a server's certificate",
                   ": browsers refuse more");
  }
  Authority authority;
  if (authority_texts != nullptr) authority = read_authority(*authority_texts, request.validity);

  const KeyPointer key = make_key(request.key);
  const X509Pointer certificate = begin_certificate(*key, request.validity);
  if (authority.certificate) end_before(*certificate, *authority.certificate);
  if (!common_name.empty()) set_subject(*certificate, common_name);
  X509& issuer = authority.certificate ? *authority.certificate : *certificate;
  check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(&issuer)) == 1,
        "name the issuer");

  // TLS 1.2 has suites in which the client encrypts for an RSA key; nobody should use them, and
  // some clients still want the permission (RFC 5280 section 4.2.1.3).
  const bool encipherment = request.key == KeyKind::rsa_2048 && !request.client;
  add_extension(*certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(
      *certificate, issuer, NID_key_usage,
      encipherment ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature");
  add_extension(*certificate, issuer, NID_ext_key_usage,
                request.client ? "clientAuth" : "serverAuth");
  add_extension(*certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(*certificate, issuer, NID_authority_key_identifier, "keyid:always");
  add_alternative_names(*certificate, names);
  return finish(*certificate, *key, authority.key ? *authority.key : *key);
}

}  // namespace

IssuedCertificate make_authority(const std::string& common_name, days validity, KeyKind kind) {
  check_common_name(common_name);
  check_validity(validity, authority_validity_max, "an authority", "");
  const KeyPointer key = make_key(kind);
  const X509Pointer certificate = begin_certificate(*key, validity);
  set_subject(*certificate, common_name);
  check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1,
        "name the issuer");
  add_extension(*certificate, *certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(*certificate, *certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(*certificate, *certificate, NID_subject_key_identifier, "hash");
  add_extension(*certificate, *certificate, NID_authority_key_identifier, "keyid:always");
  return finish(*certificate, *key, *key);
}

IssuedCertificate issue(const IssuedCertificate& authority, const CertificateRequest& request) {
  return make(request, &authority);
}

IssuedCertificate make_self_signed(const CertificateRequest& request) {
  return make(request, nullptr);
}

Certificate describe(const std::string& pem) {
  return describe_x509(*read_certificate(pem));
}

}  // namespace duplex::tls
