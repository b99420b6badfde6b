#include "server/certificates.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/server/certificate_files.hpp"

namespace duplex::server {
namespace {

class CertificatesTest : public testing::Test {
 protected:
  std::shared_ptr<tls::ReloadableContext> add(const std::string& place,
                                              const tls::ServerOptions& options) {
    auto certificates = ListenerCertificates::open(options);
    auto context = certificates.context;
    certificates_.add(place, std::move(certificates));
    return context;
  }
  static std::string name_of(const tls::ReloadableContext& context) {
    return context.current()->certificates().front().dns_names.front();
  }

  CertificateFiles files_;
  TestLog log_;
  Certificates certificates_{
      [this](LogLevel level, std::string_view sentence) { log_.write(level, sentence); }};
};

TEST_F(CertificatesTest, SayWhatTheyAreFor) {
  files_.renew({"a.test", "*.a.test", "127.0.0.1"});
  add("127.0.0.1:8443", files_.options());
  EXPECT_TRUE(log_.has(LogLevel::info,
                       "127.0.0.1:8443 is encrypted: for a.test, *.a.test, 127.0.0.1 until 2"));
  EXPECT_EQ(log_.count(LogLevel::error), 0u);
}

TEST_F(CertificatesTest, WarnOfWhatIsNoErrorAndYetTroublesClients) {
  const auto short_lived = files_.issue({.names = {"a.test"}, .validity = std::chrono::days(1)});
  files_.write("cert.pem", short_lived.certificate);
  files_.write("cert-key.pem", short_lived.key);
  add("here", files_.options());
  const std::size_t count = log_.count(LogLevel::warning);
  EXPECT_GT(count, 0u);
  EXPECT_TRUE(certificates_.reload());
  EXPECT_EQ(log_.count(LogLevel::warning), 2 * count);
}

TEST_F(CertificatesTest, AreTakenWhenTheFilesHaveChangedAndAreAtRest) {
  const auto context = add("here", files_.options());
  EXPECT_TRUE(certificates_.watches());
  certificates_.look();
  files_.renew({"new.test"});
  certificates_.look();
  EXPECT_EQ(name_of(*context), "localhost");
  certificates_.look();
  EXPECT_EQ(name_of(*context), "new.test");
  EXPECT_TRUE(log_.has(LogLevel::info, "here uses its certificates as they are now: for new.test"));
  certificates_.look();
  EXPECT_EQ(log_.count(LogLevel::info), 2u) << "once for each change";
}

TEST_F(CertificatesTest, AreKeptWhenTheNewOnesAreBadWhichIsToldOnce) {
  const auto context = add("here", files_.options());
  files_.write("cert.pem", "no certificate");
  for (int i = 0; i < 5; ++i) certificates_.look();
  EXPECT_EQ(name_of(*context), "localhost");
  EXPECT_EQ(log_.count(LogLevel::error), 1u);
  EXPECT_TRUE(log_.has(LogLevel::error, "here: "));

  files_.remove("cert.pem");
  for (int i = 0; i < 5; ++i) certificates_.look();
  EXPECT_EQ(log_.count(LogLevel::error), 2u);

  files_.renew({"new.test"});
  for (int i = 0; i < 2; ++i) certificates_.look();
  EXPECT_EQ(name_of(*context), "new.test");
  EXPECT_EQ(log_.count(LogLevel::error), 2u);
}

TEST_F(CertificatesTest, AreNotReadAgainByWhoLooksWhenTheyWereReadOnDemand) {
  const auto context = add("here", files_.options());
  files_.renew({"new.test"});
  EXPECT_TRUE(certificates_.reload());
  EXPECT_EQ(name_of(*context), "new.test");
  files_.remove("cert-key.pem");
  EXPECT_FALSE(certificates_.reload());
  for (int i = 0; i < 5; ++i) certificates_.look();
  EXPECT_EQ(log_.count(LogLevel::info), 2u);
  EXPECT_EQ(log_.count(LogLevel::error), 1u);
}

TEST_F(CertificatesTest, AreLookedAtAgainWhenOnlyAnotherListenersWereBad) {
  files_.renew({"other.test"}, "other");
  const auto context = add("here", files_.options());
  add("there", files_.options("other"));
  files_.renew({"new.test"});
  files_.remove("other.pem");
  const auto reloaded = certificates_.reload();
  ASSERT_FALSE(reloaded);
  EXPECT_TRUE(reloaded.error().starts_with("there: ")) << reloaded.error();
  EXPECT_EQ(name_of(*context), "localhost");
  for (int i = 0; i < 2; ++i) certificates_.look();
  EXPECT_EQ(name_of(*context), "new.test") << "each listener's files by themselves";
}

TEST_F(CertificatesTest, AreNotLookedAtWhenThatIsNotWanted) {
  tls::ServerOptions options = files_.options();
  options.watch_files = false;
  const auto context = add("here", options);
  EXPECT_FALSE(certificates_.watches());
  files_.renew({"new.test"});
  for (int i = 0; i < 3; ++i) certificates_.look();
  EXPECT_EQ(name_of(*context), "localhost");
  EXPECT_TRUE(certificates_.reload());
  EXPECT_EQ(name_of(*context), "new.test");
}

TEST_F(CertificatesTest, GivenAsTextHaveNoFilesToLookAt) {
  const auto issued = files_.issue({.names = {"a.test"}});
  add("here", {.certificate = issued.certificate, .key = issued.key});
  EXPECT_FALSE(certificates_.watches());
  EXPECT_TRUE(certificates_.reload());
}

TEST_F(CertificatesTest, ThatCanNotBeUsedAreRefusedAtOnce) {
  files_.remove("cert.pem");
  EXPECT_THROW(ListenerCertificates::open(files_.options()), std::runtime_error);
}

}  // namespace
}  // namespace duplex::server
