#include "tls/loaded_credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tls/certificates_support.hpp"
#include "tls/unusable.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

LoadedCredential load(const Credential& credential) {
  return load_credential(
      credential, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::string refusal(const Credential& credential) {
  try {
    load(credential);
    return "(none)";
  } catch (const Unusable& problem) {
    return problem.what();
  }
}

/// No root of the system is to be found, but those that a test puts there.
class ALoadedCredential : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("SSL_CERT_FILE", folder_.path("roots.pem").c_str(), 1);
    setenv("SSL_CERT_DIR", folder_.path("roots").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
  }

  std::string file(const std::string& name, std::string_view content) const {
    return folder_.file(name, content);
  }
  std::string path(const std::string& name) const { return folder_.path(name); }

  ScratchFolder folder_;
  Issued good_ = issue_by({});
};

TEST_F(ALoadedCredential, IsReadFromTwoFiles) {
  const auto loaded =
      load({.certificate = file("cert.pem", good_.pem()), .key = file("key.pem", good_.key_pem())});
  EXPECT_EQ(loaded.name, path("cert.pem"));
  EXPECT_EQ(loaded.key_type, KeyType::ecdsa);
  EXPECT_THAT(loaded.host_names, ElementsAre("example.test"));
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.description.subject, "CN=example.test");
}

TEST_F(ALoadedCredential, IsReadFromOneFileInAnyOrder) {
  EXPECT_EQ(refusal({.certificate = file("both.pem", good_.pem() + good_.key_pem())}), "(none)");
  EXPECT_EQ(refusal({.certificate = file("both.pem", good_.key_pem() + good_.pem())}), "(none)");
  EXPECT_EQ(refusal({.certificate = file("both.pem", good_.key_pem("secret") + good_.pem()),
                     .passphrase_file = file("pass", "secret\n")}),
            "(none)");
}

TEST_F(ALoadedCredential, IsReadFromTexts) {
  EXPECT_EQ(refusal(good_.credential()), "(none)");
  EXPECT_EQ(refusal({.certificate = " \n\t" + good_.pem(), .key = "\r\n" + good_.key_pem()}),
            "(none)");
  EXPECT_EQ(refusal({.certificate = good_.pem() + good_.key_pem()}), "(none)");
  EXPECT_THAT(refusal({.certificate = good_.pem(), .key = issue_by({}).key_pem()}),
              StartsWith("the key in the text that is given as key does not match the certificate "
                         "in the text that is given as certificate: "));
}

TEST_F(ALoadedCredential, KnowsEveryTypeOfKey) {
  struct Case {
    TestKey key;
    KeyType type;
    const char* name;
  };
  for (const Case& each :
       {Case{TestKey::p256, KeyType::ecdsa, "ECDSA"}, Case{TestKey::p384, KeyType::ecdsa, "ECDSA"},
        Case{TestKey::rsa_2048, KeyType::rsa, "RSA"},
        Case{TestKey::rsa_pss, KeyType::rsa_pss, "RSA-PSS"},
        Case{TestKey::ed25519, KeyType::ed25519, "Ed25519"}}) {
    const auto loaded = load(issue_by({.key = each.key}).credential());
    EXPECT_EQ(loaded.key_type, each.type);
    EXPECT_STREQ(name_of(loaded.key_type), each.name);
  }
}

TEST_F(ALoadedCredential, IsOpenedByThePassphrasesFirstLine) {
  const std::string certificate = file("cert.pem", good_.pem());
  const std::string key = file("key.pem", good_.key_pem("open sesame"));
  for (const char* content : {"open sesame", "open sesame\n", "open sesame\r\nsecond line\n"}) {
    EXPECT_EQ(
        refusal({.certificate = certificate, .key = key, .passphrase_file = file("pass", content)}),
        "(none)");
  }
  EXPECT_EQ(refusal({.certificate = certificate, .key = key, .passphrase_file = file("pass", "x")}),
            "the passphrase in " + path("pass") + " does not open the key in " + key);
  EXPECT_EQ(refusal({.certificate = certificate, .key = key}),
            "the key in " + key +
                " is encrypted: name a file with its passphrase, or give a key without one");
  EXPECT_EQ(refusal({.certificate = certificate, .key = key, .passphrase_file = path("none")}),
            "can't read " + path("none") + ": No such file or directory");
  EXPECT_EQ(
      refusal({.certificate = certificate, .key = key, .passphrase_file = file("pass", "\n")}),
      "the passphrase file " + path("pass") +
          " begins with an empty line: put the passphrase in its first line");
}

