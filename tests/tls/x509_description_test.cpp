#include "tls/x509_description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tls/certificates_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

Certificate described(const Recipe& recipe) {
  return describe_x509(*issue_by(recipe).certificate);
}

TEST(DescribeX509, TellsAllThatACertificateSays) {
  const Issued root = authority("Root");
  const Issued issued = issue_by({.common_name = "device",
                                  .alternative_names = "DNS:a.test,DNS:*.b.test,IP:192.0.2.1,"
                                                       "IP:2001:db8::1,email:x@a.test,"
                                                       "URI:spiffe://a.test/x,RID:1.2.3.4,"
                                                       "otherName:1.2.3.4;UTF8:other",
                                  .issuer = &root,
                                  .begins_in = -1h,
                                  .ends_in = 1h});
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(issued.certificate.get()), 0x0ABC);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const Certificate certificate = describe_x509(*issued.certificate);
  EXPECT_EQ(certificate.subject, "CN=device");
  EXPECT_EQ(certificate.issuer, "CN=Root");
  EXPECT_EQ(certificate.serial, "ABC");
  EXPECT_THAT(certificate.dns_names, ElementsAre("a.test", "*.b.test"));
  EXPECT_THAT(certificate.ip_addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_THAT(certificate.emails, ElementsAre("x@a.test"));
  EXPECT_THAT(certificate.uris, ElementsAre("spiffe://a.test/x"));
  EXPECT_LE(std::chrono::abs(certificate.not_before - (now - 1h)), 60s);
  EXPECT_EQ(certificate.not_after - certificate.not_before, 2h);
  EXPECT_THAT(certificate.fingerprint, MatchesRegex("[0-9A-F]{2}(:[0-9A-F]{2}){31}"));
}

TEST(DescribeX509, KeepsLettersBeyondAsciiAndEscapesControlCharacters) {
  EXPECT_EQ(described({.common_name = "Käse, \"alt\""}).subject, "CN=Käse\\, \\\"alt\\\"");
  EXPECT_EQ(described({.common_name = "two\nlines"}).subject, "CN=two\\0Alines");
  EXPECT_EQ(described({.common_name = {}}).subject, "");
}

TEST(DescribeX509, WritesSerialsWithoutLeadingZeros) {
  const Issued issued = issue_by({});
  ASN1_INTEGER* serial = X509_get_serialNumber(issued.certificate.get());
  for (const auto& [number, text] : std::map<std::uint64_t, const char*>{
           {0, "0"}, {1, "1"}, {0x10, "10"}, {0xFF, "FF"}, {0x1234567, "1234567"}}) {
    ASN1_INTEGER_set_uint64(serial, number);
    EXPECT_EQ(describe_x509(*issued.certificate).serial, text);
  }
}

TEST(DescribeX509, LeavesOutNamesWithCharactersThatHaveNoPlaceInThem) {
  const Issued issued = issue_by({.alternative_names = {}});
  GeneralNamesPointer names(GENERAL_NAMES_new());
  for (const std::string_view text :
       {std::string_view("good.test\0.evil.test", 20), std::string_view("two words"),
        std::string_view("\xC3\xA4"), std::string_view(""), std::string_view("fine.test")}) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  GENERAL_NAME* short_address = GENERAL_NAME_new();
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_STRING_set(value, "\x01\x02\x03", 3);
  GENERAL_NAME_set0_value(short_address, GEN_IPADD, value);
  sk_GENERAL_NAME_push(names.get(), short_address);
  X509_add1_ext_i2d(issued.certificate.get(), NID_subject_alt_name, names.get(), 0, 0);

  const Certificate certificate = describe_x509(*issued.certificate);
  EXPECT_THAT(certificate.dns_names, ElementsAre("fine.test"));
  EXPECT_THAT(certificate.ip_addresses, IsEmpty());
}

TEST(CommonName, IsAHostOrNothing) {
  const auto name_of = [](const std::string& name) {
    return common_name(*issue_by({.common_name = name}).certificate);
  };
  EXPECT_EQ(name_of("a.test"), "a.test");
  EXPECT_EQ(name_of("two words"), "");
  EXPECT_EQ(name_of(""), "");
}

TEST(TimeText, IsForPeople) {
  using std::chrono::sys_days;
  EXPECT_EQ(time_text(sys_days(2030y / 1 / 31) + 23h + 59min + 8s), "2030-01-31 23:59:08 UTC");
  EXPECT_EQ(time_text(sys_days(1969y / 12 / 31) + 1s), "1969-12-31 00:00:01 UTC");
}

TEST(SecondsOf, ReadsBothFormsAndRefusesWhatIsMalformed) {
  const auto seconds = [](const char* text) {
    ASN1_TIME* time = ASN1_TIME_new();
    ASN1_STRING_set(time, text, -1);
    time->type = std::string_view(text).size() > 13 ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME;
    const auto result = seconds_of(*time);
    ASN1_TIME_free(time);
    return result;
  };
  using std::chrono::sys_days;
  EXPECT_EQ(seconds("300131235908Z"), sys_days(2030y / 1 / 31) + 23h + 59min + 8s);
  EXPECT_EQ(seconds("500131235908Z"), sys_days(1950y / 1 / 31) + 23h + 59min + 8s);
  EXPECT_EQ(seconds("99991231235959Z"), sys_days(9999y / 12 / 31) + 23h + 59min + 59s);
  EXPECT_EQ(seconds("rubbish"), std::chrono::sys_seconds{});
}

}  // namespace
}  // namespace duplex::tls
