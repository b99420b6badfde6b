#include "tls/x509_description.hpp"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <span>
#include <string_view>

#include "tls/openssl.hpp"

namespace duplex::tls {
namespace {

using BnPointer = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;

std::span<const unsigned char> bytes_of(const ASN1_STRING& string) {
  const int length = ASN1_STRING_length(&string);
  return {ASN1_STRING_get0_data(&string), static_cast<std::size_t>(std::max(length, 0))};
}

/// The text, unless it holds anything but printable ASCII without blanks.
std::string plain_text(const ASN1_STRING& string) {
  const auto bytes = bytes_of(string);
  if (!std::ranges::all_of(bytes, [](unsigned char c) { return c > ' ' && c < 0x7F; })) return {};
  return {bytes.begin(), bytes.end()};
}

std::string address_text(const ASN1_STRING& string) {
  const auto bytes = bytes_of(string);
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string serial_text(const X509& certificate) {
  const auto number =
      made(BnPointer(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr)));
  char* digits = BN_bn2hex(number.get());
  if (digits == nullptr) throw std::bad_alloc();
  std::string text = digits;
  OPENSSL_free(digits);
  const std::size_t first = std::min(text.find_first_not_of('0'), text.size() - 1);
  return text.substr(first);
}

std::string fingerprint_text(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) != 1) throw std::bad_alloc();
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const unsigned char byte : std::span(digest).first(length)) {
    if (!text.empty()) text += ':';
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

void add_unless_empty(std::vector<std::string>& texts, std::string text) {
  if (!text.empty()) texts.push_back(std::move(text));
}

void add_alternative_names(Certificate& description, const X509& certificate) {
  const GeneralNamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    // Only of these types is it known that the value is a string.
    if (type == GEN_DNS) {
      add_unless_empty(description.dns_names, plain_text(*static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_EMAIL) {
      add_unless_empty(description.emails, plain_text(*static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_URI) {
      add_unless_empty(description.uris, plain_text(*static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_IPADD) {
      add_unless_empty(description.ip_addresses,
                       address_text(*static_cast<const ASN1_STRING*>(value)));
    }
  }
}

}  // namespace

Certificate describe_x509(const X509& certificate) {
  Certificate description{
      .subject = name_text(*X509_get_subject_name(&certificate)),
      .issuer = name_text(*X509_get_issuer_name(&certificate)),
      .serial = serial_text(certificate),
      .dns_names = {},
      .ip_addresses = {},
      .emails = {},
      .uris = {},
      .not_before = seconds_of(*X509_get0_notBefore(&certificate)),
      .not_after = seconds_of(*X509_get0_notAfter(&certificate)),
      .fingerprint = fingerprint_text(certificate),
  };
  add_alternative_names(description, certificate);
  return description;
}

std::string name_text(const X509_NAME& name) {
  const auto out = made(BioPointer(BIO_new(BIO_s_mem())));
  // RFC 2253's form is RFC 4514's; without the flag, UTF-8 would be printed as \C3\A4.
  X509_NAME_print_ex(out.get(), &name, 0, XN_FLAG_RFC2253 & ~unsigned{ASN1_STRFLGS_ESC_MSB});
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

std::string common_name(const X509& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  int last = -1;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) last = i;
  if (last < 0) return {};
  return plain_text(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

std::chrono::sys_seconds seconds_of(const ASN1_TIME& time) noexcept {
  std::tm parts{};
  if (ASN1_TIME_to_tm(&time, &parts) != 1) return {};
  const std::chrono::sys_days day =
      std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return day + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

std::string time_text(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d UTC", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace duplex::tls
