#include "tls/public_key_pin.hpp"

#include <gtest/gtest.h>

#include "tests/tls/certificates_support.hpp"
#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// A self-signed certificate on P-256; what it is to be is what these commands say:
//   openssl x509 -pubkey -noout | openssl pkey -pubin -outform der |
//     openssl dgst -sha256 -binary | openssl base64
constexpr const char* certificate = R"(-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUPRxDDYDSQbL3ZOsWm25/D9MzNswwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDcGluMCAXDTI2MTEyNTE2NDA1M1oYDzIxMjYxMTAxMTY0MDUz
WjAOMQwwCgYDVQQDDANwaW4wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQzvT65
ZeJnn0leXSL9oE3m2G4+tC2VYVhB0CSfUTT9n+LtluaSLgWPFShwsINK6MrEAi9a
BsI8Db9gn+q7L4c6o1MwUTAdBgNVHQ4EFgQU3CK+TMvkRF9lVzqAhio1oKgX6bUw
HwYDVR0jBBgwFoAU3CK+TMvkRF9lVzqAhio1oKgX6bUwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAt+8ejkjL2bJqJiaSQjuucJ53N/J4XIcE4RDQ
q/w7R+oCIFCNFrLhxpqN20bCwTG5wuPOQuBAybS0+sVlfdq/DfFo
-----END CERTIFICATE-----
)";
constexpr const char* value = "sha256//k5yJaUXsDBzFg/DMINfMU7we+x1pmkkM0ySGvRGNF1U=";

X509Pointer read(const char* pem) {
  return X509Pointer(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
}

TEST(PublicKeyPin, IsWhatOpensslsProgramSays) {
  EXPECT_EQ(PublicKeyPin::of(*read(certificate)).text(), value);
}

TEST(PublicKeyPin, IsOfTheKeyAndNotOfTheCertificate) {
  const Issued first = issue_by({});
  Issued second = issue_by({.common_name = "other"});
  const PublicKeyPin pin = PublicKeyPin::of(*first.certificate);
  EXPECT_NE(PublicKeyPin::of(*second.certificate), pin);
  X509_set_pubkey(second.certificate.get(), first.key.get());
  EXPECT_EQ(PublicKeyPin::of(*second.certificate), pin);
}

TEST(PublicKeyPin, ReadsBackWhatItWrites) {
  for (const TestKey kind : {TestKey::p256, TestKey::rsa_2048, TestKey::ed25519}) {
    const Issued issued = issue_by({.key = kind});
    const PublicKeyPin pin = PublicKeyPin::of(*issued.certificate);
    EXPECT_EQ(PublicKeyPin::read(pin.text()), pin);
  }
}

TEST(PublicKeyPin, RefusesWhatIsNone) {
  const std::string good = value;
  for (const std::string& text :
       {std::string(), std::string("sha256//"), good.substr(8), "sha1//" + good.substr(8),
        "SHA256//" + good.substr(8), "sha256/" + good.substr(8), good + "=", good + ";" + good,
        good.substr(0, good.size() - 1), " " + good.substr(0, good.size() - 1),
        good.substr(0, good.size() - 2) + "==", std::string(good).replace(20, 1, "*"),
        std::string(good).replace(20, 1, "-"), std::string(good).replace(8, 1, " "),
        // The last character has two bits too many, which have to be zero.
        good.substr(0, good.size() - 2) + "B="}) {
    try {
      PublicKeyPin::read(text);
      ADD_FAILURE() << text;
    } catch (const Unusable& problem) {
      EXPECT_EQ(problem.what(),
                "the pinned key \"" + text +
                    "\" can't be read: write sha256// and 44 characters of Base64, the SHA-256 of "
                    "the server's public key (SubjectPublicKeyInfo)");
    }
  }
}

}  // namespace
}  // namespace duplex::tls
