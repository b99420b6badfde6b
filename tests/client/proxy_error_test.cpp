#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <duplex/client/proxy_error.hpp>

namespace duplex::client {
namespace {

TEST(ProxyError, HasASentenceForEachOfItsValues) {
  std::set<std::string_view> sentences;
  for (int value = 1; value <= proxy_error_count; ++value) {
    const auto error = static_cast<ProxyError>(value);
    EXPECT_EQ(make_error_code(error).message(), describe(error));
    EXPECT_FALSE(describe(error).ends_with('.'));
    sentences.insert(describe(error));
  }
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(proxy_error_count));
  const std::error_code unknown(99, proxy_category());
  EXPECT_EQ(unknown.message(), "unknown error of the proxy");
}

TEST(ProxyError, IsAnErrorCode) {
  const std::error_code error = ProxyError::login_refused;
  EXPECT_EQ(error, ProxyError::login_refused);
  EXPECT_NE(error, ProxyError::not_allowed);
  EXPECT_STREQ(error.category().name(), "proxy");
  EXPECT_TRUE(error) << "no error is zero";
}

TEST(ProxyError, EqualsTheSystemsErrorThatSaysTheSame) {
  EXPECT_EQ(make_error_code(ProxyError::network_unreachable), std::errc::network_unreachable);
  EXPECT_EQ(make_error_code(ProxyError::host_unreachable), std::errc::host_unreachable);
  EXPECT_EQ(make_error_code(ProxyError::connection_refused), std::errc::connection_refused);
  EXPECT_NE(make_error_code(ProxyError::general_failure), std::errc::connection_refused);
}

TEST(ProxyError, IsToldWithWhatTheProxySaid) {
  EXPECT_EQ(describe(ProxyFailure{ProxyError::not_allowed}), describe(ProxyError::not_allowed));
  EXPECT_EQ(describe(ProxyFailure{.error = ProxyError::tunnel_refused,
                                  .status = http::Status::forbidden,
                                  .reason = "Filtered",
                                  .content = "<html>"}),
            "the proxy refused to connect: 403 Filtered");
  EXPECT_EQ(describe(ProxyFailure{.error = ProxyError::tunnel_refused,
                                  .status = http::Status::forbidden}),
            "the proxy refused to connect: 403");
  EXPECT_THAT(describe(ProxyFailure{.error = ProxyError::malformed_response,
                                    .malformation = http1::Error::invalid_status_line}),
              ::testing::StartsWith("the proxy's answer is not valid HTTP/1.1: The answer does"));
}

}  // namespace
}  // namespace duplex::client
