#include "tls/reloadable_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tls/handshake_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::StartsWith;

class AReloadableContext : public ::testing::Test {
 protected:
  ScratchFolder folder_;
  std::string certificate_ = folder_.path("cert.pem");
  std::string key_ = folder_.path("key.pem");

  void write(const Issued& issued) const {
    folder_.file("cert.pem", issued.pem());
    folder_.file("key.pem", issued.key_pem());
  }
  static Issued named(const std::string& name) {
    return issue_by({.common_name = name, .alternative_names = "DNS:" + name});
  }
  std::shared_ptr<ReloadableContext> opened() const {
    return ReloadableContext::open({.certificate = certificate_, .key = key_}).value();
  }
};

TEST_F(AReloadableContext, SaysWhyItCannotBeOpened) {
  EXPECT_EQ(ReloadableContext::open({.certificate = certificate_, .key = key_}).error(),
            "can't read " + certificate_ + ": No such file or directory");
}

TEST_F(AReloadableContext, ChangesOnlyWhenToldTo) {
  write(named("old.test"));
  const auto context = opened();
  const auto before = context->current();
  write(named("new.test"));
  const auto loaded = context->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(context->current(), before);
  EXPECT_EQ(shake_hands(*context->current())->shown(), "old.test");
  context->use(*loaded);
  EXPECT_EQ(shake_hands(*context->current())->shown(), "new.test");
  // Who holds the old one may go on.
  EXPECT_EQ(shake_hands(*before)->shown(), "old.test");
}

TEST_F(AReloadableContext, KeepsWhatItHasWhenTheNewFilesAreBad) {
  write(named("old.test"));
  const auto context = opened();
  folder_.file("key.pem", named("new.test").key_pem());
  const auto loaded = context->load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), StartsWith("the key in " + key_ +
                                         " does not match the certificate in " + certificate_));
  EXPECT_EQ(shake_hands(*context->current())->shown(), "old.test");
}

TEST_F(AReloadableContext, ResumesSessionsOfTheContextBefore) {
  write(named("old.test"));
  const auto context = opened();
  const auto before = shake_hands(*context->current());
  write(named("new.test"));
  context->use(context->load().value());
  const auto after = shake_hands(*context->current(), {.session = before->session.get()});
  ASSERT_TRUE(after->done);
  EXPECT_TRUE(after->resumed());
}

TEST_F(AReloadableContext, NamesTheFilesToBeWatchedOnce) {
  const Issued issued = named("a.test");
  const ReloadableContext context({
      .certificate = "a.pem",
      .key = "a.key",
      .passphrase_file = "pass",
      .more = {{.certificate = "b.p12", .passphrase_file = "pass"},
               {.certificate = issued.pem(), .key = issued.key_pem()},
               {.certificate = "a.pem", .key = "c.key"}},
      .client_ca = "ca.pem",
  });
  EXPECT_THAT(context.files(), ElementsAre("a.pem", "a.key", "pass", "b.p12", "c.key", "ca.pem"));
  EXPECT_EQ(context.options().client_ca, "ca.pem");
}

}  // namespace
}  // namespace duplex::tls
