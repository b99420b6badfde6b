#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/client_support.hpp"
#include "tls/refusal.hpp"
#include "tls/x509_description.hpp"

/// Which certificates of servers a client refuses, and in what words; with each version of TLS.
namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::StartsWith;

using std::chrono::hours;

class ServerCertificates : public ::testing::TestWithParam<int> {
 protected:
  using Meeting = Encounter<OpensslServer>;

  static const Issued& root() {
    static const Issued made = authority("Root");
    return made;
  }
  static Issued server(Recipe recipe) {
    if (recipe.issuer == nullptr) recipe.issuer = &root();
    return issue_by(recipe);
  }
  std::unique_ptr<Meeting> meet(const ClientOptions& options, const std::string& host,
                                const Issued& shown, std::vector<const Issued*> issuers = {}) {
    auto meeting = std::make_unique<Meeting>(
        *client_of(options), workspace_, ClientTarget{.host = host},
        OpensslServer(
            {.certificate = &shown, .issuers = std::move(issuers), .version_max = GetParam()}));
    meeting->shake_hands();
    return meeting;
  }
  /// Meets a server whom the client trusts if `root` has signed it.
  std::unique_ptr<Meeting> meet(const Issued& shown, std::vector<const Issued*> issuers = {},
                                const std::string& host = "example.test") {
    return meet({.ca = root().pem()}, host, shown, std::move(issuers));
  }
  static std::string end_of(const Issued& issued) {
    return time_text(seconds_of(*X509_get0_notAfter(issued.certificate.get())));
  }
  static std::string beginning_of(const Issued& issued) {
    return time_text(seconds_of(*X509_get0_notBefore(issued.certificate.get())));
  }

  static void expect_accepted(Meeting& meeting) {
    EXPECT_FALSE(meeting.client.failure) << meeting.client.failure->sentence;
    EXPECT_TRUE(meeting.talk());
  }
  /// The server is told by `alert`, and nothing of the client's goes out behind it.
  static void expect_refused(Meeting& meeting, TlsError kind, const std::string& sentence,
                             int alert) {
    ASSERT_TRUE(meeting.client.failure) << sentence;
    EXPECT_EQ(meeting.client.failure->kind, kind) << meeting.client.failure->sentence;
    EXPECT_EQ(meeting.client.failure->sentence, sentence);
    EXPECT_EQ(meeting.server.error(), SSL_AD_REASON_OFFSET + alert) << sentence;
    EXPECT_FALSE(meeting.client.stream().established());
    EXPECT_FALSE(meeting.client.stream().info());
    meeting.client.write("secret");
    EXPECT_EQ(meeting.client.take(), "");
  }

  Workspace workspace_;
};

INSTANTIATE_TEST_SUITE_P(Versions, ServerCertificates,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& each) {
                           return std::string(each.param == TLS1_2_VERSION ? "Tls12" : "Tls13");
                         });

// ---------------------------------------------------------------------------- the chain

TEST_P(ServerCertificates, OfATrustedAuthorityAreAccepted) {
  for (const TestKey key : {TestKey::p256, TestKey::p384, TestKey::rsa_2048, TestKey::ed25519}) {
    const Issued good = server({.key = key});
    const auto meeting = meet(good);
    expect_accepted(*meeting);
    const auto info = meeting->client.stream().info();
    ASSERT_NE(info->peer_certificate, nullptr);
    EXPECT_EQ(info->peer_certificate->subject, "CN=example.test");
    EXPECT_EQ(info->peer_certificate->issuer, "CN=Root");
  }
}

TEST_P(ServerCertificates, WithAuthoritiesBetweenNeedThem) {
  const Issued middle = authority("Middle", &root());
  const Issued leaf = server({.issuer = &middle});
  expect_accepted(*meet(leaf, {&middle}));
  expect_accepted(*meet(leaf, {&middle, &root()}));
  expect_refused(*meet(leaf), TlsError::untrusted_authority,
                 "the certificate is signed by \"CN=Middle\", which is not trusted",
                 SSL_AD_UNKNOWN_CA);
}