TEST_F(ALoadedCredential, NamesTheFileThatCannotBeRead) {
  EXPECT_EQ(refusal({.certificate = path("none.pem")}),
            "can't read " + path("none.pem") + ": No such file or directory");
  EXPECT_EQ(refusal({.certificate = path("")}), "can't read " + path("") + ": Is a directory");
  EXPECT_EQ(refusal({.certificate = file("cert.pem", good_.pem()), .key = path("none.key")}),
            "can't read " + path("none.key") + ": No such file or directory");
  EXPECT_THAT(refusal({.certificate = "/dev/zero"}), StartsWith("/dev/zero is larger than 4 MiB"));
}

TEST_F(ALoadedCredential, SaysWhatIsMissingInAFile) {
  const std::string certificate = file("cert.pem", good_.pem());
  const std::string key = file("key.pem", good_.key_pem());
  EXPECT_THAT(refusal({.certificate = key, .key = key}),
              StartsWith("no certificate in " + key + ": "));
  EXPECT_THAT(refusal({.certificate = file("empty.pem", "")}),
              StartsWith("no certificate in " + path("empty.pem") + ": "));
  EXPECT_THAT(refusal({.certificate = certificate, .key = certificate}),
              StartsWith("no private key in " + certificate + ": "));
  EXPECT_EQ(refusal({.certificate = certificate}),
            "no private key in " + certificate +
                ", and none is given beside it: name the file that holds it");
  EXPECT_THAT(refusal({.certificate = {}, .key = key}),
              StartsWith("a key is given without a certificate"));
}

TEST_F(ALoadedCredential, SaysWhatIsDamaged) {
  std::string certificate = good_.pem();
  certificate.replace(100, 4, "!!!!");
  EXPECT_THAT(refusal({.certificate = file("cert.pem", good_.pem() + certificate)}),
              AllOf(StartsWith("certificate 2 in " + path("cert.pem") + " can't be read ("),
                    EndsWith("): it is damaged")));
  certificate = good_.pem();
  certificate.insert(certificate.find('\n') + 1, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," +
                                                     std::string(32, '0') + "\n\n");
  EXPECT_THAT(refusal({.certificate = file("cert.pem", certificate)}),
              StartsWith("certificate 1 in " + path("cert.pem") + " can't be read ("));
  std::string key = good_.key_pem();
  key.replace(60, 4, "AAAA");
  EXPECT_THAT(refusal({.certificate = file("cert.pem", good_.pem()), .key = file("key.pem", key)}),
              StartsWith("the key in " + path("key.pem") + " can't be read ("));
  EXPECT_EQ(refusal({.certificate = file("cert.der", "0rubbish")}),
            path("cert.der") + " is neither PEM nor PKCS#12: convert it to PEM");
}

TEST_F(ALoadedCredential, SaysThatTheKeyDoesNotMatch) {
  const Issued other = issue_by({});
  const std::string certificate = file("cert.pem", good_.pem());
  const std::string key = file("key.pem", other.key_pem());
  EXPECT_EQ(refusal({.certificate = certificate, .key = key}),
            "the key in " + key + " does not match the certificate in " + certificate +
                ": give the key that it was issued for");
  EXPECT_THAT(refusal({.certificate = file("cert.pem", good_.pem() + other.pem()), .key = key}),
              StartsWith("the key in " + key + " belongs to certificate 2 in " + certificate +
                         ": put the server's own certificate first"));
  // Of another kind.
  EXPECT_THAT(refusal({.certificate = certificate,
                       .key = file("key.pem", issue_by({.key = TestKey::rsa_2048}).key_pem())}),
              HasSubstr(" does not match the certificate in "));
}

