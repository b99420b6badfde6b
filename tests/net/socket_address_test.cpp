#include "net/socket_address.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::net {
namespace {

TEST(SocketAddress, ReadsWhatItWrites) {
  struct Case {
    std::string_view text;
    int family;
    std::uint16_t port;
    std::string_view host;
  };
  for (const Case& expected :
       {Case{"127.0.0.1:8080", AF_INET, 8080, "127.0.0.1"},
        Case{"0.0.0.0:0", AF_INET, 0, "0.0.0.0"}, Case{"[::1]:8080", AF_INET6, 8080, "::1"},
        Case{"[2001:db8::17]:65535", AF_INET6, 65535, "2001:db8::17"},
        Case{"[::]:1", AF_INET6, 1, "::"}, Case{":8080", AF_INET6, 8080, "::"},
        Case{"unix:/run/app.sock", AF_UNIX, 0, "unix:/run/app.sock"},
        Case{"unix:relative", AF_UNIX, 0, "unix:relative"}}) {
    const auto address = SocketAddress::parse(expected.text);
    ASSERT_TRUE(address) << address.error();
    EXPECT_EQ(address->family(), expected.family) << expected.text;
    EXPECT_EQ(address->port(), expected.port) << expected.text;
    EXPECT_EQ(address->host(), expected.host);
    EXPECT_EQ(address->to_string(), expected.text);
    EXPECT_EQ(address->dual_stack(), expected.text.starts_with(":"));
    EXPECT_EQ(*address, SocketAddress::parse(address->to_string()));
  }
}

TEST(SocketAddress, TakesLocalhostForTheLoopbackAddress) {
  EXPECT_EQ(SocketAddress::parse("localhost:80"), SocketAddress::parse("127.0.0.1:80"));
  EXPECT_EQ(SocketAddress::parse("LocalHost:80"), SocketAddress::parse("127.0.0.1:80"));
}

TEST(SocketAddress, SaysWhatToWriteInstead) {
  struct Case {
    std::string text;
    std::string_view hint;
  };
  for (const Case& wrong :
       {Case{"", "write ADDRESS:PORT"}, Case{"8080", ":8080 for every address"},
        Case{"127.0.0.1", "write ADDRESS:PORT"}, Case{"127.0.0.1:", "a port is a number"},
        Case{"127.0.0.1:65536", "0 (any free one) to 65535"}, Case{":-1", "a port is a number"},
        Case{"127.0.0.1:80a", "a port is a number"}, Case{"::1:8080", "stands in brackets"},
        Case{"example.com:80", "names are not looked up"}, Case{"256.0.0.1:80", "such as 127"},
        Case{"[::1", "in brackets"}, Case{"[127.0.0.1]:80", "such as 127"},
        Case{"[]:80", "such as 127"}, Case{"[fe80::1%no-such-interface]:80", "such as 127"},
        Case{"unix:", "write the path"}, Case{"unix:" + std::string(108, 'a'), "at most 107"},
        Case{std::string("unix:a\0b", 8), "zero byte"}}) {
    const auto address = SocketAddress::parse(wrong.text);
    ASSERT_FALSE(address) << wrong.text;
    EXPECT_TRUE(address.error().contains(wrong.hint)) << wrong.text << ": " << address.error();
    EXPECT_TRUE(address.error().starts_with("\"" + wrong.text + "\" is not an address"));
  }
}

TEST(SocketAddress, KeepsAllButThePortWhenThatChanges) {
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:0")->with_port(7).to_string(), "127.0.0.1:7");
  EXPECT_EQ(SocketAddress::parse("[::1]:0")->with_port(7).to_string(), "[::1]:7");
  EXPECT_EQ(SocketAddress::every(0).with_port(7).to_string(), ":7");
  EXPECT_EQ(SocketAddress::parse("unix:/a")->with_port(7).to_string(), "unix:/a");
}

TEST(SocketAddress, CountsIPv4HostsByAddressAndIPv6HostsByTheirNetwork) {
  const auto key = [](std::string_view text) { return SocketAddress::parse(text)->host_key(); };
  EXPECT_EQ(key("10.0.0.1:1"), key("10.0.0.1:2"));
  EXPECT_NE(key("10.0.0.1:1"), key("10.0.0.2:1"));
  EXPECT_EQ(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:2:ffff::9]:1"));
  EXPECT_NE(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:3::1]:1"));
  EXPECT_EQ(key("[::ffff:10.0.0.1]:1"), key("10.0.0.1:1")) << "came through an IPv6 socket";
  EXPECT_EQ(key("unix:/a"), std::nullopt);
  EXPECT_EQ(SocketAddress().host_key(), std::nullopt);
}

TEST(SocketAddress, WritesMappedAddressesAsIPv4) {
  EXPECT_EQ(SocketAddress::parse("[::ffff:10.0.0.1]:9")->to_string(), "10.0.0.1:9");
}

TEST(SocketAddress, IsNowhereByDefaultAndForWhatIsNoSocket) {
  EXPECT_EQ(SocketAddress().family(), AF_UNSPEC);
  EXPECT_EQ(SocketAddress().to_string(), "");
  EXPECT_EQ(SocketAddress::of_local(-1), SocketAddress());
  EXPECT_EQ(SocketAddress::of_peer(-1), SocketAddress());
}

TEST(SocketAddress, TellsDifferentAddressesApart) {
  const std::array texts = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.2:1", "[::1]:1", "[::2]:1",
                            "[::]:1",      ":1",          "unix:/a",     "unix:/b"};
  for (const char* left : texts) {
    for (const char* right : texts) {
      EXPECT_EQ(SocketAddress::parse(left) == SocketAddress::parse(right), left == right);
    }
  }
}

}  // namespace
}  // namespace duplex::net
