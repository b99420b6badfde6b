#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <expected>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/client/error.hpp>
#include <duplex/client/result.hpp>
#include <duplex/tls/error.hpp>

namespace duplex::client {
namespace {

constexpr int client_error_last = static_cast<int>(ClientError::gave_up);
constexpr int step_last = static_cast<int>(Step::file);

TEST(ClientErrors, HaveASentenceEach) {
  std::set<std::string> sentences;
  for (int value = 1; value <= client_error_last; ++value) {
    const std::error_code code = static_cast<ClientError>(value);
    EXPECT_TRUE(code) << "zero would be success";
    EXPECT_STREQ(code.category().name(), "client");
    EXPECT_FALSE(code.message().empty());
    EXPECT_NE(code.message().back(), '.') << code.message();
    EXPECT_NE(code.message(), "an unknown error");
    sentences.insert(code.message());
  }
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(client_error_last));
  EXPECT_EQ(client_category().message(0), "an unknown error");
  EXPECT_EQ(client_category().message(client_error_last + 1), "an unknown error");
}

TEST(ClientErrors, CompareWithTheirOwnKindOnly) {
  const std::error_code code = ClientError::content_too_large;
  EXPECT_EQ(code, ClientError::content_too_large);
  EXPECT_NE(code, ClientError::content_failed);
  // The same number in other layers.
  EXPECT_NE(code, std::error_code(code.value(), std::system_category()));
  EXPECT_NE(code, std::error_code(code.value(), tls::tls_category()));
}

TEST(ClientSteps, HaveANameEach) {
  std::set<std::string_view> names;
  for (int value = 0; value <= step_last; ++value) names.insert(name(static_cast<Step>(value)));
  EXPECT_EQ(names,
            (std::set<std::string_view>{"request", "resolve", "connect", "proxy", "tls",
                                        "handshake", "protocol", "redirect", "content", "file"}));
  EXPECT_EQ(name(static_cast<Step>(step_last + 1)), "unknown");
}

TEST(ClientErrors, SayAllInALine) {
  struct Case {
    Error error;
    std::string_view message;
  };
  const Case cases[] = {
      {{.step = Step::tls,
        .code = tls::TlsError::not_tls,
        .peer = "example.com:443",
        .reason = "what came is no TLS"},
       "tls: example.com:443: what came is no TLS"},
      {{.step = Step::connect, .code = std::make_error_code(std::errc::connection_refused)},
       "connect: Connection refused"},
      {{.step = Step::file, .code = ClientError::unexpected_part, .peer = "/tmp/x"},
       "file: /tmp/x: a part came that was not asked for"},
      {{.reason = "why"}, "request: why"},
  };
  for (const auto& [error, message] : cases) EXPECT_EQ(error.message(), message);
}

TEST(ClientErrors, KnowLimitsOfTimeAndWhatWasStopped) {
  const Error late{.code = std::make_error_code(std::errc::timed_out)};
  EXPECT_TRUE(late.timed_out());
  EXPECT_FALSE(late.cancelled());
  // Of the system, as a connection that found nobody.
  const Error unreachable{.code = {ETIMEDOUT, std::system_category()}};
  EXPECT_TRUE(unreachable.timed_out());
  const Error stopped{.code = std::make_error_code(std::errc::operation_canceled)};
  EXPECT_TRUE(stopped.cancelled());
  EXPECT_FALSE(stopped.timed_out());
  const Error other{.code = ClientError::connection_closed};
  EXPECT_FALSE(other.timed_out() || other.cancelled());
}

TEST(ClientFailure, CarriesItsError) {
  const Result<int> result = std::unexpected(Error{.step = Step::redirect,
                                                   .code = ClientError::too_many_redirects,
                                                   .peer = "example.com:80",
                                                   .reason = "round and round"});
  try {
    static_cast<void>(result.value());
    FAIL() << "nothing was thrown";
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(), "redirect: example.com:80: round and round");
    EXPECT_EQ(failure.code(), ClientError::too_many_redirects);
    EXPECT_EQ(failure.error().step, Step::redirect);
    const Failure copy = failure;
    EXPECT_EQ(&copy.error(), &failure.error()) << "copies share it";
  }
  static_assert(std::is_base_of_v<std::runtime_error, Failure>);
  static_assert(std::is_nothrow_copy_constructible_v<Failure>);
}

}  // namespace
}  // namespace duplex::client
