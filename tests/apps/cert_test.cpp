#include "cert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "files.hpp"
#include "subcommand.hpp"
#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::app {
namespace {

using server::TemporaryFolder;
using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The permission bits of `path`, such as 0600.
unsigned mode_of(const std::string& path) {
  return static_cast<unsigned>(std::filesystem::status(path).permissions());
}

/// What the user is told: "usage: ..." or "failure: ...".
std::string complaint(const CertOptions& options) {
  try {
    make_certificate(options);
    return {};
  } catch (const UsageError& error) {
    return std::string("usage: ") + error.what();
  } catch (const std::runtime_error& error) {
    return std::string("failure: ") + error.what();
  }
}

class CertTest : public testing::Test {
 protected:
  /// Everything in the test's own folder.
  CertOptions options(const std::string& name = "cert") const {
    CertOptions result;
    result.folder = folder / "ca";
    result.certificate_path = folder / (name + ".pem");
    result.key_path = folder / (name + "-key.pem");
    return result;
  }
  tls::Certificate written(const std::string& name) const {
    return tls::describe(read_file(folder / (name + ".pem")));
  }

  TemporaryFolder folder;
};

TEST_F(CertTest, MakesAnAuthorityOnceAndWhatItSigns) {
  const std::string told = make_certificate(options());
  EXPECT_THAT(told, HasSubstr("Made an authority"));
  const std::string authority = read_file(folder / "ca/ca.pem");
  const tls::Certificate certificate = written("cert");
  EXPECT_THAT(certificate.dns_names, ElementsAre("localhost"));
  EXPECT_THAT(certificate.ip_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(certificate.issuer, tls::describe(authority).subject);
  EXPECT_THAT(told, HasSubstr(certificate.fingerprint));
  EXPECT_THAT(told, HasSubstr("--tls-cert " + (folder / "cert.pem")));
  EXPECT_THAT(told, HasSubstr("--cacert " + (folder / "ca/ca.pem")));

  EXPECT_THAT(make_certificate(options("second")), Not(HasSubstr("Made an authority")));
  EXPECT_EQ(read_file(folder / "ca/ca.pem"), authority);
}

TEST_F(CertTest, LetsNobodyElseReadKeys) {
  make_certificate(options());
  EXPECT_EQ(mode_of(folder / "ca"), 0700U);
  EXPECT_EQ(mode_of(folder / "ca/ca-key.pem"), 0600U);
  EXPECT_EQ(mode_of(folder / "cert-key.pem"), 0600U);
  EXPECT_EQ(mode_of(folder / "cert.pem"), 0644U);
}

TEST_F(CertTest, WarnsWhenOthersCanReadTheKeyOfTheAuthority) {
  EXPECT_THAT(make_certificate(options()), Not(HasSubstr("Warning")));
  ::chmod((folder / "ca/ca-key.pem").c_str(), 0644);
  EXPECT_THAT(make_certificate(options("second")),
              HasSubstr("Warning: others can read the authority's key: chmod 600 "));
}

TEST_F(CertTest, PutsTheWholeChainIntoItsFileAndNoKey) {
  make_certificate(options());
  const std::string text = read_file(folder / "cert.pem");
  EXPECT_TRUE(text.ends_with(read_file(folder / "ca/ca.pem")));
  EXPECT_THAT(text, Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(CertTest, TakesNamesDaysAndRsa) {
  CertOptions wanted = options();
  wanted.names = {"app.test", "*.app.test", "192.0.2.7"};
  wanted.validity = days(7);
  wanted.rsa = true;
  const std::string told = make_certificate(wanted);
  const tls::Certificate certificate = written("cert");
  EXPECT_EQ(certificate.subject, "CN=app.test");
  EXPECT_THAT(certificate.dns_names, ElementsAre("app.test", "*.app.test"));
  EXPECT_THAT(certificate.ip_addresses, ElementsAre("192.0.2.7"));
  EXPECT_EQ(certificate.not_after - certificate.not_before + std::chrono::seconds(1), days(7));
  EXPECT_GT(read_file(folder / "cert-key.pem").size(), 1600U);
  EXPECT_THAT(told, HasSubstr("app.test, *.app.test, 192.0.2.7"));
}

TEST_F(CertTest, MakesOneForAClient) {
  CertOptions wanted = options();
  wanted.client = "Ada's phone";
  const std::string told = make_certificate(wanted);
  EXPECT_EQ(written("cert").subject, "CN=Ada's phone");
  EXPECT_THAT(written("cert").dns_names, ElementsAre());
  EXPECT_THAT(told, HasSubstr("--tls-client-ca " + (folder / "ca/ca.pem")));
}

TEST_F(CertTest, ReplacesNothingUnlessForced) {
  make_certificate(options());
  const std::string before = read_file(folder / "cert.pem");
  EXPECT_THAT(complaint(options()), HasSubstr("cert.pem exists already: --force replaces it"));
  EXPECT_EQ(read_file(folder / "cert.pem"), before);

  CertOptions only_key = options("cert");
  only_key.certificate_path = folder / "new.pem";
  EXPECT_THAT(complaint(only_key), HasSubstr("cert-key.pem exists already"));
  EXPECT_FALSE(file_exists(folder / "new.pem"));

  CertOptions forced = options();
  forced.force = true;
  make_certificate(forced);
  EXPECT_NE(read_file(folder / "cert.pem"), before);
  EXPECT_EQ(mode_of(folder / "cert-key.pem"), 0600U);
}

TEST_F(CertTest, NeverReplacesTheAuthority) {
  make_certificate(options());
  for (const char* const name : {"ca/ca.pem", "ca/ca-key.pem", "ca/../ca/ca.pem"}) {
    CertOptions wanted = options("second");
    wanted.certificate_path = folder / name;
    wanted.force = true;
    EXPECT_THAT(complaint(wanted), HasSubstr("is the authority's"));
  }
}

TEST_F(CertTest, RefusesWhatIsWrongBeforeAnythingIsWritten) {
  const auto with = [this](auto change) {
    CertOptions result = options();
    change(result);
    return complaint(result);
  };
  EXPECT_THAT(with([](CertOptions& wanted) { wanted.names = {"a b"}; }),
              StartsWith("usage: \"a b\" can't be a certificate's name"));
  EXPECT_THAT(with([](CertOptions& wanted) { wanted.validity = days(399); }),
              HasSubstr("at most 398 days"));
  EXPECT_THAT(with([](CertOptions& wanted) { wanted.client = ""; }), HasSubstr("--client"));
  EXPECT_THAT(with([this](CertOptions& wanted) {
                wanted.key_path = folder.path().string() + "/./cert.pem";
              }),
              HasSubstr("name the same file"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(CertTest, SaysWhatIsWrongWithTheAuthority) {
  make_certificate(options());
  const std::string certificate = read_file(folder / "ca/ca.pem");
  const auto put = [this](const std::string& name, const std::string& text) {
    const NewFile file{folder / ("ca/" + name), text, Readable::by_owner};
    write_files({&file, 1}, Existing::replace);
  };
  put("ca.pem", "nonsense");
  EXPECT_THAT(complaint(options("new")), HasSubstr("ca can't sign: there is no certificate"));
  put("ca.pem", tls::make_authority("other").certificate);
  EXPECT_THAT(complaint(options("new")), HasSubstr("key does not belong"));
  const tls::IssuedCertificate brief = tls::make_authority("brief", days(5));
  put("ca.pem", brief.certificate);
  put("ca-key.pem", brief.key);
  EXPECT_THAT(complaint(options("new")), HasSubstr("ends in 4 days"));
  std::filesystem::remove(folder / "ca/ca-key.pem");
  EXPECT_THAT(complaint(options("new")), HasSubstr("ca.pem without "));
  put("ca-key.pem", brief.key);
  std::filesystem::remove(folder / "ca/ca.pem");
  EXPECT_THAT(complaint(options("new")), HasSubstr("ca-key.pem without "));
  EXPECT_FALSE(file_exists(folder / "new.pem"));
}

TEST(ShellWord, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_word("/tmp/a-b_c.pem"), "/tmp/a-b_c.pem");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b$(c)"), "'a b$(c)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace duplex::app
