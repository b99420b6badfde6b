#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <duplex/http1/request_writer.hpp>

namespace duplex::http1 {
namespace {

using http::Method;

http::Url url(std::string_view text) {
  return http::Url::parse(text).value();
}

using Written = std::expected<std::string, RequestError>;

Written write(Method method, const http::Url& to, TargetForm form, const http::Fields& fields = {},
              const RequestPlan& plan = {}) {
  ByteQueue out;
  out.append("before");
  const auto done = write_request_head(method, to, form, fields, plan, out);
  const std::string text(as_text(out.content()));
  EXPECT_TRUE(text.starts_with("before"));
  if (!done) {
    EXPECT_EQ(text, "before");
    return std::unexpected(done.error());
  }
  return text.substr(6);
}

http::Fields fields_of(std::string_view name, std::string_view value) {
  http::Fields fields;
  fields.add(name, value);
  return fields;
}

TEST(RequestWriter, WritesAHead) {
  http::Fields fields;
  fields.add("Accept", "*/*");
  fields.add("X-Empty", "");
  EXPECT_EQ(write(Method::post, url("https://a.example:8443/b%20c?d=e"), TargetForm::origin, fields,
                  {.framing = Framing::content_length,
                   .content_length = 18446744073709551615U,
                   .expect_continue = true,
                   .connection = {.close = true}}),
            "POST /b%20c?d=e HTTP/1.1\r\nHost: a.example:8443\r\nAccept: */*\r\nX-Empty: \r\n"
            "Content-Length: 18446744073709551615\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n");
}

TEST(RequestWriter, WritesEachTargetForm) {
  struct Case {
    Method method;
    const char* url;
    TargetForm form;
    std::string target, host;
  };
  using enum TargetForm;
  const Case cases[] = {
      {Method::get, "http://a", origin, "/", "a"},
      {Method::get, "http://a:80/?b", origin, "/?b", "a"},
      {Method::head, "https://[::1]:444/b", origin, "/b", "[::1]:444"},
      {Method::get, "ws://a:81/b?c", origin, "/b?c", "a:81"},
      {Method::get, "http://a/b?c", absolute, "http://a/b?c", "a"},
      {Method::put, "http://[::1]:81/", absolute, "http://[::1]:81/", "[::1]:81"},
      {Method::connect, "https://a/b?c", authority, "a:443", "a:443"},
      {Method::connect, "wss://[2001:db8::1]:81/", authority, "[2001:db8::1]:81",
       "[2001:db8::1]:81"},
      {Method::options, "http://a/b", asterisk, "*", "a"},
      {Method::options, "http://a/b", origin, "/b", "a"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(write(c.method, url(c.url), c.form), std::string(name(c.method)) + " " + c.target +
                                                       " HTTP/1.1\r\nHost: " + c.host + "\r\n\r\n");
  }
}

TEST(RequestWriter, PutsAnotherHostFirst) {
  http::Fields fields = fields_of("A", "b");
  fields.add("hOST", "c.example:81");
  EXPECT_EQ(write(Method::get, url("http://a/"), TargetForm::origin, fields),
            "GET / HTTP/1.1\r\nHost: c.example:81\r\nA: b\r\n\r\n");
}

TEST(RequestWriter, SaysWhatWasPlanned) {
  const auto lines = [](const RequestPlan& plan, const http::Fields& fields = {}) {
    const auto text = write(Method::get, url("http://a/"), TargetForm::origin, fields, plan);
    static constexpr std::string_view begin = "GET / HTTP/1.1\r\nHost: a\r\n";
    return text ? text->substr(begin.size()) : "refused";
  };
  EXPECT_EQ(lines({.framing = Framing::content_length}), "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(lines({.framing = Framing::chunked}), "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(lines({.connection = {.upgrade = true}}, fields_of("Upgrade", "websocket")),
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(lines({.connection = {.close = true, .upgrade = true}}),
            "Connection: Upgrade, close\r\n\r\n");
}

TEST(RequestWriter, MakesRoomForTheLongestOfItsOwnLines) {
  const std::string long_value(1000, 'x');  // so that the queue's block is no larger than asked for
  const auto text =
      write(Method::get, url("http://a/"), TargetForm::origin, fields_of("X-Long", long_value),
            {.framing = Framing::content_length,
             .content_length = 18446744073709551615U,
             .expect_continue = true,
             .connection = {.keep_alive = true, .upgrade = true}});
  EXPECT_EQ(text, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + long_value +
                      "\r\nContent-Length: 18446744073709551615\r\nExpect: 100-continue\r\n"
                      "Connection: Upgrade, keep-alive\r\n\r\n");
}

TEST(RequestWriter, TakesFieldsWithNamesAsLongAsThoseItRefuses) {
  http::Fields fields;
  for (std::string_view name : {"DN", "Cookie", "Referer", "User-Agent", "Content-Range-",
                                "Accept-Language-", "If-Modified-Since", "Trailer", "From"}) {
    fields.add(name, "x");
  }
  EXPECT_TRUE(write(Method::get, url("http://a/"), TargetForm::origin, fields));
}

TEST(RequestWriter, RefusesWhatItMustNotWrite) {
  struct Case {
    RequestError error;
    Method method = Method::get;
    http::Url to = url("http://a/");
    TargetForm form = TargetForm::origin;
    http::Fields fields = {};
  };
  const auto with = [](auto change) {
    http::Url changed = url("http://a/");
    change(changed);
    return changed;
  };
  http::Fields two_hosts = fields_of("Host", "a");
  two_hosts.add("host", "a");
  using enum RequestError;
  const Case cases[] = {
      // URLs that no text says, put together by hand.
      {invalid_target, Method::get, with([](auto& to) { to.path = "/a b"; })},
      {invalid_target, Method::get, with([](auto& to) { to.path = "/a\r\nX: y"; })},
      {invalid_target, Method::get, with([](auto& to) { to.path = "/a#b"; })},
      {invalid_target, Method::get, with([](auto& to) { to.path = "/\xc3\xa9"; })},
      {invalid_target, Method::get, with([](auto& to) { to.path = ""; })},
      {invalid_target, Method::get, with([](auto& to) { to.path = "a"; })},
      {invalid_target, Method::get, with([](auto& to) { to.query = std::string(1, '\0'); })},
      {invalid_target, Method::get, with([](auto& to) { to.scheme = "ht tp"; }),
       TargetForm::absolute},
      {invalid_target_form, Method::connect, url("http://a/"), TargetForm::origin},
      {invalid_target_form, Method::connect, url("http://a/"), TargetForm::absolute},
      {invalid_target_form, Method::connect, url("http://a/"), TargetForm::asterisk},
      {invalid_target_form, Method::get, url("http://a/"), TargetForm::authority},
      {invalid_target_form, Method::get, url("http://a/"), TargetForm::asterisk},
      {invalid_host, Method::get, with([](auto& to) { to.host = ""; })},
      {invalid_host, Method::get, with([](auto& to) { to.host = "a\r\nX: y"; })},
      {invalid_host, Method::get, with([](auto& to) { to.host = "a:b"; })},
      {invalid_host, Method::get, with([](auto& to) { to.host = "a/b"; })},
      {invalid_host, Method::get, with([](auto& to) { to.port = 0; })},
      {invalid_host, Method::get, url("http://a/"), TargetForm::origin, two_hosts},
      {invalid_host, Method::get, url("http://a/"), TargetForm::origin, fields_of("Host", "")},
      {invalid_host, Method::get, url("http://a/"), TargetForm::origin, fields_of("Host", "a b")},
      {connection_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("connection", "close")},
      {connection_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("Keep-Alive", "5")},
      {connection_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("Proxy-Connection", "keep-alive")},
      {connection_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("TE", "trailers")},
      {framing_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("content-length", "5")},
      {framing_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("Transfer-Encoding", "chunked")},
      {expect_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("Expect", "100-continue")},
      {upgrade_field, Method::get, url("http://a/"), TargetForm::origin,
       fields_of("Upgrade", "websocket")},
  };
  std::set<RequestError> seen;
  for (const Case& c : cases) {
    const auto written = write(c.method, c.to, c.form, c.fields);
    ASSERT_FALSE(written) << *written;
    EXPECT_EQ(written.error(), c.error) << describe(written.error());
    seen.insert(written.error());
  }
  EXPECT_EQ(seen.size(), request_error_count);
}

TEST(RequestWriter, HasASentenceForEachError) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const auto sentence = describe(static_cast<RequestError>(i));
    EXPECT_TRUE(sentence.ends_with('.')) << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

TEST(RequestWriter, HasErrorsThatAreErrorCodes) {
  const std::error_code code = RequestError::invalid_target;
  EXPECT_EQ(code, RequestError::invalid_target);
  EXPECT_NE(code, RequestError::upgrade_field);
  EXPECT_EQ(code.category(), request_category());
  EXPECT_STREQ(code.category().name(), "request");
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const auto error = static_cast<RequestError>(i);
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_EQ(make_error_code(error).message() + ".", describe(error));
  }
}

}  // namespace
}  // namespace duplex::http1
