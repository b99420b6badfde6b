#include "get_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

using http::Method;
using testing::HasSubstr;

GetArguments to(std::string url) {
  GetArguments arguments;
  arguments.url = std::move(url);
  return arguments;
}

std::string refusal(const GetArguments& arguments) {
  try {
    resolve(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(GetOptions, AskForThePlaceThatAUrlNames) {
  EXPECT_EQ(resolve(to("http://a/b")).url, "http://a/b");
  EXPECT_EQ(resolve(to("localhost:8080/b?c=d")).url, "http://localhost:8080/b?c=d");
  EXPECT_EQ(resolve(to("wss://a/b")).url, "https://a/b");
  EXPECT_EQ(resolve(to("https://a/b#part")).url, "https://a/b");
  EXPECT_THAT(refusal(to("ftp://a/")), HasSubstr("no URL to get"));
}

TEST(GetOptions, ChooseTheMethod) {
  GetArguments arguments = to("http://a/");
  EXPECT_EQ(resolve(arguments).method, Method::get);
  arguments.head_only = true;
  EXPECT_EQ(resolve(arguments).method, Method::head);
  EXPECT_TRUE(resolve(arguments).heads);
  arguments = to("http://a/");
  arguments.data = "a=b";
  EXPECT_EQ(resolve(arguments).method, Method::post);
  arguments.method = "PATCH";
  EXPECT_EQ(resolve(arguments).method, Method::patch);
  arguments = to("http://a/");
  arguments.upload = "file";
  EXPECT_EQ(resolve(arguments).method, Method::put);
  for (const char* const method : {"get", "CONNECT", "BREW"}) {
    arguments.method = method;
    EXPECT_THAT(refusal(arguments), HasSubstr("--request")) << method;
  }
}

TEST(GetOptions, ChooseTheContent) {
  GetArguments arguments = to("http://a/");
  arguments.data = "a=b";
  GetOptions options = resolve(arguments);
  EXPECT_EQ(std::get<TextContent>(options.content).text, "a=b");
  EXPECT_EQ(options.media_type, "application/x-www-form-urlencoded");
  arguments.data = "@form.txt";
  EXPECT_EQ(std::get<FileContent>(resolve(arguments).content).path, "form.txt");
  arguments.data = "@-";
  EXPECT_TRUE(std::holds_alternative<InputContent>(resolve(arguments).content));
  arguments.data = "@";
  EXPECT_THAT(refusal(arguments), HasSubstr("@FILE"));

  arguments = to("http://a/");
  arguments.json = "{}";
  options = resolve(arguments);
  EXPECT_EQ(options.media_type, "application/json");
  EXPECT_EQ(options.client.fields.find("Accept"), "application/json");
  arguments.client.fields = {"Content-Type: application/problem+json"};
  options = resolve(arguments);
  EXPECT_EQ(options.media_type, "application/problem+json");
  EXPECT_FALSE(options.client.fields.contains("Content-Type"));
  arguments.data = "x";
  EXPECT_THAT(refusal(arguments), HasSubstr("don't go together"));

  arguments = to("http://a/");
  arguments.upload = "-";
  EXPECT_TRUE(std::holds_alternative<InputContent>(resolve(arguments).content));
  arguments.head_only = true;
  EXPECT_THAT(refusal(arguments), HasSubstr("--head"));
}

TEST(GetOptions, TellADownloadThatCanBeResumed) {
  GetArguments arguments = to("http://a/b");
  EXPECT_FALSE(resolve(arguments).is_download());
  arguments.output = "file";
  EXPECT_TRUE(resolve(arguments).is_download());
  arguments.output = "-";
  EXPECT_FALSE(resolve(arguments).is_download());
  arguments.output.clear();
  arguments.remote_name = true;
  EXPECT_TRUE(resolve(arguments).is_download());
  EXPECT_EQ(resolve(arguments).output, "b");
  arguments.range = "0-9";
  EXPECT_FALSE(resolve(arguments).is_download());
  arguments.range.clear();
  arguments.data = "x";
  EXPECT_FALSE(resolve(arguments).is_download());
  arguments.output = "file";
  EXPECT_THAT(refusal(arguments), HasSubstr("don't go together"));
}

TEST(GetOptions, AskForARangeOfWhatIsStored) {
  GetArguments arguments = to("http://a/");
  for (const char* const range : {"0-99", "100-", "-5", "0-1,5-6"}) {
    arguments.range = range;
    EXPECT_EQ(resolve(arguments).client.fields.find("Range"), std::string("bytes=") + range);
    EXPECT_FALSE(resolve(arguments).decode);
  }
  for (const char* const range : {"7", "a-b", "0-1\r\n"}) {
    arguments.range = range;
    EXPECT_THAT(refusal(arguments), HasSubstr("--range")) << range;
  }
}

TEST(GetOptions, NameAFileInThisFolderOnly) {
  EXPECT_EQ(file_name_of("http://a/b/c%20d.txt?x=y"), "c d.txt");
  for (const char* const url : {"http://a/", "http://a", "http://a/b/", "http://a/..%2fb",
                                "http://a/%2e%2e", "http://a/b%0a"}) {
    EXPECT_THROW(file_name_of(url), UsageError) << url;
  }
}

TEST(GetOptions, RefuseNumbersOutOfTheirRange) {
  GetArguments arguments = to("http://a/");
  arguments.retries = "-1";
  EXPECT_THAT(refusal(arguments), HasSubstr("--retries"));
  arguments.retries = "5";
  arguments.redirects_max = "1000";
  EXPECT_THAT(refusal(arguments), HasSubstr("--redirects-max"));
  arguments.redirects_max = "0";
  EXPECT_EQ(resolve(arguments).redirects_max, 0U);
  EXPECT_EQ(resolve(arguments).retries_max, 5U);
}

}  // namespace
}  // namespace duplex::app