TEST_P(ServerCertificates, AreTrustedByAnAuthorityBetweenOrByThemselves) {
  const Issued middle = authority("Middle", &root());
  const Issued leaf = server({.issuer = &middle});
  const Issued other = server({});
  const Issued alone = issue_by({});
  expect_accepted(*meet({.ca = middle.pem()}, "example.test", leaf));
  expect_accepted(*meet({.ca = leaf.pem()}, "example.test", leaf));
  expect_accepted(*meet({.ca = alone.pem()}, "example.test", alone));
  const auto meeting = meet({.ca = middle.pem()}, "example.test", other, {&root()});
  EXPECT_EQ(meeting->client.failure->kind, TlsError::untrusted_authority);
}

TEST_P(ServerCertificates, OfAStrangeAuthorityAreRefused) {
  const Issued other = authority("Other");
  const Issued middle = authority("Middle", &other);
  expect_refused(*meet(server({.issuer = &other})), TlsError::untrusted_authority,
                 "the certificate is signed by \"CN=Other\", which is not trusted",
                 SSL_AD_UNKNOWN_CA);
  expect_refused(*meet(server({.issuer = &other}), {&other}), TlsError::untrusted_authority,
                 "the certificates lead to \"CN=Other\", which is not trusted", SSL_AD_UNKNOWN_CA);
  expect_refused(*meet(server({.issuer = &middle}), {&middle}), TlsError::untrusted_authority,
                 "the certificates lead to \"CN=Other\", which is not trusted", SSL_AD_UNKNOWN_CA);
}

TEST_P(ServerCertificates, OfTheSystemsAuthoritiesAreWhatIsTrustedByDefault) {
  const auto meeting = meet({}, "example.test", server({}));
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::untrusted_authority);
}

TEST_P(ServerCertificates, ThatVouchForThemselvesAreRefused) {
  expect_refused(*meet(issue_by({})), TlsError::self_signed,
                 "the certificate is signed by itself, \"CN=example.test\", which is not trusted",
                 SSL_AD_UNKNOWN_CA);
}

TEST_P(ServerCertificates, SignedByAnotherOfTheSameNameAreRefused) {
  const Issued impostor = authority("Root");
  expect_refused(*meet(server({.issuer = &impostor})), TlsError::certificate,
                 "the certificate was refused: certificate signature failure",
                 SSL_AD_DECRYPT_ERROR);
}

TEST_P(ServerCertificates, OfChainsThatAreTooLongAreRefused) {
  std::vector<Issued> middles;
  middles.push_back(authority("Middle 0", &root()));
  for (int i = 1; i < 9; ++i) {
    middles.push_back(authority("Middle " + std::to_string(i), &middles.back()));
  }
  const auto with = [&](std::size_t count) {
    std::vector<const Issued*> issuers;
    for (std::size_t i = count; i-- > 0;) issuers.push_back(&middles[i]);
    return meet(server({.issuer = &middles[count - 1]}), issuers);
  };
  expect_accepted(*with(8));
  const auto meeting = with(9);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::certificate);
  EXPECT_THAT(meeting->client.failure->sentence,
              ::testing::HasSubstr("certificate chain too long"));
}

TEST_P(ServerCertificates, OfTooManyBytesAreRefused) {
  const Issued leaf = server({});
  const auto bytes = static_cast<std::size_t>(i2d_X509(root().certificate.get(), nullptr));
  const std::size_t fitting = std::size_t{60} * 1024 / bytes;
  expect_accepted(*meet(leaf, std::vector<const Issued*>(fitting, &root())));
  const std::size_t more = std::size_t{66} * 1024 / bytes;
  const auto meeting = meet(leaf, std::vector<const Issued*>(more, &root()));
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::broken);
  EXPECT_EQ(meeting->client.failure->sentence, "excessive message size");
}

