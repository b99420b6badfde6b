#include "client_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const ClientArguments& arguments) {
  try {
    resolve(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ClientOptions, AreSafeByDefault) {
  const ClientSettings settings = resolve(ClientArguments{});
  EXPECT_FALSE(settings.options.tls.dangerously_skip_verification);
  EXPECT_TRUE(settings.options.proxy.from_environment);
  EXPECT_TRUE(settings.fields.empty());
  EXPECT_FALSE(settings.time_max);
  EXPECT_FALSE(settings.connect_time_max);
}

TEST(ClientOptions, AreTaken) {
  ClientArguments arguments;
  arguments.fields = {"X-One: 1", "X-Two:2 ", "X-Empty:"};
  arguments.proxy = "socks5://127.0.0.1:1080";
  arguments.no_proxy = "*";
  arguments.ca = "ca.pem";
  arguments.certificate = "client.pem";
  arguments.key = "client-key.pem";
  arguments.pins = {"sha256//AAAA"};
  arguments.tls_min = "1.3";
  arguments.insecure = true;
  arguments.unix_path = "/tmp/socket";
  arguments.time_max = "2.5";
  arguments.connect_time_max = "3";
  arguments.verbose = true;
  arguments.color = "never";
  const ClientSettings settings = resolve(arguments);
  EXPECT_EQ(settings.fields.find("x-one"), "1");
  EXPECT_EQ(settings.fields.find("X-Two"), "2");
  EXPECT_EQ(settings.fields.find("X-Empty"), "");
  EXPECT_EQ(settings.options.proxy.url, "socks5://127.0.0.1:1080");
  EXPECT_EQ(settings.options.proxy.no_proxy, "*");
  EXPECT_EQ(settings.options.tls.ca, "ca.pem");
  EXPECT_EQ(settings.options.tls.credential.certificate, "client.pem");
  EXPECT_EQ(settings.options.tls.credential.key, "client-key.pem");
  EXPECT_THAT(settings.options.tls.pins, ElementsAre("sha256//AAAA"));
  EXPECT_EQ(settings.options.tls.version_min, tls::Version::tls_1_3);
  EXPECT_TRUE(settings.options.tls.dangerously_skip_verification);
  EXPECT_EQ(settings.unix_path, "/tmp/socket");
  EXPECT_EQ(settings.time_max, 2500ms);
  EXPECT_EQ(settings.connect_time_max, 3000ms);
  EXPECT_EQ(settings.options.time_limits.connect_ms_max, 3000U);
  EXPECT_EQ(settings.options.time_limits.resolve_ms_max, 3000U);
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.color, ColorChoice::never);
}

TEST(ClientOptions, LogIn) {
  ClientArguments arguments;
  arguments.user = "Aladdin:open:sesame";
  EXPECT_EQ(resolve(arguments).fields.find("Authorization"), "Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==");
  arguments.user.clear();
  arguments.bearer = "abc";
  EXPECT_EQ(resolve(arguments).fields.find("Authorization"), "Bearer abc");
}

TEST(ClientOptions, AreRefusedWithWordsThatHelp) {
  const auto with = [](auto member, auto value) {
    ClientArguments arguments;
    arguments.*member = value;
    return refusal(arguments);
  };
  using Strings = std::vector<std::string>;
  EXPECT_THAT(with(&ClientArguments::fields, Strings{"nothing"}), HasSubstr("'Name: value'"));
  EXPECT_THAT(with(&ClientArguments::fields, Strings{"a b: c"}), HasSubstr("--header"));
  EXPECT_THAT(with(&ClientArguments::fields, Strings{"a: b\r\nc: d"}), HasSubstr("--header"));
  EXPECT_THAT(with(&ClientArguments::user, "name"), HasSubstr("NAME:PASSWORD"));
  EXPECT_THAT(with(&ClientArguments::bearer, "a b"), HasSubstr("--bearer"));
  EXPECT_THAT(with(&ClientArguments::proxy, "ftp://host"), HasSubstr("--proxy"));
  EXPECT_THAT(with(&ClientArguments::key, "key.pem"), HasSubstr("--cert"));
  EXPECT_THAT(with(&ClientArguments::tls_min, "1.1"), HasSubstr("1.2 or 1.3"));
  EXPECT_THAT(with(&ClientArguments::time_max, "soon"), HasSubstr("--max-time"));
  EXPECT_THAT(with(&ClientArguments::time_max, "0"), HasSubstr("more than 0"));
  EXPECT_THAT(with(&ClientArguments::connect_time_max, "-1"), HasSubstr("--connect-time"));
  EXPECT_THAT(with(&ClientArguments::color, "red"), HasSubstr("auto, always or never"));
}

TEST(ClientOptions, DoNotRepeatAPassword) {
  ClientArguments arguments;
  arguments.proxy = "ftp://name:secret@host";
  EXPECT_THAT(refusal(arguments), testing::Not(HasSubstr("secret")));
}

TEST(ClientOptions, SendOneAuthorization) {
  ClientArguments arguments;
  arguments.user = "a:b";
  arguments.bearer = "c";
  EXPECT_THAT(refusal(arguments), HasSubstr("don't go together"));
  arguments.bearer.clear();
  arguments.fields = {"authorization: x"};
  EXPECT_THAT(refusal(arguments), HasSubstr("don't go together"));
}

}  // namespace
}  // namespace duplex::app
