#include "client/proxy_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace duplex::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

/// The text of the proxy for `url`; empty for none, and the error behind a "!".
std::string choice(std::string_view url, const ProxyOptions& options,
                   const Variables& variables = {}) {
  const ProxyChoice choice(options, environment(variables));
  const auto proxy = choice.choose(http::Url::parse(url).value());
  if (!proxy) return "!" + proxy.error();
  return *proxy == nullptr ? "" : (*proxy)->text();
}

std::string choice_by(const Variables& variables, std::string_view url) {
  return choice(url, {}, variables);
}

TEST(ProxyChoice, IsNoneUnlessSomebodySaysSo) {
  EXPECT_EQ(choice("https://example.com/", ProxyOptions{}), "");
  EXPECT_EQ(choice_by({{"no_proxy", "*"}}, "https://example.com/"), "");
}

TEST(ProxyChoice, GoesByTheVariableOfTheScheme) {
  const Variables variables = {{"http_proxy", "clear:1"}, {"https_proxy", "secure:2"}};
  EXPECT_EQ(choice_by(variables, "http://example.com/"), "http://clear:1");
  EXPECT_EQ(choice_by(variables, "ws://example.com/"), "http://clear:1");
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "http://secure:2");
  EXPECT_EQ(choice_by(variables, "wss://example.com/"), "http://secure:2");
  EXPECT_EQ(choice_by({{"http_proxy", "clear:1"}}, "wss://example.com/"), "");
  EXPECT_EQ(choice_by({{"https_proxy", "secure:2"}}, "ws://example.com/"), "");
}

TEST(ProxyChoice, PrefersTheSchemesVariableAndSmallLetters) {
  Variables variables = {{"ALL_PROXY", "four:4"}};
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "http://four:4");
  EXPECT_EQ(choice_by(variables, "http://example.com/"), "http://four:4");
  variables["all_proxy"] = "socks5h://three:3";
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "socks5://three:3");
  EXPECT_EQ(choice_by(variables, "http://example.com/"), "socks5://three:3");
  variables["HTTPS_PROXY"] = "two:2";
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "http://two:2");
  EXPECT_EQ(choice_by(variables, "http://example.com/"), "socks5://three:3");
  variables["https_proxy"] = "one:1";
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "http://one:1");
  variables["https_proxy"] = "";
  EXPECT_EQ(choice_by(variables, "https://example.com/"), "http://two:2") << "empty is as unset";
}

// CVE-2016-5385
TEST(ProxyChoice, NeverGoesByWhatMayBeAFieldOfARequest) {
  EXPECT_EQ(choice_by({{"HTTP_PROXY", "evil:1"}}, "http://example.com/"), "");
  EXPECT_EQ(choice_by({{"HTTP_PROXY", "evil:1"}}, "https://example.com/"), "");
}

TEST(ProxyChoice, LeavesOutWhatTheEnvironmentListsAndThisMachine) {
  Variables variables = {{"all_proxy", "proxy:1"}, {"NO_PROXY", "a.example, 10.0.0.0/8, b:8080"}};
  EXPECT_EQ(choice_by(variables, "https://a.example/"), "");
  EXPECT_EQ(choice_by(variables, "https://www.a.example/"), "");
  EXPECT_EQ(choice_by(variables, "https://10.1.2.3/"), "");
  EXPECT_EQ(choice_by(variables, "http://b:8080/"), "");
  EXPECT_EQ(choice_by(variables, "http://b/"), "http://proxy:1");
  EXPECT_EQ(choice_by(variables, "https://c.example/"), "http://proxy:1");
  for (const std::string_view url :
       {"http://localhost/", "http://127.0.0.1:8080/", "wss://[::1]/", "http://api.localhost/"}) {
    EXPECT_EQ(choice_by(variables, url), "") << url;
  }
  variables["no_proxy"] = "c.example";
  EXPECT_EQ(choice_by(variables, "https://c.example/"), "");
  EXPECT_EQ(choice_by(variables, "https://a.example/"), "http://proxy:1");
}

TEST(ProxyChoice, PassesOverElementsOfTheEnvironmentThatItCannotRead) {
  EXPECT_EQ(choice_by({{"all_proxy", "proxy:1"}, {"no_proxy", "10.*,b"}}, "http://b/"), "");
}

TEST(ProxyChoice, PutsOptionsBeforeTheEnvironment) {
  const Variables variables = {{"all_proxy", "variable:1"}, {"no_proxy", "a.example"}};
  const ProxyOptions options = {.url = "socks5://option:2"};
  EXPECT_EQ(choice("https://example.com/", options, variables), "socks5://option:2");
  EXPECT_EQ(choice("http://example.com/", options, variables), "socks5://option:2");
  EXPECT_EQ(choice("http://localhost/", options, variables), "socks5://option:2")
      << "who names a proxy means all";
  EXPECT_EQ(choice("http://a.example/", options, variables), "");

  ProxyOptions with_list = {.url = "option:2", .no_proxy = "b.example"};
  EXPECT_EQ(choice("http://a.example/", with_list, variables), "http://option:2");
  EXPECT_EQ(choice("http://b.example/", with_list, variables), "");
  with_list.url.clear();
  EXPECT_EQ(choice("http://a.example/", with_list, variables), "http://variable:1");
  EXPECT_EQ(choice("http://b.example/", with_list, variables), "");
}

TEST(ProxyChoice, LeavesTheEnvironmentAloneWhenToldSo) {
  const Environment forbidden = [](const char* name) -> const char* {
    ADD_FAILURE() << "asked for " << name;
    return nullptr;
  };
  const ProxyChoice none({.from_environment = false}, forbidden);
  EXPECT_EQ(none.choose(*http::Url::parse("http://example.com/")), nullptr);
  const ProxyChoice one({.url = "h:1", .from_environment = false}, forbidden);
  const auto proxy = one.choose(*http::Url::parse("http://example.com/"));
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_EQ((*proxy)->text(), "http://h:1");
}

TEST(ProxyChoice, NamesTheVariableThatCannotBeRead) {
  const Variables variables = {
      {"https_proxy", "https://user:secret@h:1"}, {"http_proxy", "h:1"}, {"no_proxy", "a.example"}};
  EXPECT_THAT(choice_by(variables, "wss://example.com/"),
              AllOf(HasSubstr("!the environment variable https_proxy: "), HasSubstr("socks5h://"),
                    Not(HasSubstr("secret"))));
  EXPECT_EQ(choice_by(variables, "ws://example.com/"), "http://h:1") << "does not go by it";
  EXPECT_EQ(choice_by(variables, "https://a.example/"), "") << "goes by none";
  EXPECT_EQ(choice_by(variables, "https://localhost/"), "") << "goes by none";
  EXPECT_THAT(choice_by({{"ALL_PROXY", "h:0"}}, "ws://example.com/"), HasSubstr("ALL_PROXY"));
}

TEST(ProxyChoice, ThrowsForOptionsThatCannotBeRead) {
  const auto message = [](const ProxyOptions& options) -> std::string {
    try {
      const ProxyChoice choice(options, environment({}));
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(message({.url = "socks4://user:secret@h"}),
              AllOf(HasSubstr("ProxyOptions::url"), HasSubstr("socks5"), Not(HasSubstr("secret"))));
  EXPECT_THAT(message({.no_proxy = "a.example, 10.*"}),
              AllOf(HasSubstr("ProxyOptions::no_proxy"), HasSubstr("10.*")));
  EXPECT_EQ(message({.url = "h:1", .no_proxy = "a.example"}), "");
}

}  // namespace
}  // namespace duplex::client