TEST_P(ServerCertificates, ForOtherPurposesAreRefused) {
  expect_accepted(*meet(server({.extended_key_usage = "serverAuth"})));
  const Issued clients = server({.extended_key_usage = "clientAuth"});
  const auto meeting = meet(clients);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::unsuitable_purpose);
  EXPECT_THAT(meeting->client.failure->sentence, StartsWith("the certificate was refused: "));

  // Signed by a server's certificate, as anybody with one could.
  const Issued no_authority = server({.common_name = "evil", .key_usage = "digitalSignature"});
  const auto forged = meet(server({.issuer = &no_authority}), {&no_authority});
  ASSERT_TRUE(forged->client.failure);
  EXPECT_EQ(forged->client.failure->kind, TlsError::unsuitable_purpose);
  EXPECT_THAT(forged->client.failure->sentence,
              StartsWith("the certificate of \"CN=evil\", by which it is signed, was refused: "));
}

TEST_P(ServerCertificates, ThatAreWeakAreRefused) {
  for (const Recipe& recipe : {Recipe{.key = TestKey::rsa_1024}, Recipe{.digest = EVP_sha1()}}) {
    const auto meeting = meet(server(recipe));
    ASSERT_TRUE(meeting->client.failure);
    EXPECT_EQ(meeting->client.failure->kind, TlsError::weak) << meeting->client.failure->sentence;
    EXPECT_THAT(meeting->client.failure->sentence, StartsWith("the certificate was refused: "));
  }
  const Issued middle = issue_by(
      {.common_name = "Middle", .key = TestKey::rsa_1024, .issuer = &root(), .authority = true});
  const auto meeting = meet(server({.issuer = &middle}), {&middle});
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::weak);
  EXPECT_THAT(meeting->client.failure->sentence,
              StartsWith("the certificate of \"CN=Middle\", by which it is signed, was refused: "));
}

using CrlPointer = std::unique_ptr<X509_CRL, FreedBy<X509_CRL_free>>;

CrlPointer list_of_revoked(const Issued& authority, const Issued& revoked) {
  CrlPointer list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority.certificate.get()));
  const std::unique_ptr<ASN1_TIME, FreedBy<ASN1_TIME_free>> time(ASN1_TIME_new());
  X509_CRL_set1_lastUpdate(list.get(), X509_gmtime_adj(time.get(), -3600));
  X509_REVOKED* const entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked.certificate.get()));
  X509_REVOKED_set_revocationDate(entry, time.get());
  X509_CRL_add0_revoked(list.get(), entry);
  X509_CRL_set1_nextUpdate(list.get(), X509_gmtime_adj(time.get(), 3600));
  X509_CRL_sort(list.get());
  X509_CRL_sign(list.get(), authority.key.get(), EVP_sha256());
  return list;
}

// No option reads lists of revoked certificates so far; OpenSSL's configuration may have some.
TEST_P(ServerCertificates, ThatWereRevokedAreRefused) {
  const Issued revoked = server({});
  const Issued other = server({});
  const auto context = client_of({.ca = root().pem()});
  X509_STORE* const store = SSL_CTX_get_cert_store(context->native());
  X509_STORE_add_crl(store, list_of_revoked(root(), revoked).get());
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  for (const Issued* shown : {&revoked, &other}) {
    Meeting meeting(*context, workspace_, {.host = "example.test"},
                    OpensslServer({.certificate = shown, .version_max = GetParam()}));
    meeting.shake_hands();
    if (shown == &other) {
      expect_accepted(meeting);
    } else {
      expect_refused(meeting, TlsError::revoked, "the certificate was revoked",
                     SSL_AD_CERTIFICATE_REVOKED);
    }
  }
}

// ---------------------------------------------------------------------------- the dates

