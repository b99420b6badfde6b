#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "server/response_access.hpp"
#include <duplex/server/response.hpp>

namespace duplex::server {
namespace {

std::string text_of(Response response) {
  return std::get<std::string>(ResponseAccess::body(response));
}

TEST(Response, IsAnEmpty200ByDefault) {
  Response response;
  EXPECT_EQ(response.status(), http::Status::ok);
  EXPECT_TRUE(response.fields().empty());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(ResponseAccess::body(response)));
  EXPECT_FALSE(ResponseAccess::closes(response));
}

TEST(Response, SaysOfWhatTypeItsContentIs) {
  const struct {
    Response response;
    const char* media_type;
  } cases[] = {
      {Response::text("x"), "text/plain; charset=utf-8"},
      {Response::html("x"), "text/html; charset=utf-8"},
      {Response::json("1"), "application/json"},
      {Response::bytes("x"), "application/octet-stream"},
      {Response::bytes("x", "image/png"), "image/png"},
      {Response::shared(SharedBytes::copy_of(as_bytes("x")), "font/woff2"), "font/woff2"},
      {Response::generated("text/csv", [] { return std::nullopt; }), "text/csv"},
      {Response::stream("text/csv", [](BodyWriter&) -> Task<> { co_return; }), "text/csv"},
      {Response::events([](EventWriter&) -> Task<> { co_return; }), "text/event-stream"},
      {Response::topic("news"), "text/event-stream"},
  };
  for (const auto& [response, media_type] : cases) {
    EXPECT_EQ(response.fields().find("Content-Type"), media_type);
    EXPECT_EQ(response.status(), http::Status::ok);
  }
  EXPECT_EQ(text_of(Response::json("{}", http::Status::created)), "{}");
}

TEST(Response, LeavesTheTypeOfAFileToTheFile) {
  EXPECT_FALSE(Response::file("/x.png").fields().contains("Content-Type"));
}

TEST(Response, KeepsNewsOutOfCaches) {
  for (const Response& response :
       {Response::topic("news"), Response::events([](EventWriter&) -> Task<> { co_return; })}) {
    EXPECT_EQ(response.fields().find("Cache-Control"), "no-store");
    EXPECT_EQ(response.fields().find("X-Accel-Buffering"), "no");
  }
}

TEST(Response, Redirects) {
  const Response response = Response::redirect("/there");
  EXPECT_EQ(response.status(), http::Status::see_other);
  EXPECT_EQ(response.fields().find("Location"), "/there");
  EXPECT_EQ(Response::redirect("/", http::Status::moved_permanently).status(),
            http::Status::moved_permanently);
}

TEST(Response, IsBuiltInOneExpression) {
  const Response response = Response::text("x")
                                .set_status(http::Status::created)
                                .add_field("X-A", "1")
                                .add_field("x-a", "2")
                                .set_field("Content-Type", "text/csv")
                                .set_cookie({.name = "id", .value = "7"})
                                .set_cookie({.name = "lang", .value = "en"})
                                .close_connection();
  EXPECT_EQ(response.status(), http::Status::created);
  EXPECT_TRUE(ResponseAccess::closes(response));
  std::string names;
  for (const auto [name, value] : response.fields()) names += std::string(name) + " ";
  EXPECT_EQ(response.fields().find("Content-Type"), "text/csv");
  EXPECT_NE(names.find("X-A x-a "), std::string::npos) << names;
  EXPECT_EQ(names.find("Set-Cookie"), names.rfind("Set-Cookie") - std::string("Set-Cookie ").size())
      << "one line for each cookie";
}

TEST(Response, RefusesFieldsThatWouldAddOthers) {
  Response response;
  EXPECT_THROW(response.add_field("X", "a\r\nSet-Cookie: evil=1"), std::invalid_argument);
  EXPECT_THROW(response.add_field("X: y\r\nZ", "a"), std::invalid_argument);
  EXPECT_THROW(response.set_field("", "a"), std::invalid_argument);
  EXPECT_THROW(response.set_cookie({.name = "a", .value = "b; Domain=evil"}),
               std::invalid_argument);
  EXPECT_THROW(Response::redirect("/\r\nSet-Cookie: evil=1"), std::invalid_argument);
  EXPECT_TRUE(response.fields().empty());
}

TEST(Response, EncodesWhatNoLocationMayHold) {
  const struct {
    std::string_view target;
    std::string_view location;
  } cases[] = {
      {"/a b", "/a%20b"},
      {"/caf\xc3\xa9?\xff#\x80", "/caf%C3%A9?%FF#%80"},
      {"/\t\x01\x1f\x7f", "/%09%01%1F%7F"},
      {"/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D"},
      // What is encoded is not encoded twice, but a percent sign alone is nothing.
      {"/a%20b%c3%A9", "/a%20b%c3%A9"},
      {"/100%", "/100%25"},
      {"/%4%zz%%41", "/%254%25zz%25%41"},
      {"https://[::1]:8080/!$&'()*+,;=:@-._~?/?#/", "https://[::1]:8080/!$&'()*+,;=:@-._~?/?#/"},
      {"", ""},
  };
  for (const auto& [target, location] : cases) {
    EXPECT_EQ(Response::redirect(target).fields().find("Location"), location);
  }
  using namespace std::string_view_literals;
  for (const std::string_view target : {"/a\rb"sv, "/a\nb"sv, "/a\0b"sv, "\r\n"sv}) {
    EXPECT_THROW(Response::redirect(target), std::invalid_argument) << target;
  }
}

}  // namespace
}  // namespace duplex::server
