#include <gtest/gtest.h>

#include <set>
#include <string>
#include <system_error>

#include <duplex/http1/error.hpp>

namespace duplex::http1 {
namespace {

TEST(Http1Error, HasASentenceOfItsOwnForEach) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < error_count; ++i) {
    const std::string_view sentence = describe(static_cast<Error>(i));
    EXPECT_TRUE(sentence.ends_with('.')) << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

TEST(Http1Error, HasAnErrorStatusForEach) {
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto status = http::code(status_of(static_cast<Error>(i)));
    EXPECT_TRUE(status >= 400 && status < 600) << i;
  }
  EXPECT_EQ(status_of(Error::head_too_large), http::Status::request_header_fields_too_large);
  EXPECT_EQ(status_of(Error::too_many_fields), http::Status::request_header_fields_too_large);
  EXPECT_EQ(status_of(Error::trailers_too_large), http::Status::request_header_fields_too_large);
  EXPECT_EQ(status_of(Error::target_too_long), http::Status::uri_too_long);
  EXPECT_EQ(status_of(Error::content_too_large), http::Status::content_too_large);
  EXPECT_EQ(status_of(Error::unsupported_version), http::Status::http_version_not_supported);
  EXPECT_EQ(status_of(Error::unknown_method), http::Status::not_implemented);
  EXPECT_EQ(status_of(Error::connect_unsupported), http::Status::not_implemented);
  EXPECT_EQ(status_of(Error::unknown_transfer_coding), http::Status::not_implemented);
  EXPECT_EQ(status_of(Error::chunked_not_last), http::Status::bad_request);
  EXPECT_EQ(status_of(Error::invalid_host), http::Status::bad_request);
}

TEST(Http1Error, IsAnErrorCodeOfItsOwnCategory) {
  const std::error_code code = Error::too_many_empty_lines;
  EXPECT_EQ(code, Error::too_many_empty_lines);
  EXPECT_NE(code, Error::incomplete_content);
  EXPECT_EQ(code.category(), http1_category());
  EXPECT_STREQ(code.category().name(), "http1");
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_EQ(make_error_code(error).message() + ".", describe(error));
  }
}

TEST(Http1Error, HasAMessageForCodesThatMeanNothing) {
  EXPECT_EQ(http1_category().message(0), "The message breaks a rule of HTTP/1.1");
  EXPECT_EQ(http1_category().message(99), "The message breaks a rule of HTTP/1.1");
}

}  // namespace
}  // namespace duplex::http1