TEST_P(ServerCertificates, OutOfTheirTimeAreRefused) {
  const Issued expired = server({.begins_in = -hours(72), .ends_in = -hours(24)});
  expect_refused(*meet(expired), TlsError::certificate_expired,
                 "the certificate expired on " + end_of(expired), SSL_AD_CERTIFICATE_EXPIRED);
  const Issued early = server({.begins_in = hours(24), .ends_in = hours(72)});
  expect_refused(*meet(early), TlsError::certificate_not_yet_valid,
                 "the certificate is not valid before " + beginning_of(early),
                 SSL_AD_BAD_CERTIFICATE);
  const Issued old = issue_by({.common_name = "Old",
                               .alternative_names = {},
                               .issuer = &root(),
                               .begins_in = -hours(72),
                               .ends_in = -hours(24),
                               .authority = true});
  expect_refused(*meet(server({.issuer = &old}), {&old}), TlsError::certificate_expired,
                 "the certificate of \"CN=Old\", by which it is signed, expired on " + end_of(old),
                 SSL_AD_CERTIFICATE_EXPIRED);
}

// ---------------------------------------------------------------------------- the host

struct Names {
  std::string names;  // in the certificate
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST_P(ServerCertificates, AreForTheHostsTheyName) {
  const std::vector<Names> table = {
      {"DNS:example.test",
       {"example.test", "EXAMPLE.test", "example.test."},
       {"www.example.test", "example.tes", "xample.test", "test", "example.test.evil",
        "127.0.0.1"}},
      {"DNS:*.example.test",
       {"www.example.test", "a.example.test", "WWW.EXAMPLE.TEST."},
       {"example.test", "a.b.example.test", "wwwexample.test"}},
      // A wildcard is the whole first label, and there are two more.
      {"DNS:w*.example.test", {}, {"www.example.test", "w.example.test"}},
      {"DNS:www.*.test", {}, {"www.example.test"}},
      {"DNS:*.*.test", {}, {"www.example.test"}},
      {"DNS:*.test", {}, {"example.test"}},
      {"DNS:*", {}, {"example", "example.test"}},
      {"DNS:xn--bcher-kva.test", {"xn--bcher-kva.test"}, {"bcher.test"}},
      {"DNS:a.test,DNS:b.test", {"a.test", "b.test"}, {"c.test"}},
      {"IP:192.0.2.1", {"192.0.2.1"}, {"192.0.2.2", "example.test"}},
      {"IP:2001:db8::1",
       {"2001:db8::1", "2001:0DB8:0:0::1", "2001:db8::1%eth0"},
       {"2001:db8::2", "::1"}},
      // A name that looks like an address is none.
      {"DNS:192.0.2.1", {}, {"192.0.2.1"}},
      {"email:example.test@example.test", {}, {"example.test"}},
      {"URI:https://example.test/", {}, {"example.test"}},
      // The common name counts nothing any more.
      {"", {}, {"example.test"}},
  };
  for (const Names& each : table) {
    const Issued leaf = server({.alternative_names = each.names});
    for (const std::string& host : each.good) {
      const auto meeting = meet(leaf, {}, host);
      EXPECT_FALSE(meeting->client.failure)
          << each.names << ' ' << host << ": " << meeting->client.failure->sentence;
    }
    for (const std::string& host : each.bad) {
      const auto meeting = meet(leaf, {}, host);
      ASSERT_TRUE(meeting->client.failure) << each.names << ' ' << host;
      EXPECT_EQ(meeting->client.failure->kind, TlsError::wrong_host)
          << meeting->client.failure->sentence;
    }
  }
}

TEST_P(ServerCertificates, ForOtherHostsAreToldByTheirNames) {
  const auto expect = [&](const std::string& names, const std::string& host,
                          const std::string& sentence) {
    expect_refused(*meet(server({.alternative_names = names}), {}, host), TlsError::wrong_host,
                   sentence, SSL_AD_BAD_CERTIFICATE);
  };
  expect("DNS:other.test", "Example.Test",
         "the certificate is for other.test, not for example.test");
  expect("DNS:a.test,IP:192.0.2.1", "192.0.2.2",
         "the certificate is for a.test and 192.0.2.1, not for 192.0.2.2");
  expect("DNS:a.test,DNS:b.test,DNS:*.c.test", "d.test",
         "the certificate is for a.test, b.test and *.c.test, not for d.test");
  expect("DNS:a.test,DNS:b.test,DNS:c.test,DNS:d.test,DNS:e.test", "f.test",
         "the certificate is for a.test, b.test, c.test and 2 more, not for f.test");
  expect("", "f.test",
         "the certificate names no host in its subject alternative names, and so not f.test");
  const std::string long_name = std::string(63, 'a') + '.' + std::string(63, 'b') + ".test";
  expect("DNS:" + long_name, "f.test",
         "the certificate is for " + long_name.substr(0, 100) + "..., not for f.test");
}

TEST_P(ServerCertificates, CantBeForWhatIsNoHost) {
  const Issued leaf = server({.alternative_names = "DNS:example.test,DNS:*.example.test"});
  for (const std::string& host :
       {std::string(), std::string("."), std::string(".example.test"), std::string("a..test"),
        std::string("*.example.test"), std::string("[::1]"), std::string("example.test:443"),
        std::string("example.test/"), std::string("user@example.test"), std::string("b\xC3\xBC"),
        std::string("example.test\0", 13), std::string("192.0.2.1\0x", 11),
        std::string(254, 'a')}) {
    const auto meeting = std::make_unique<Meeting>(*client_of({.ca = root().pem()}), workspace_,
                                                   ClientTarget{.host = host},
                                                   OpensslServer({.certificate = &leaf}));
    meeting->client.begin();
    ASSERT_TRUE(meeting->client.failure) << host;
    EXPECT_EQ(meeting->client.failure->kind, TlsError::wrong_host);
    EXPECT_EQ(meeting->client.take(), "");
    // Nor by the back door.
    meeting->client.failure.reset();
    meeting->client.hear("");
    EXPECT_TRUE(meeting->client.failure) << host;
    EXPECT_EQ(meeting->client.take(), "");
  }
}

TEST_P(ServerCertificates, AreVerifiedAlsoWhenNobodyBegins) {
  const Issued leaf = server({.alternative_names = "DNS:other.test"});
  Meeting meeting(*client_of({.ca = root().pem()}), workspace_, {.host = "example.test"},
                  OpensslServer({.certificate = &leaf, .version_max = GetParam()}));
  for (int round = 0; round < 4; ++round) {
    meeting.client.hear(meeting.server.take());
    meeting.server.hear(meeting.client.take());
  }
  ASSERT_TRUE(meeting.client.failure);
  EXPECT_EQ(meeting.client.failure->kind, TlsError::wrong_host);
}

// ---------------------------------------------------------------------------- pins

TEST_P(ServerCertificates, HaveToHaveOneOfThePinnedKeys) {
  const Issued good = server({});
  const Issued stranger = issue_by({});
  const std::string pin = PublicKeyPin::of(*good.certificate).text();
  const std::string other = PublicKeyPin::of(*stranger.certificate).text();
  const std::string ca = root().pem();
  expect_accepted(*meet({.ca = ca, .pins = {pin}}, "example.test", good));
  expect_accepted(*meet({.ca = ca, .pins = {other, pin}}, "example.test", good));
  const std::string mismatch =
      "the server's public key is none of those that were pinned; it is " + pin;
  expect_refused(*meet({.ca = ca, .pins = {other}}, "example.test", good), TlsError::pin_mismatch,
                 mismatch, SSL_AD_HANDSHAKE_FAILURE);
  // That of its authority does not count, and is nothing that the server could prove to have.
  const std::string of_root = PublicKeyPin::of(*root().certificate).text();
  expect_refused(*meet({.ca = ca, .pins = {of_root}}, "example.test", good, {&root()}),
                 TlsError::pin_mismatch, mismatch, SSL_AD_HANDSHAKE_FAILURE);
}

TEST_P(ServerCertificates, WithAPinnedKeyAreVerifiedAllTheSame) {
  const Issued stranger = issue_by({});
  const auto meeting =
      meet({.ca = root().pem(), .pins = {PublicKeyPin::of(*stranger.certificate).text()}},
           "example.test", stranger);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::self_signed);
}

