#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sslerr.h>

#include "tests/tls/handshake_support.hpp"
#include "tls/context.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ClientCertificatesOf : public ::testing::TestWithParam<int> {
 protected:
  Issued root_ = authority("Clients' Root");
  Issued other_root_ = authority("Other Root");
  Issued server_ = issue_by({});
  Issued client_ = client_of(root_);

  static Issued client_of(const Issued& issuer, const std::string& usage = "clientAuth") {
    return issue_by({.common_name = "device-7",
                     .alternative_names = "email:device7@example.test",
                     .issuer = &issuer,
                     .extended_key_usage = usage});
  }

  std::shared_ptr<const Context> context(ClientCertificates demand, const std::string& ca) const {
    ServerOptions options = server_.options();
    options.client_ca = ca;
    options.client_certificates = demand;
    auto made = Context::for_server(options, std::make_shared<TicketKeys>());
    if (!made) throw std::runtime_error(made.error());
    return *made;
  }
  std::shared_ptr<const Context> required() const {
    return context(ClientCertificates::required, root_.pem());
  }
  std::shared_ptr<const Context> optional() const {
    return context(ClientCertificates::optional, root_.pem());
  }
  static std::unique_ptr<Handshake> show(const Context& context, const Issued* certificate,
                                         std::vector<const Issued*> issuers = {}) {
    return shake_hands(context, {.version_max = GetParam(),
                                 .certificate = certificate,
                                 .certificate_issuers = std::move(issuers)});
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, ClientCertificatesOf,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(ClientCertificatesOf, TheirAuthorityAreLetIn) {
  for (const auto& context : {required(), optional()}) {
    const auto hands = show(*context, &client_);
    ASSERT_TRUE(hands->done);
    EXPECT_EQ(SSL_get_verify_result(hands->server.get()), X509_V_OK);
    EXPECT_EQ(common_name(*SSL_get0_peer_certificate(hands->server.get())), "device-7");
  }
}

TEST_P(ClientCertificatesOf, NobodyAreRefusedWhenRequired) {
  const auto hands = show(*required(), nullptr);
  EXPECT_FALSE(hands->done);
  EXPECT_EQ(hands->server_error, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
  EXPECT_TRUE(show(*optional(), nullptr)->done);
}

TEST_P(ClientCertificatesOf, ChainsOfTooManyBytesAreRefused) {
  const auto bytes = static_cast<std::size_t>(i2d_X509(root_.certificate.get(), nullptr));
  const auto context = required();
  const std::size_t fitting = std::size_t{15} * 1024 / bytes;
  EXPECT_TRUE(show(*context, &client_, std::vector<const Issued*>(fitting, &root_))->done);
  const std::size_t more = std::size_t{17} * 1024 / bytes;
  const auto hands = show(*context, &client_, std::vector<const Issued*>(more, &root_));
  EXPECT_FALSE(hands->done);
  EXPECT_EQ(hands->server_error, SSL_R_EXCESSIVE_MESSAGE_SIZE);
}

TEST_P(ClientCertificatesOf, OthersAreRefused) {
  const Issued stranger = client_of(other_root_);
  const Issued server = client_of(root_, "serverAuth");
  const Issued expired = issue_by(
      {.issuer = &root_, .begins_in = -std::chrono::days(3), .ends_in = -std::chrono::days(1)});
  for (const auto& context : {required(), optional()}) {
    for (const Issued* shown :
         std::initializer_list<const Issued*>{&stranger, &server, &expired, &server_}) {
      const auto hands = show(*context, shown, {&other_root_});
      EXPECT_FALSE(hands->done);
      EXPECT_EQ(hands->server_error, SSL_R_CERTIFICATE_VERIFY_FAILED);
    }
  }
}

TEST_P(ClientCertificatesOf, AnAuthorityBetweenAreLetIn) {
  const Issued middle = authority("Middle", &root_);
  const Issued client = client_of(middle);
  EXPECT_TRUE(show(*required(), &client, {&middle})->done);
  EXPECT_FALSE(show(*required(), &client)->done);
  // Named by itself, without the root that signed it; then others of the root's stay outside.
  const auto narrow = context(ClientCertificates::required, middle.pem());
  EXPECT_TRUE(show(*narrow, &client)->done);
  EXPECT_FALSE(show(*narrow, &client_, {&root_})->done);
}

TEST_P(ClientCertificatesOf, AuthoritiesFurtherThanFourAwayAreRefused) {
  std::vector<Issued> middles;
  middles.push_back(authority("Middle 0", &root_));
  for (int i = 1; i < 5; ++i) {
    middles.push_back(authority("Middle " + std::to_string(i), &middles.back()));
  }
  const auto shown_with = [&](std::size_t count) {
    const Issued client = client_of(middles[count - 1]);
    std::vector<const Issued*> issuers;
    for (std::size_t i = count; i-- > 0;) issuers.push_back(&middles[i]);
    return show(*required(), &client, issuers)->done;
  };
  EXPECT_TRUE(shown_with(4));
  EXPECT_FALSE(shown_with(5));
}

TEST_P(ClientCertificatesOf, NoAuthorityAreNotAskedFor) {
  const auto context = Context::for_server(server_.options(), std::make_shared<TicketKeys>());
  const auto hands = show(**context, &client_);
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(SSL_get0_peer_certificate(hands->server.get()), nullptr);
}

TEST_P(ClientCertificatesOf, ANameThatSwitchesAreStillRequired) {
  ServerOptions options = server_.options();
  options.more = {
      issue_by({.common_name = "b.test", .alternative_names = "DNS:b.test"}).credential()};
  options.client_ca = root_.pem();
  const auto context = Context::for_server(options, std::make_shared<TicketKeys>()).value();
  const Issued stranger = client_of(other_root_);
  const auto show_for_b = [&](const Issued* certificate) {
    return shake_hands(
        *context, {.server_name = "b.test", .version_max = GetParam(), .certificate = certificate});
  };
  EXPECT_FALSE(show_for_b(nullptr)->done);
  EXPECT_FALSE(show_for_b(&stranger)->done);
  const auto hands = show_for_b(&client_);
  ASSERT_TRUE(hands->done);
  EXPECT_EQ(hands->shown(), "b.test");
}

TEST_P(ClientCertificatesOf, WhichAuthorityIsTold) {
  const auto context = this->context(ClientCertificates::optional, root_.pem() + other_root_.pem());
  const auto hands = show(*context, &client_);
  ASSERT_TRUE(hands->done);
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(hands->client.get());
  ASSERT_EQ(sk_X509_NAME_num(names), 2);
  EXPECT_EQ(name_text(*sk_X509_NAME_value(names, 0)), "CN=Clients' Root");
  EXPECT_EQ(name_text(*sk_X509_NAME_value(names, 1)), "CN=Other Root");
}

TEST(ClientAuthorities, AreReadFromAFileOrRefused) {
  const ScratchFolder folder;
  const Issued server = issue_by({});
  const auto outcome = [&](const std::string& ca) {
    ServerOptions options = server.options();
    options.client_ca = ca;
    const auto made = Context::for_server(options, std::make_shared<TicketKeys>());
    return made ? std::string("(none)") : made.error();
  };
  EXPECT_EQ(outcome(folder.file("ca.pem", authority("Root").pem())), "(none)");
  EXPECT_EQ(outcome(folder.path("none.pem")),
            "can't read " + folder.path("none.pem") + ": No such file or directory");
  EXPECT_THAT(outcome(folder.file("ca.pem", "nothing")),
              StartsWith("no certificate in " + folder.path("ca.pem")));
}

TEST(ClientAuthorities, ThatHaveExpiredAreWarnedOf) {
  const Issued old = issue_by({.common_name = "Old Root",
                               .begins_in = -std::chrono::days(3),
                               .ends_in = -std::chrono::days(1),
                               .authority = true});
  ServerOptions options = issue_by({}).options();
  options.client_ca = old.pem();
  const auto made = Context::for_server(options, std::make_shared<TicketKeys>()).value();
  EXPECT_THAT(made->warnings(),
              ElementsAre(HasSubstr("the clients' authority \"CN=Old Root\" in ")));
}

}  // namespace
}  // namespace duplex::tls
