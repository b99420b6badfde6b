#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "tls/openssl.hpp"
#include <duplex/tls/authority.hpp>

namespace duplex::tls {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_seconds;
using std::chrono::system_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What OpenSSL, which did not write our checks, makes of our texts.

X509Pointer parsed(const std::string& pem) {
  const BioPointer text = reader_of(pem);
  return X509Pointer(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

KeyPointer parsed_key(const std::string& pem) {
  const BioPointer text = reader_of(pem);
  return KeyPointer(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
}

/// What a verifier that trusts `root` alone, and takes RFC 5280 by its word, says of `leaf`.
std::string verified(const std::string& leaf, const std::string& root, int purpose,
                     const char* host = nullptr, const char* address = nullptr) {
  const StorePointer store(X509_STORE_new());
  const X509Pointer trusted = parsed(root);
  const X509Pointer shown = parsed(leaf);
  X509_STORE_add_cert(store.get(), trusted.get());
  const StoreContextPointer context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), shown.get(), nullptr);
  X509_VERIFY_PARAM* const how = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_purpose(how, purpose);
  if (host != nullptr) X509_VERIFY_PARAM_set1_host(how, host, 0);
  if (address != nullptr) X509_VERIFY_PARAM_set1_ip_asc(how, address);
  X509_verify_cert(context.get());
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

std::string server_verified(const IssuedCertificate& leaf, const IssuedCertificate& root,
                            const char* host = nullptr, const char* address = nullptr) {
  return verified(leaf.certificate, root.certificate, X509_PURPOSE_SSL_SERVER, host, address);
}

/// What the user is told; empty when nothing is wrong.
template <class Call>
std::string complaint(Call call) {
  try {
    call();
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

class AuthorityTest : public testing::TestWithParam<KeyKind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, AuthorityTest,
                         testing::Values(KeyKind::ecdsa_p256, KeyKind::rsa_2048));

TEST_P(AuthorityTest, SignsWhatAStrictVerifierTakes) {
  const IssuedCertificate root = make_authority("Test authority", days(3650), GetParam());
  const IssuedCertificate leaf = issue(
      root, {.names = {"localhost", "*.example.test", "127.0.0.1", "::1"}, .key = GetParam()});
  EXPECT_EQ(server_verified(leaf, root), "ok");
  EXPECT_EQ(server_verified(leaf, root, "localhost"), "ok");
  EXPECT_EQ(server_verified(leaf, root, "www.example.test"), "ok");
  EXPECT_EQ(server_verified(leaf, root, nullptr, "127.0.0.1"), "ok");
  EXPECT_EQ(server_verified(leaf, root, nullptr, "::1"), "ok");
  EXPECT_THAT(server_verified(leaf, root, "a.b.example.test"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(server_verified(leaf, root, nullptr, "127.0.0.2"), HasSubstr("IP address mismatch"));
}

TEST_P(AuthorityTest, GivesEachCertificateItsOwnKeyAsPkcs8) {
  const IssuedCertificate root = make_authority("Test authority", days(30), GetParam());
  const IssuedCertificate leaf =
      issue(root, {.names = {"localhost"}, .key = GetParam(), .validity = days(7)});
  for (const IssuedCertificate& issued : {root, leaf}) {
    EXPECT_TRUE(issued.key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto key = parsed_key(issued.key);
    ASSERT_TRUE(key);
    EXPECT_EQ(X509_check_private_key(parsed(issued.certificate).get(), key.get()), 1);
    EXPECT_EQ(EVP_PKEY_get_bits(key.get()), GetParam() == KeyKind::rsa_2048 ? 2048 : 256);
  }
  EXPECT_NE(root.key, leaf.key);
}

TEST_P(AuthorityTest, MakesSelfSignedCertificatesThatVouchForThemselvesOnly) {
  const IssuedCertificate self =
      make_self_signed({.names = {"localhost", "::1"}, .key = GetParam()});
  EXPECT_EQ(server_verified(self, self, "localhost"), "ok");
  EXPECT_EQ(server_verified(self, self, nullptr, "::1"), "ok");
  EXPECT_EQ(X509_check_ca(parsed(self.certificate).get()), 0);
  const IssuedCertificate other = make_self_signed({.names = {"localhost"}});
  EXPECT_NE(server_verified(self, other), "ok");
}

TEST(Authority, MayNotMakeFurtherAuthorities) {
  const IssuedCertificate root = make_authority("Test authority");
  const X509Pointer certificate = parsed(root.certificate);
  EXPECT_EQ(X509_check_ca(certificate.get()), 1);
  EXPECT_EQ(X509_get_pathlen(certificate.get()), 0);
  EXPECT_EQ(X509_get_key_usage(certificate.get()),
            static_cast<unsigned>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  const IssuedCertificate leaf = issue(root, {.names = {"localhost"}});
  EXPECT_THAT(complaint([&] { issue(leaf, {.names = {"localhost"}}); }),
              HasSubstr("only that of an authority"));
}

TEST(Authority, SaysWhatEachCertificateIsFor) {
  const IssuedCertificate root = make_authority("Test authority");
  const IssuedCertificate server = issue(root, {.names = {"localhost"}});
  const IssuedCertificate client = issue(root, {.common_name = "device 7", .client = true});
  const auto purpose = [&root](const IssuedCertificate& leaf, int wanted) {
    return verified(leaf.certificate, root.certificate, wanted);
  };
  EXPECT_EQ(purpose(server, X509_PURPOSE_SSL_SERVER), "ok");
  EXPECT_NE(purpose(server, X509_PURPOSE_SSL_CLIENT), "ok");
  EXPECT_EQ(purpose(client, X509_PURPOSE_SSL_CLIENT), "ok");
  EXPECT_NE(purpose(client, X509_PURPOSE_SSL_SERVER), "ok");
  EXPECT_EQ(describe(client.certificate).subject, "CN=device 7");
  EXPECT_THAT(describe(client.certificate).dns_names, IsEmpty());
}

TEST(Authority, IsNotTrustedForAnother) {
  const IssuedCertificate root = make_authority("Test authority");
  const IssuedCertificate namesake = make_authority("Test authority");
  EXPECT_NE(server_verified(issue(root, {.names = {"localhost"}}), namesake), "ok");
}

TEST(Authority, LetsClocksBeAnHourBehind) {
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock::now());
  const Certificate leaf =
      describe(make_self_signed({.names = {"localhost"}, .validity = days(398)}).certificate);
  EXPECT_LE(leaf.not_before, now - hours(1) + std::chrono::minutes(1));
  EXPECT_GE(leaf.not_before, now - hours(1));
  // Both ends count.
  EXPECT_EQ(leaf.not_after - leaf.not_before + std::chrono::seconds(1), days(398));
}

TEST(Authority, GivesEachCertificateANumberOf128Bits) {
  const IssuedCertificate root = make_authority("Test authority");
  std::set<std::string> serials{describe(root.certificate).serial};
  for (int i = 0; i < 20; ++i) {
    const std::string pem = issue(root, {.names = {"localhost"}}).certificate;
    const X509Pointer leaf = parsed(pem);
    const std::unique_ptr<BIGNUM, FreedBy<BN_free>> number(
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.get()), nullptr));
    EXPECT_EQ(BN_num_bits(number.get()), 128);
    EXPECT_EQ(BN_is_negative(number.get()), 0);
    EXPECT_TRUE(serials.insert(describe(pem).serial).second);
  }
}

TEST(Authority, DescribesWhatItMade) {
  const IssuedCertificate root = make_authority("Test authority");
  const Certificate leaf = describe(
      issue(root, {.names = {"Localhost", "*.example.test", "127.0.0.1", "localhost", "::1"}})
          .certificate);
  EXPECT_EQ(leaf.subject, "CN=localhost");
  EXPECT_EQ(leaf.issuer, "CN=Test authority");
  EXPECT_THAT(leaf.dns_names, ElementsAre("localhost", "*.example.test"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(leaf.fingerprint.size(), 32U * 3 - 1);
  EXPECT_EQ(describe(root.certificate).subject, "CN=Test authority");
}

TEST(Authority, NamesNobodyWhenTheNameIsTooLongForASubject) {
  const std::string name = std::string(63, 'a') + ".example";
  const IssuedCertificate root = make_authority("Test authority");
  const IssuedCertificate leaf = issue(root, {.names = {name}});
  EXPECT_EQ(describe(leaf.certificate).subject, "");
  EXPECT_EQ(server_verified(leaf, root, name.c_str()), "ok");
  int critical = 0;
  const GeneralNamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(parsed(leaf.certificate).get(), NID_subject_alt_name, &critical, nullptr)));
  EXPECT_EQ(critical, 1);
}

TEST(Authority, RefusesWhatCanNotBeInACertificate) {
  const IssuedCertificate root = make_authority("Test authority");
  const struct {
    CertificateRequest request;
    std::string_view sentence;
  } cases[] = {
      {{}, "needs at least one name"},
      {{.names = {""}}, "can't be empty"},
      {{.names = {"localhost", "a b"}}, "\"a b\" can't be a certificate's name"},
      {{.names = std::vector<std::string>(201, "localhost")}, "at most 200 names"},
      {{.names = {"localhost"}, .common_name = std::string(65, 'x')}, "more than 64 characters"},
      {{.names = {"localhost"}, .common_name = "  "}, "not blank"},
      {{.names = {"localhost"}, .common_name = "a\nb"}, "control character"},
      {{.names = {"localhost"}, .common_name = "\xFF"}, "not UTF-8"},
      {{.names = {"localhost"}, .validity = days(399)}, "at most 398 days, not 399: browsers"},
      {{.names = {"localhost"}, .validity = days(0)}, "at least one day"},
      {{.names = {"localhost"}, .validity = days(-1)}, "at least one day"},
      {{.client = true}, "needs a common name"},
      {{.common_name = "device", .validity = days(3651), .client = true}, "at most 3650 days"},
  };
  for (const auto& [request, sentence] : cases) {
    EXPECT_THAT(complaint([&] { issue(root, request); }), HasSubstr(sentence));
    EXPECT_THAT(complaint([&] { make_self_signed(request); }), HasSubstr(sentence));
  }
  EXPECT_EQ(complaint([&] {
              issue(root,
                    {.common_name = "Ünïcödé, Inc. + =", .validity = days(3000), .client = true});
            }),
            "");
  EXPECT_THAT(complaint([] { make_authority(""); }), HasSubstr("not blank"));
  EXPECT_THAT(complaint([] { make_authority("x", days(20'000)); }), HasSubstr("at most 9131 days"));
}

TEST(Authority, SaysWhatIsWrongWithAnAuthority) {
  const IssuedCertificate root = make_authority("Test authority");
  const IssuedCertificate other = make_authority("Another");
  const IssuedCertificate brief = make_authority("Ends soon", days(10));
  const struct {
    IssuedCertificate authority;
    std::string_view sentence;
  } cases[] = {
      {{"", root.key}, "no certificate in the PEM text"},
      {{"nonsense", root.key}, "no certificate in the PEM text"},
      {{root.certificate.substr(0, 200), root.key}, "no certificate in the PEM text"},
      {{root.certificate, ""}, "key can't be read"},
      {{root.certificate, root.certificate}, "key can't be read"},
      {{root.certificate, other.key}, "does not belong"},
      {brief, "ends in 9 days"},
  };
  for (const auto& [authority, sentence] : cases) {
    EXPECT_THAT(complaint([&] { issue(authority, {.names = {"localhost"}}); }),
                HasSubstr(sentence));
  }
  EXPECT_EQ(complaint([&] { issue(brief, {.names = {"localhost"}, .validity = days(10)}); }), "");
}

TEST(Authority, SignsNothingThatOutlivesIt) {
  IssuedCertificate root = make_authority("Ends soon", days(10));
  const X509Pointer certificate = parsed(root.certificate);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600L * (9 * 24 + 2));
  X509_sign(certificate.get(), parsed_key(root.key).get(), EVP_sha256());
  const BioPointer out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate.get());
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  root.certificate.assign(text, static_cast<std::size_t>(length));

  const auto end_of = [&](days validity) {
    const auto leaf = issue(root, {.names = {"localhost"}, .validity = validity});
    return describe(leaf.certificate).not_after;
  };
  const auto end = describe(root.certificate).not_after;
  EXPECT_EQ(end_of(days(10)), end);
  EXPECT_LT(end_of(days(9)), end);
  EXPECT_THAT(complaint([&] { end_of(days(11)); }), HasSubstr("ends in 9 days"));
}

TEST(Authority, DescribesNothingThatIsNoCertificate) {
  const IssuedCertificate root = make_authority("Test authority");
  for (const std::string& text : {std::string(), std::string("nonsense"), root.key}) {
    EXPECT_THAT(complaint([&] { describe(text); }), HasSubstr("no certificate"));
  }
  EXPECT_EQ(describe("before\n" + root.certificate + "behind").subject, "CN=Test authority");
}

}  // namespace
}  // namespace duplex::tls
