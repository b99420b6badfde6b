#include "server/date_cache.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace duplex::server {
namespace {

TEST(DateCache, TellsTheTime) {
  DateCache cache;
  for (int i = 0; i < 3; ++i) {
    const std::time_t before = std::time(nullptr);
    const std::string text(cache.now());
    const std::time_t after = std::time(nullptr);
    const auto told = http::parse_date(text, before);
    ASSERT_TRUE(told) << text;
    // The coarse clock may be a tick behind, and so a second.
    EXPECT_GE(*told, before - 1);
    EXPECT_LE(*told, after);
  }
}

TEST(DateCache, FormatsAgainOnlyWhenTheSecondHasPassed) {
  DateCache cache;
  const char* const first = cache.now().data();
  EXPECT_EQ(cache.now().data(), first);
  EXPECT_EQ(cache.now().size(), http::date_size);
}

}  // namespace
}  // namespace duplex::server
