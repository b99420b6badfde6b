#include <gtest/gtest.h>

#include <string>
#include <system_error>

#include <duplex/tls/error.hpp>

namespace duplex::tls {
namespace {

TEST(TlsError, IsAnErrorCodeOfItsOwnCategory) {
  const std::error_code error = TlsError::certificate_expired;
  EXPECT_TRUE(error);
  EXPECT_EQ(error, TlsError::certificate_expired);
  EXPECT_NE(error, TlsError::wrong_host);
  EXPECT_EQ(error.category(), tls_category());
  EXPECT_STREQ(error.category().name(), "tls");
  EXPECT_EQ(std::error_code(TlsError::timed_out), std::errc::timed_out);
  EXPECT_NE(error, std::errc::timed_out);
}

TEST(TlsError, SaysWhatToCheck) {
  for (int value = static_cast<int>(TlsError::clear_http);
       value <= static_cast<int>(TlsError::weak); ++value) {
    const std::string message = std::error_code(static_cast<TlsError>(value)).message();
    EXPECT_TRUE(message.contains("check")) << message;
  }
  EXPECT_EQ(tls_category().message(0), "unknown error of TLS");
  EXPECT_EQ(tls_category().message(99), "unknown error of TLS");
}

}  // namespace
}  // namespace duplex::tls
