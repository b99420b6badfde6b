#include "client/public_suffix.hpp"

#include <gtest/gtest.h>

namespace duplex::client {
namespace {

TEST(PublicSuffix, IsWhatTheListHasAndEverySingleLabel) {
  for (const auto* suffix : {"com", "co.uk", "github.io", "com.", "xn--p1ai", "localhost",
                             "intranet", "city.kawasaki.jp.invalid-label"}) {
    const bool listed = std::string_view(suffix).find("invalid") == std::string_view::npos;
    EXPECT_EQ(is_public_suffix(suffix), listed) << suffix;
  }
  // Rules with a wildcard and an exception.
  EXPECT_TRUE(is_public_suffix("any.ck"));
  EXPECT_FALSE(is_public_suffix("www.ck"));
  EXPECT_FALSE(is_public_suffix("example.com"));
  EXPECT_FALSE(is_public_suffix("a.example.intranet"));
}

TEST(PublicSuffix, HasOneOwnerBelowIt) {
  EXPECT_EQ(registrable_domain("a.b.example.co.uk"), "example.co.uk");
  EXPECT_EQ(registrable_domain("example.com"), "example.com");
  EXPECT_EQ(registrable_domain("www.example.com."), "example.com");
  EXPECT_EQ(registrable_domain("a.b.github.io"), "b.github.io");
  EXPECT_EQ(registrable_domain("co.uk"), "co.uk");
  EXPECT_EQ(registrable_domain("localhost"), "localhost");
  EXPECT_EQ(registrable_domain("a.localhost"), "a.localhost");
  EXPECT_EQ(registrable_domain("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(registrable_domain("2001:db8::1"), "2001:db8::1");
}

TEST(PublicSuffix, KnowsAddressesFromNames) {
  for (const auto* host : {"192.0.2.1", "::1", "1", "a.1", "1.0x7f"}) {
    EXPECT_TRUE(is_address(host)) << host;
  }
  for (const auto* host : {"example.com", "1.example", "1a", "a.1x", "127.0.0.1.", ""}) {
    EXPECT_FALSE(is_address(host)) << host;
  }
}

}  // namespace
}  // namespace duplex::client
