#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>

#include "tests/tls/client_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// What is wrong with `options`; empty when nothing is.
std::string problem_of(const ClientOptions& options) {
  const auto made = Context::for_client(options);
  return made ? std::string() : made.error();
}

// NOLINTBEGIN(concurrency-mt-unsafe): these tests have one thread.
/// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const before = ::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};
// NOLINTEND(concurrency-mt-unsafe)

TEST(ClientContext, IsMadeOfNothing) {
  EXPECT_EQ(problem_of({}), "");
}

TEST(ClientContext, SaysWhatIsWrongWithItsAuthorities) {
  const ScratchFolder folder;
  const std::string none = folder.path("none.pem");
  EXPECT_EQ(problem_of({.ca = none}), "can't read " + none + ": No such file or directory");
  const std::string empty = folder.file("empty.pem", "nothing");
  EXPECT_THAT(problem_of({.ca = empty}), StartsWith("no certificate in " + empty));
  EXPECT_EQ(problem_of({.ca_beside_system = true}),
            "no authority is given that is to be trusted beside the system's: name one");
  const std::string text = authority("Root").pem();
  EXPECT_EQ(problem_of({.ca = folder.file("ca.pem", text)}), "");
  EXPECT_EQ(problem_of({.ca = text + text}), "") << "twice the same one";
}

TEST(ClientContext, SaysWhatIsWrongWithItsPins) {
  EXPECT_EQ(problem_of({.pins = {PublicKeyPin().text(), "sha1//abc"}}),
            "the pinned key \"sha1//abc\" can't be read: write sha256// and 44 characters of "
            "Base64, the SHA-256 of the server's public key (SubjectPublicKeyInfo)");
  EXPECT_EQ(problem_of({.pins = {PublicKeyPin().text()}}), "");
}

TEST(ClientContext, SaysWhatIsWrongWithItsOwnCertificate) {
  const Issued root = authority("Clients");
  const auto credential = [&](Recipe recipe) {
    recipe.issuer = &root;
    recipe.alternative_names = {};
    return issue_by(recipe).credential();
  };
  const auto name = std::string("the text that is given as certificate");
  EXPECT_EQ(problem_of({.credential = credential({.extended_key_usage = "clientAuth"})}), "");
  EXPECT_EQ(problem_of({.credential = credential({})}), "");
  EXPECT_EQ(problem_of({.credential = credential({.extended_key_usage = "serverAuth"})}),
            "the certificate in " + name +
                " is not for clients: get one with the extended key usage clientAuth");
  EXPECT_EQ(problem_of({.credential = credential({.key = TestKey::secp256k1})}),
            "the key in the text that is given as key is on the curve secp256k1, which servers "
            "don't accept: make one on P-256 (prime256v1)");
  EXPECT_EQ(problem_of({.credential = credential({.digest = EVP_sha1()})}),
            "the certificate in " + name +
                " is signed with SHA1, which servers refuse: get one that is signed with SHA-256");
  EXPECT_EQ(problem_of({.credential = {.key = root.key_pem()}}),
            "a key is given without a certificate: name the certificate's file, too");
  EXPECT_EQ(
      problem_of({.credential = {.certificate = root.pem()}}),
      "no private key in " + name + ", and none is given beside it: name the file that holds it");
  EXPECT_THAT(problem_of({.credential = credential({.begins_in = -std::chrono::hours(48),
                                                    .ends_in = -std::chrono::hours(24)})}),
              HasSubstr(" expired at "));
}

TEST(ClientContext, KnowsItsOwnCertificate) {
  const Issued root = authority("Clients");
  const Issued own = issue_by({.common_name = "device 7",
                               .alternative_names = {},
                               .issuer = &root,
                               .extended_key_usage = "clientAuth"});
  const auto context = client_of({.ca = root.pem(), .credential = own.credential()});
  ASSERT_EQ(context->certificates().size(), 1u);
  EXPECT_EQ(context->certificates()[0].subject, "CN=device 7");
  // Nothing of names or of a chain, which only servers need.
  EXPECT_THAT(context->warnings(), IsEmpty());
  EXPECT_THAT(client_of({.ca = root.pem()})->certificates(), IsEmpty());
}

TEST(ClientContext, WarnsOfAuthoritiesThatHaveExpired) {
  const Issued old = issue_by({.common_name = "Old Root",
                               .begins_in = -std::chrono::hours(48),
                               .ends_in = -std::chrono::hours(24),
                               .authority = true});
  EXPECT_THAT(client_of({.ca = old.pem()})->warnings(),
              ElementsAre(HasSubstr("the servers' authority \"CN=Old Root\" in ")));
}

TEST(ClientContext, WarnsWhenNobodyIsVerified) {
  const std::string root = authority("Root").pem();
  EXPECT_THAT(client_of({.ca = root, .dangerously_skip_verification = true})->warnings(),
              ElementsAre(StartsWith("the servers' certificates are not verified")));
  EXPECT_THAT(
      client_of(
          {.ca = root, .pins = {PublicKeyPin().text()}, .dangerously_skip_verification = true})
          ->warnings(),
      ElementsAre(HasSubstr("but for their keys, which are pinned")));
}

TEST(ClientContext, WarnsOfASystemWithoutAuthorities) {
  const ScratchFolder folder;
  const Variable file("SSL_CERT_FILE", folder.path("none.pem"));
  const Variable directory("SSL_CERT_DIR", folder.path("none"));
  EXPECT_THAT(client_of({})->warnings(),
              ElementsAre("this system has no authorities, neither in " + folder.path("none.pem") +
                          " nor in " + folder.path("none") +
                          ": all servers will be refused; install the package ca-certificates, or "
                          "name a file of authorities"));
  const Issued root = authority("Root");
  EXPECT_THAT(client_of({.ca = root.pem()})->warnings(), IsEmpty());
  folder.file("none.pem", root.pem());
  EXPECT_THAT(client_of({})->warnings(), IsEmpty());
}

TEST(ClientContext, TrustsTheSystemsAuthoritiesOrItsOwnOrBoth) {
  const ScratchFolder folder;
  const Issued system = authority("System");
  const Issued own = authority("Own");
  const Issued of_system = issue_by({.issuer = &system});
  const Issued of_own = issue_by({.issuer = &own});
  const Variable file("SSL_CERT_FILE", folder.file("system.pem", system.pem()));
  const Variable directory("SSL_CERT_DIR", folder.path("none"));
  Workspace workspace;
  const auto accepted = [&](const ClientOptions& options, const Issued& server) {
    Encounter<OpensslServer> encounter(*client_of(options), workspace, {.host = "example.test"},
                                       OpensslServer({.certificate = &server}));
    return encounter.shake_hands();
  };
  EXPECT_TRUE(accepted({}, of_system));
  EXPECT_FALSE(accepted({}, of_own));
  EXPECT_FALSE(accepted({.ca = own.pem()}, of_system));
  EXPECT_TRUE(accepted({.ca = own.pem()}, of_own));
  EXPECT_TRUE(accepted({.ca = own.pem(), .ca_beside_system = true}, of_system));
  EXPECT_TRUE(accepted({.ca = own.pem(), .ca_beside_system = true}, of_own));
}

}  // namespace
}  // namespace duplex::tls
