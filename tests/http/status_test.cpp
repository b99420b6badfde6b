#include <gtest/gtest.h>

#include <duplex/http/status.hpp>

namespace duplex::http {
namespace {

TEST(Status, NamesItsReason) {
  EXPECT_EQ(reason_phrase(Status::ok), "OK");
  EXPECT_EQ(reason_phrase(Status::switching_protocols), "Switching Protocols");
  EXPECT_EQ(reason_phrase(Status::http_version_not_supported), "HTTP Version Not Supported");
}

TEST(Status, AnyNumberMayBeCastAndHasNoReason) {
  EXPECT_EQ(reason_phrase(static_cast<Status>(299)), "");
  EXPECT_EQ(code(static_cast<Status>(299)), 299);
}

TEST(Status, KnowsWhichForbidContent) {
  for (int number = 100; number < 600; ++number) {
    const bool expected = number < 200 || number == 204 || number == 304;
    EXPECT_EQ(forbids_content(static_cast<Status>(number)), expected) << number;
  }
}

}  // namespace
}  // namespace duplex::http