TEST_F(ALoadedCredential, HoldsItsDatesAgainstTheClock) {
  using std::chrono::days;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const Issued expired = issue_by({.begins_in = -days(10), .ends_in = -days(1)});
  const std::string certificate = file("cert.pem", expired.pem());
  const auto when = [](const Issued& issued, bool end) {
    return time_text(seconds_of(end ? *X509_get0_notAfter(issued.certificate.get())
                                    : *X509_get0_notBefore(issued.certificate.get())));
  };
  EXPECT_EQ(
      refusal({.certificate = certificate, .key = file("key.pem", expired.key_pem())}),
      "the certificate in " + certificate + " expired at " + when(expired, true) + ": renew it");

  const Issued early = issue_by({.begins_in = days(1), .ends_in = days(10)});
  EXPECT_EQ(refusal({.certificate = file("cert.pem", early.pem()),
                     .key = file("key.pem", early.key_pem())}),
            "the certificate in " + certificate + " is not valid before " + when(early, false) +
                ": wait, or put this machine's clock right");

  // To the second.
  const Credential credential = good_.credential();
  const auto& description = load(credential).description;
  EXPECT_NO_THROW(load_credential(credential, description.not_before));
  EXPECT_THROW(load_credential(credential, description.not_before - std::chrono::seconds(1)),
               Unusable);
  EXPECT_NO_THROW(load_credential(credential, description.not_after));
  EXPECT_THROW(load_credential(credential, description.not_after + std::chrono::seconds(1)),
               Unusable);
  EXPECT_THAT(load_credential(credential, now).warnings, IsEmpty());
  EXPECT_THAT(load_credential(credential, description.not_after - days(14)).warnings, IsEmpty());
  EXPECT_THAT(load_credential(credential, description.not_after - days(13)).warnings,
              ElementsAre("the certificate in the text that is given as certificate expires at " +
                          when(good_, true) + ": renew it"));
}

TEST_F(ALoadedCredential, RefusesKeysThatNoClientAccepts) {
  const Issued root = authority("Root");
  const auto refusal_of = [&](TestKey key) {
    const Issued issued = issue_by({.key = key, .issuer = &root});
    return refusal(
        {.certificate = issued.pem() + root.pem(), .key = file("key.pem", issued.key_pem())});
  };
  EXPECT_EQ(refusal_of(TestKey::rsa_1024),
            "the RSA key in " + path("key.pem") +
                " has 1024 bits, which is too small: make one of 2048 or more, or an ECDSA key");
  EXPECT_EQ(refusal_of(TestKey::secp256k1),
            "the key in " + path("key.pem") +
                " is on the curve secp256k1, which clients don't accept: make one on P-256 "
                "(prime256v1)");
  EXPECT_EQ(refusal_of(TestKey::x25519),
            "the key in " + path("key.pem") +
                " is of a kind that TLS has no use for: make an ECDSA or RSA key");
}

TEST_F(ALoadedCredential, RefusesWhatIsNotForServers) {
  const std::string certificate = path("cert.pem");
  const auto refusal_of = [&](const std::string& usage) {
    const Issued issued = issue_by({.extended_key_usage = usage});
    return refusal({.certificate = file("cert.pem", issued.pem()), .key = issued.key_pem()});
  };
  EXPECT_EQ(refusal_of("clientAuth"),
            "the certificate in " + certificate +
                " is not for servers: get one with the extended key usage serverAuth");
  EXPECT_EQ(refusal_of("clientAuth,serverAuth"), "(none)");
  EXPECT_EQ(refusal_of("anyExtendedKeyUsage"), "(none)");
}

TEST_F(ALoadedCredential, RefusesSignaturesThatCanBeForged) {
  const Issued root = authority("Root");
  const Issued issued = issue_by({.issuer = &root, .digest = EVP_sha1()});
  EXPECT_EQ(refusal({.certificate = file("cert.pem", issued.pem() + root.pem()),
                     .key = issued.key_pem()}),
            "the certificate in " + path("cert.pem") +
                " is signed with SHA1, which clients refuse: get one that is signed with SHA-256");
}

