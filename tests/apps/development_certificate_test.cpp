#include "development_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "files.hpp"
#include "tests/server/static_files/temporary_folder.hpp"
#include <duplex/tls/authority.hpp>

namespace duplex::app {
namespace {

using std::chrono::days;
using std::chrono::system_clock;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;

class DevelopmentCertificateTest : public testing::Test {
 protected:
  DevelopmentCertificateTest() { ::setenv("XDG_DATA_HOME", folder.path().c_str(), 1); }
  ~DevelopmentCertificateTest() override { ::unsetenv("XDG_DATA_HOME"); }

  unsigned mode_of(const std::string& name) const {
    return static_cast<unsigned>(std::filesystem::status(folder / name).permissions());
  }
  void put(const std::string& text) const {
    const NewFile file{folder / both, text, Readable::by_owner};
    write_files({&file, 1}, Existing::replace);
  }
  static std::string made(const std::vector<std::string>& names, days validity) {
    const tls::IssuedCertificate issued =
        tls::make_self_signed({.names = names, .validity = validity});
    return issued.certificate + issued.key;
  }

  static constexpr auto both = "duplex/self-signed/certificate-and-key.pem";
  server::TemporaryFolder folder;
};

TEST_F(DevelopmentCertificateTest, IsForThisMachine) {
  const DevelopmentCertificate made = development_certificate();
  EXPECT_THAT(made.certificate.dns_names, Contains("localhost"));
  EXPECT_THAT(made.certificate.ip_addresses, IsSupersetOf({"127.0.0.1", "::1"}));
  EXPECT_GT(made.certificate.not_after, system_clock::now() + days(300));
}

TEST_F(DevelopmentCertificateTest, IsTheSameTheNextTime) {
  const DevelopmentCertificate first = development_certificate();
  const DevelopmentCertificate second = development_certificate();
  EXPECT_EQ(first.reason, "");
  EXPECT_EQ(first.certificate.fingerprint, second.certificate.fingerprint);
  EXPECT_EQ(second.credential, folder / both);
  EXPECT_EQ(tls::describe(read_file(second.credential)).fingerprint, first.certificate.fingerprint);
  EXPECT_EQ(tls::describe(read_file(second.public_path)).fingerprint,
            first.certificate.fingerprint);
}

TEST_F(DevelopmentCertificateTest, KeepsItsKeyForItsOwner) {
  const DevelopmentCertificate made = development_certificate();
  EXPECT_EQ(mode_of("duplex/self-signed"), 0700U);
  EXPECT_EQ(mode_of(both), 0600U);
  EXPECT_THAT(read_file(made.credential), HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(read_file(made.public_path), testing::Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(DevelopmentCertificateTest, IsMadeAnewWhenTheOldOneIsOfNoMoreUse) {
  std::vector<std::string> names = development_certificate().certificate.dns_names;
  names.insert(names.end(), {"127.0.0.1", "::1"});
  put(made(names, days(200)));
  const std::string kept = tls::describe(read_file(folder / both)).fingerprint;
  EXPECT_EQ(development_certificate().certificate.fingerprint, kept);

  for (const std::string& old : {made(names, days(20)), made({"another.machine"}, days(200)),
                                 std::string("nonsense"), std::string()}) {
    put(old);
    const DevelopmentCertificate fresh = development_certificate();
    EXPECT_GT(fresh.certificate.not_after, system_clock::now() + days(300));
    EXPECT_EQ(tls::describe(read_file(folder / both)).fingerprint, fresh.certificate.fingerprint);
  }
}

TEST_F(DevelopmentCertificateTest, IsInMemoryWhereNothingCanBeKept) {
  ::setenv("XDG_DATA_HOME", "/proc/nowhere", 1);
  const DevelopmentCertificate made = development_certificate();
  EXPECT_THAT(made.reason, HasSubstr("/proc/nowhere"));
  EXPECT_EQ(made.public_path, "");
  EXPECT_THAT(made.credential, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(made.credential, HasSubstr("BEGIN PRIVATE KEY"));
}

}  // namespace
}  // namespace duplex::app