// ---------------------------------------------------------------------------- without verification

TEST_P(ServerCertificates, AreAllAcceptedWithoutVerification) {
  const Issued other = authority("Other");
  const Issued expired = server({.begins_in = -hours(72), .ends_in = -hours(24)});
  const Issued alone = issue_by({.alternative_names = "DNS:other.test"});
  const Issued strange = server({.issuer = &other});
  for (const Issued* shown : {&expired, &alone, &strange}) {
    const auto meeting = meet({.dangerously_skip_verification = true}, "example.test", *shown);
    expect_accepted(*meeting);
    const auto info = meeting->client.stream().info();
    ASSERT_TRUE(info);
    ASSERT_NE(info->peer_certificate, nullptr);
    EXPECT_EQ(info->peer_certificate->fingerprint, describe_x509(*shown->certificate).fingerprint);
  }
}

TEST_P(ServerCertificates, HaveToHaveThePinnedKeyAlsoWithoutVerification) {
  const Issued alone = issue_by({});
  const std::string pin = PublicKeyPin::of(*alone.certificate).text();
  expect_accepted(*meet({.pins = {pin}, .dangerously_skip_verification = true}, "x.test", alone));
  expect_refused(*meet({.pins = {PublicKeyPin().text()}, .dangerously_skip_verification = true},
                       "x.test", alone),
                 TlsError::pin_mismatch,
                 "the server's public key is none of those that were pinned; it is " + pin,
                 SSL_AD_HANDSHAKE_FAILURE);
}