TEST_F(ALoadedCredential, WarnsOfWhatManyClientsRefuse) {
  const auto warnings_of = [&](const Recipe& recipe) {
    const Issued issued = issue_by(recipe);
    return load({.certificate = file("cert.pem", issued.pem()), .key = issued.key_pem()}).warnings;
  };
  EXPECT_THAT(
      warnings_of({.authority = true}),
      ElementsAre(StartsWith("the certificate in " + path("cert.pem") + " is an authority's: ")));
  EXPECT_THAT(warnings_of({.key_usage = "keyEncipherment"}),
              ElementsAre(HasSubstr(" is not for signing: ")));
  EXPECT_THAT(warnings_of({.alternative_names = {}}),
              ElementsAre(HasSubstr(" names no host in its subject alternative names: ")));
  EXPECT_THAT(warnings_of({.alternative_names = "IP:127.0.0.1"}), IsEmpty());
}

TEST_F(ALoadedCredential, WarnsOfAnIncompleteChain) {
  const Issued root = authority("Far Root");
  const Issued middle = authority("Middle", &root);
  const Issued leaf = issue_by({.issuer = &middle});
  const auto warnings_of = [&](const std::string& chain) {
    return load({.certificate = file("cert.pem", chain), .key = leaf.key_pem()}).warnings;
  };
  EXPECT_THAT(warnings_of(leaf.pem()),
              ElementsAre("chain incomplete: " + path("cert.pem") +
                          " holds no certificate of the issuer, \"CN=Middle\", which is no root "
                          "of this system either: append it, unless clients know it"));
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem()),
              ElementsAre(AllOf(StartsWith("chain incomplete: "), HasSubstr("\"CN=Far Root\""))));
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem() + root.pem()), IsEmpty());

  file("roots.pem", root.pem());
  EXPECT_THAT(warnings_of(leaf.pem()), ElementsAre(HasSubstr("\"CN=Middle\"")));
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem()), IsEmpty());
  file("roots.pem", middle.pem());
  EXPECT_THAT(warnings_of(leaf.pem()), IsEmpty());
}

TEST_F(ALoadedCredential, WarnsOfAChainThatBreaksOffFurtherOn) {
  const Issued root = authority("Far Root");
  const Issued upper = authority("Upper", &root);
  const Issued middle = authority("Middle", &upper);
  const Issued leaf = issue_by({.issuer = &middle});
  file("roots.pem", root.pem());
  const auto warnings_of = [&](const std::string& chain) {
    return load({.certificate = file("cert.pem", chain), .key = leaf.key_pem()}).warnings;
  };
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem()),
              ElementsAre(AllOf(StartsWith("chain incomplete: "), HasSubstr("\"CN=Upper\""))));
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem() + upper.pem()), IsEmpty());
}

TEST_F(ALoadedCredential, FollowsAuthoritiesInACircleOnce) {
  const Issued one = authority("One");
  const Issued other = authority("Other", &one);
  const auto issued_by_other = [&] {
    Issued again{.certificate = X509Pointer(X509_dup(one.certificate.get())), .key = nullptr};
    X509_set_issuer_name(again.certificate.get(), X509_get_subject_name(other.certificate.get()));
    X509_sign(again.certificate.get(), other.key.get(), EVP_sha256());
    return again.pem();
  };
  const Issued leaf = issue_by({.issuer = &other});
  const std::string chain = leaf.pem() + other.pem() + issued_by_other();
  EXPECT_THAT(load({.certificate = file("cert.pem", chain), .key = leaf.key_pem()}).warnings,
              ElementsAre(StartsWith("chain incomplete: ")));
}

TEST_F(ALoadedCredential, WarnsOfAChainThatDoesNotLeadOn) {
  const Issued root = authority("Root");
  const Issued middle = authority("Middle", &root);
  const Issued leaf = issue_by({.issuer = &middle});
  const auto warnings_of = [&](const std::string& chain) {
    return load({.certificate = file("cert.pem", chain), .key = leaf.key_pem()}).warnings;
  };
  EXPECT_THAT(warnings_of(leaf.pem() + root.pem() + middle.pem()),
              ElementsAre(StartsWith("certificate 2 in " + path("cert.pem") +
                                     ", \"CN=Root\", has not issued the one before it: ")));
  EXPECT_THAT(warnings_of(leaf.pem() + middle.pem() + good_.pem()),
              ElementsAre(StartsWith("certificate 3 in " + path("cert.pem") +
                                     ", \"CN=example.test\", has not issued"),
                          StartsWith("chain incomplete: ")));
  EXPECT_THAT(warnings_of(leaf.pem() + root.pem()),
              ElementsAre(StartsWith("certificate 2"), StartsWith("chain incomplete: ")));
}

