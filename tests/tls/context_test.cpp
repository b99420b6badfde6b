#include "tls/context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sslerr.h>

#include "tests/tls/handshake_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::shared_ptr<const Context> made_of(
    const ServerOptions& options,
    std::shared_ptr<TicketKeys> keys = std::make_shared<TicketKeys>()) {
  auto context = Context::for_server(options, std::move(keys));
  if (!context) throw std::runtime_error(context.error());
  return *std::move(context);
}

Issued for_name(const std::string& name, TestKey key = TestKey::p256) {
  return issue_by({.common_name = name, .alternative_names = "DNS:" + name, .key = key});
}

struct Limited {
  const char* what;
  PeerOptions client;
  bool accepted;
  const char* agreed = "";  // suite
};

void expect_outcomes(const Context& context, std::initializer_list<Limited> table) {
  for (const Limited& each : table) {
    const auto hands = shake_hands(context, each.client);
    EXPECT_EQ(hands->done, each.accepted) << each.what;
    if (hands->done && each.accepted) {
      EXPECT_EQ(hands->suite(), each.agreed) << each.what;
    }
  }
}

TEST(Context, PrefersAes128WithX25519AndTls13) {
  const auto hands = shake_hands(*made_of(for_name("a.test").options()));
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(hands->protocol(), "TLSv1.3");
  EXPECT_EQ(hands->suite(), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(hands->group(), "X25519");
}

TEST(Context, OffersForwardSecrecyAndAuthenticatedEncryptionOnly) {
  const auto ecdsa = made_of(for_name("a.test").options());
  const auto rsa = made_of(for_name("a.test", TestKey::rsa_2048).options());
  expect_outcomes(
      *ecdsa,
      {
          {"TLS 1.0", {.version_max = TLS1_VERSION}, false},
          {"TLS 1.1", {.version_max = TLS1_1_VERSION}, false},
          {"TLS 1.2",
           {.version_max = TLS1_2_VERSION},
           true,
           "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
          {"AES-256",
           {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-AES256-GCM-SHA384"},
           true,
           "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
          {"ChaCha20 first",
           {.version_max = TLS1_2_VERSION,
            .cipher_list = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"},
           true,
           "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
          {"ChaCha20 second",
           {.version_max = TLS1_2_VERSION,
            .cipher_list = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
                           "ECDHE-ECDSA-AES128-GCM-SHA256"},
           true,
           "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
          {"CBC with SHA-1",
           {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-AES128-SHA"},
           false},
          {"CBC with SHA-256",
           {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-AES128-SHA256"},
           false},
          {"CCM", {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-AES128-CCM"}, false},
          {"no encryption",
           {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"},
           false},
          {"no certificate",
           {.version_max = TLS1_2_VERSION,
            .cipher_list = "AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0"},
           false},
          {"TLS 1.3, AES-256",
           {.suites_1_3 = "TLS_AES_256_GCM_SHA384"},
           true,
           "TLS_AES_256_GCM_SHA384"},
          {"TLS 1.3, server's preference",
           {.suites_1_3 = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"},
           true,
           "TLS_AES_128_GCM_SHA256"},
          {"TLS 1.3, ChaCha20 first",
           {.suites_1_3 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"},
           true,
           "TLS_CHACHA20_POLY1305_SHA256"},
          {"TLS 1.3, CCM",
           {.version_min = TLS1_3_VERSION, .suites_1_3 = "TLS_AES_128_CCM_SHA256"},
           false},
          {"P-256", {.groups = "P-256"}, true, "TLS_AES_128_GCM_SHA256"},
          {"P-384", {.groups = "P-384"}, true, "TLS_AES_128_GCM_SHA256"},
          {"P-521", {.version_min = TLS1_3_VERSION, .groups = "P-521"}, false},
          {"finite fields", {.version_min = TLS1_3_VERSION, .groups = "ffdhe2048"}, false},
          {"SHA-1", {.version_max = TLS1_2_VERSION, .signature_algorithms = "ECDSA+SHA1"}, false},
          {"SHA-224",
           {.version_max = TLS1_2_VERSION, .signature_algorithms = "ECDSA+SHA224"},
           false},
      });
  expect_outcomes(
      *rsa,
      {
          {"RSA", {.version_max = TLS1_2_VERSION}, true, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
          {"RSA key exchange",
           {.version_max = TLS1_2_VERSION, .cipher_list = "AES128-GCM-SHA256"},
           false},
          {"finite fields",
           {.version_max = TLS1_2_VERSION, .cipher_list = "DHE-RSA-AES128-GCM-SHA256"},
           false},
          {"PKCS#1 and SHA-256",
           {.version_max = TLS1_2_VERSION, .signature_algorithms = "RSA+SHA256"},
           true,
           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
          {"PKCS#1 and SHA-1",
           {.version_max = TLS1_2_VERSION, .signature_algorithms = "RSA+SHA1"},
           false},
      });
}

TEST(Context, GivesTheReasonOfARefusal) {
  const auto context = made_of(for_name("a.test").options());
  EXPECT_EQ(shake_hands(*context, {.version_max = TLS1_1_VERSION})->server_error,
            SSL_R_UNSUPPORTED_PROTOCOL);
  EXPECT_EQ(shake_hands(*context,
                        {.version_max = TLS1_2_VERSION, .cipher_list = "ECDHE-ECDSA-AES128-SHA"})
                ->server_error,
            SSL_R_NO_SHARED_CIPHER);
}

TEST(Context, CanBeForTls13Only) {
  ServerOptions options = for_name("a.test").options();
  options.version_min = Version::tls_1_3;
  const auto context = made_of(options);
  EXPECT_FALSE(shake_hands(*context, {.version_max = TLS1_2_VERSION})->done);
  EXPECT_TRUE(shake_hands(*context)->done);
}

TEST(Context, TakesCertificatesWithEveryTypeOfKey) {
  for (const TestKey key :
       {TestKey::p256, TestKey::p384, TestKey::rsa_2048, TestKey::rsa_pss, TestKey::ed25519}) {
    const auto context = made_of(for_name("a.test", key).options());
    EXPECT_TRUE(shake_hands(*context)->done) << static_cast<int>(key);
    EXPECT_TRUE(shake_hands(*context, {.version_max = TLS1_2_VERSION})->done)
        << static_cast<int>(key);
  }
}

TEST(Context, NeitherRenegotiatesNorCompressesNorTakesEarlyData) {
  const auto context = made_of(for_name("a.test").options());
  const auto hands = shake_hands(*context, {.version_max = TLS1_2_VERSION});
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(SSL_get_current_compression(hands->server.get()), nullptr);
  EXPECT_EQ(SSL_get_max_early_data(hands->server.get()), 0U);

  ASSERT_EQ(SSL_renegotiate(hands->client.get()), 1);
  SSL_do_handshake(hands->client.get());
  unsigned char byte = 0;
  EXPECT_LE(SSL_read(hands->server.get(), &byte, 1), 0);
  EXPECT_LE(SSL_do_handshake(hands->client.get()), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
}

TEST(Context, SendsItsChainAndNothingElse) {
  const Issued root = authority("Root");
  const Issued middle = authority("Middle", &root);
  const Issued leaf = issue_by({.issuer = &middle});
  const auto sent = [&](const std::string& chain) {
    ServerOptions options{.certificate = chain, .key = leaf.key_pem()};
    // What clients are verified by must not find its way into the server's own chain.
    options.client_ca = middle.pem() + root.pem();
    options.client_certificates = ClientCertificates::optional;
    const auto hands = shake_hands(*made_of(options));
    EXPECT_TRUE(hands->done);
    std::vector<std::string> names;
    STACK_OF(X509)* certificates = SSL_get_peer_cert_chain(hands->client.get());
    for (int i = 0; i < sk_X509_num(certificates); ++i) {
      names.push_back(common_name(*sk_X509_value(certificates, i)));
    }
    return names;
  };
  EXPECT_THAT(sent(leaf.pem() + middle.pem()), ElementsAre("example.test", "Middle"));
  EXPECT_THAT(sent(leaf.pem()), ElementsAre("example.test"));
}

TEST(Context, ChoosesTheApplicationProtocol) {
  const auto context = made_of(for_name("a.test").options());
  struct Case {
    const char* offered;
    bool accepted;
    const char* chosen;
  };
  for (const Case& each :
       {Case{"", true, ""}, Case{"\x08http/1.1", true, "http/1.1"},
        Case{"\x02h2\x08http/1.1", true, "http/1.1"}, Case{"\x08http/1.1\x02h2", true, "http/1.1"},
        Case{"\x02h2", false, ""}, Case{"\x08http/1.0", false, ""},
        Case{"\x09http/1.1x\x07http/1.", false, ""}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto hands = shake_hands(*context, {.alpn = each.offered, .version_max = version});
      EXPECT_EQ(hands->done, each.accepted) << each.offered;
      EXPECT_EQ(hands->alpn(), each.chosen) << each.offered;
      if (each.accepted) continue;
      EXPECT_EQ(hands->server_error, SSL_R_NO_APPLICATION_PROTOCOL);
      EXPECT_EQ(hands->client_error, SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL);
    }
  }
}

TEST(Context, ShowsTheCertificateForTheName) {
  ServerOptions options = for_name("a.test").options();
  options.more = {for_name("*.wild.test").credential(), for_name("b.test").credential()};
  const auto context = made_of(options);
  EXPECT_THAT(context->warnings(), IsEmpty());
  ASSERT_THAT(context->certificates(), SizeIs(3));
  EXPECT_EQ(context->certificates()[0].subject, "CN=a.test");
  EXPECT_EQ(context->certificates()[2].subject, "CN=b.test");
  struct Case {
    const char* asked;
    const char* shown;
  };
  for (const Case& each : {Case{"", "a.test"}, Case{"a.test", "a.test"}, Case{"b.test", "b.test"},
                           Case{"B.TEST", "b.test"}, Case{"x.wild.test", "*.wild.test"},
                           Case{"x.y.wild.test", "a.test"}, Case{"unknown.test", "a.test"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto hands = shake_hands(
          *context, {.server_name = each.asked, .alpn = "\x08http/1.1", .version_max = version});
      ASSERT_TRUE(hands->done) << each.asked;
      EXPECT_EQ(hands->shown(), each.shown) << each.asked;
      EXPECT_EQ(hands->alpn(), "http/1.1");
      const char* told = SSL_get_servername(hands->server.get(), TLSEXT_NAMETYPE_host_name);
      EXPECT_STREQ(told != nullptr ? told : "", each.asked);
    }
  }
}

TEST(Context, ShowsTheCertificateForTheNameAfterAHelloRetryRequest) {
  ServerOptions options = for_name("a.test").options();
  options.more = {for_name("b.test").credential()};
  // The client guesses P-521, which is not taken, and has to begin anew with P-256.
  const auto hands = shake_hands(
      *made_of(options),
      {.server_name = "b.test", .version_min = TLS1_3_VERSION, .groups = "P-521:P-256"});
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(hands->shown(), "b.test");
}

TEST(Context, OffersRsaAndEcdsaTogether) {
  ServerOptions options = for_name("a.test", TestKey::rsa_2048).options();
  options.more = {for_name("a.test").credential(), for_name("b.test").credential()};
  const auto context = made_of(options);
  EXPECT_THAT(context->warnings(), IsEmpty());
  for (const char* name : {"a.test", "", "unknown.test"}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto both = shake_hands(*context, {.server_name = name, .version_max = version});
      ASSERT_TRUE(both->done);
      EXPECT_EQ(both->shown_key(), EVP_PKEY_EC);
      const auto old =
          shake_hands(*context, {.server_name = name,
                                 .version_max = version,
                                 .signature_algorithms = "rsa_pss_rsae_sha256:RSA+SHA256"});
      ASSERT_TRUE(old->done);
      EXPECT_EQ(old->shown_key(), EVP_PKEY_RSA);
    }
  }
  EXPECT_FALSE(shake_hands(*context, {.server_name = "b.test",
                                      .version_max = TLS1_2_VERSION,
                                      .signature_algorithms = "RSA+SHA256"})
                   ->done);
}

TEST(Context, WarnsOfTwoCertificatesForTheSame) {
  const ScratchFolder folder;
  const Issued one = for_name("a.test");
  const Issued two = for_name("a.test");
  const std::string first = folder.file("one.pem", one.pem() + one.key_pem());
  const std::string second = folder.file("two.pem", two.pem() + two.key_pem());
  EXPECT_THAT(made_of({.certificate = first, .more = {{.certificate = second}}})->warnings(),
              ElementsAre(first + " and " + second +
                          " are both for a.test, with ECDSA keys: the first is used; leave one of "
                          "them out"));
}

TEST(Context, TakesItsDefaultFromTheRestWhenNoneIsNamed) {
  const ServerOptions options{.more = {for_name("b.test").credential()}};
  EXPECT_EQ(shake_hands(*made_of(options))->shown(), "b.test");
}

TEST(Context, PassesOnWhatIsWrong) {
  const auto keys = std::make_shared<TicketKeys>();
  EXPECT_EQ(Context::for_server({.certificate = "/nowhere/cert.pem"}, keys).error(),
            "can't read /nowhere/cert.pem: No such file or directory");
  EXPECT_EQ(Context::for_server({}, keys).error(),
            "no certificate is given: name a file of one, and its key");
  EXPECT_THAT(Context::for_server({.key = "key.pem"}, keys).error(),
              StartsWith("a key is given without a certificate"));
  ServerOptions options = for_name("a.test").options();
  options.more = {{.certificate = "/nowhere/more.pem"}};
  EXPECT_EQ(Context::for_server(options, keys).error(),
            "can't read /nowhere/more.pem: No such file or directory");
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

TEST(Context, OutlivedByHandshakesThatBeganWithIt) {
  ServerOptions options = for_name("a.test").options();
  options.more = {for_name("b.test").credential()};
  auto context = made_of(options);
  const SslContextPointer held(context->native());
  SSL_CTX_up_ref(held.get());
  context.reset();
  const auto hands = shake_hands(held.get(), {.server_name = "b.test"});
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(hands->shown(), "b.test");
}

}  // namespace
}  // namespace duplex::tls