// ---------------------------------------------------------------------------- words

TEST(Refusal, HasAKindForEachResult) {
  for (const auto& [result, kind] : std::vector<std::pair<int, TlsError>>{
           {X509_V_ERR_CERT_HAS_EXPIRED, TlsError::certificate_expired},
           {X509_V_ERR_CERT_NOT_YET_VALID, TlsError::certificate_not_yet_valid},
           {X509_V_ERR_HOSTNAME_MISMATCH, TlsError::wrong_host},
           {X509_V_ERR_IP_ADDRESS_MISMATCH, TlsError::wrong_host},
           {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TlsError::self_signed},
           {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TlsError::untrusted_authority},
           {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TlsError::untrusted_authority},
           {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TlsError::untrusted_authority},
           {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TlsError::untrusted_authority},
           {X509_V_ERR_CERT_UNTRUSTED, TlsError::untrusted_authority},
           {X509_V_ERR_CERT_REVOKED, TlsError::revoked},
           {X509_V_ERR_INVALID_PURPOSE, TlsError::unsuitable_purpose},
           {X509_V_ERR_INVALID_CA, TlsError::unsuitable_purpose},
           {X509_V_ERR_EE_KEY_TOO_SMALL, TlsError::weak},
           {X509_V_ERR_CA_KEY_TOO_SMALL, TlsError::weak},
           {X509_V_ERR_CA_MD_TOO_WEAK, TlsError::weak},
           {X509_V_ERR_CERT_SIGNATURE_FAILURE, TlsError::certificate},
           {X509_V_ERR_PATH_LENGTH_EXCEEDED, TlsError::certificate}}) {
    EXPECT_EQ(refusal_kind(result), kind) << X509_verify_cert_error_string(result);
  }
}

}  // namespace
}  // namespace duplex::tls