TEST_F(ALoadedCredential, WarnsOfAnIssuerThatHasExpired) {
  const Issued root = issue_by({.common_name = "Root",
                                .alternative_names = {},
                                .begins_in = -std::chrono::days(9),
                                .ends_in = -std::chrono::days(1),
                                .authority = true});
  const Issued leaf = issue_by({.issuer = &root});
  EXPECT_THAT(load({.certificate = leaf.pem() + root.pem(), .key = leaf.key_pem()}).warnings,
              ElementsAre(HasSubstr(", \"CN=Root\", expired at ")));
}

TEST_F(ALoadedCredential, IsForItsAlternativeNamesOrElseItsCommonName) {
  const auto names_of = [](const Recipe& recipe) {
    return load(issue_by(recipe).credential()).host_names;
  };
  EXPECT_THAT(names_of({.common_name = "other.test",
                        .alternative_names = "DNS:a.test,DNS:*.b.test,IP:10.0.0.1"}),
              ElementsAre("a.test", "*.b.test"));
  EXPECT_THAT(names_of({.common_name = "only.test", .alternative_names = {}}),
              ElementsAre("only.test"));
  EXPECT_THAT(names_of({.common_name = "only.test", .alternative_names = "IP:10.0.0.1"}),
              IsEmpty());
  EXPECT_THAT(names_of({.common_name = {}, .alternative_names = {}}), IsEmpty());
}

TEST_F(ALoadedCredential, IsReadFromPkcs12WithItsChainInOrder) {
  const Issued root = authority("Root");
  const Issued upper = authority("Upper", &root);
  const Issued lower = authority("Lower", &upper);
  const Issued leaf = issue_by({.issuer = &lower});
  const Credential credential{
      .certificate = file("all.p12", pkcs12_of(leaf, {&root, &upper, &lower, &good_}, "secret")),
      .passphrase_file = file("pass", "secret\n")};
  const auto loaded = load(credential);
  ASSERT_THAT(loaded.certificates, SizeIs(3));
  EXPECT_EQ(common_name(*loaded.certificates[0]), "example.test");
  EXPECT_EQ(common_name(*loaded.certificates[1]), "Lower");
  EXPECT_EQ(common_name(*loaded.certificates[2]), "Upper");
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_THAT(load({.certificate = file("part.p12", pkcs12_of(leaf, {&upper, &lower}, "secret")),
                    .passphrase_file = path("pass")})
                  .warnings,
              ElementsAre(AllOf(StartsWith("chain incomplete: "), HasSubstr("\"CN=Root\""))));
}

TEST_F(ALoadedCredential, IsReadFromPkcs12WithoutPassphrase) {
  EXPECT_EQ(refusal({.certificate = file("all.p12", pkcs12_of(good_, {}, ""))}), "(none)");
}

TEST_F(ALoadedCredential, SaysWhatIsWrongWithPkcs12) {
  const std::string container = file("all.p12", pkcs12_of(good_, {}, "secret"));
  EXPECT_EQ(refusal({.certificate = container}),
            container + " is encrypted: name a file with its passphrase");
  EXPECT_EQ(refusal({.certificate = container, .passphrase_file = file("pass", "wrong")}),
            "the passphrase in " + path("pass") + " does not open " + container);

  const std::string keyless = file("keyless.p12", pkcs12_of(good_, {}, "secret", false));
  const std::string passphrase = file("pass", "secret");
  EXPECT_EQ(refusal({.certificate = keyless, .passphrase_file = passphrase}),
            "no private key in " + keyless + ": export it together with the certificate");
  EXPECT_EQ(refusal({.certificate = keyless,
                     .key = file("key.pem", good_.key_pem()),
                     .passphrase_file = passphrase}),
            "(none)");
}

}  // namespace
}  // namespace duplex::tls
