#include "client/no_proxy.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace duplex::client {
namespace {

TEST(NoProxy, CoversWhatItLists) {
  const struct {
    std::string_view list;
    std::string_view host;
    std::uint16_t port;
    bool covered;
  } cases[] = {
      {"", "example.com", 80, false},
      {"*", "example.com", 80, true},
      {"*", "::1", 80, true},
      {"a.example, *", "example.com", 80, true},
      // Names
      {"example.com", "example.com", 80, true},
      {"example.com", "www.example.com", 80, true},
      {"example.com", "a.b.example.com", 80, true},
      {"example.com", "badexample.com", 80, false},
      {"example.com", "example.com.evil.example", 80, false},
      {"example.com", "com", 80, false},
      {".example.com", "example.com", 80, true},
      {".example.com", "www.example.com", 80, true},
      {".example.com", "badexample.com", 80, false},
      {"*.example.com", "www.example.com", 80, true},
      {"Example.COM", "www.example.com", 80, true},
      {"example.com.", "example.com", 80, true},
      {"example.com", "www.example.com.", 80, true},
      {"com", "example.com", 80, true},
      // Several
      {"a.example,b.example", "b.example", 80, true},
      {"a.example b.example\tc.example", "c.example", 80, true},
      {" , a.example ,, b.example, ", "b.example", 80, true},
      // Ports
      {"example.com:8080", "example.com", 8080, true},
      {"example.com:8080", "www.example.com", 8080, true},
      {"example.com:8080", "example.com", 80, false},
      {"10.0.0.1:8080", "10.0.0.1", 8080, true},
      {"10.0.0.1:8080", "10.0.0.1", 80, false},
      {"[fd00::1]:8080", "fd00::1", 8080, true},
      {"[fd00::1]:8080", "fd00::1", 80, false},
      // Addresses
      {"10.0.0.1", "10.0.0.1", 80, true},
      {"10.0.0.1", "10.0.0.10", 80, false},
      {"0.0.1", "10.0.0.1", 80, false},
      {"10.0.0.1", "a.10.0.0.1", 80, false},
      {"fd00::1", "fd00::1", 80, true},
      {"[fd00::1]", "fd00::1", 80, true},
      {"fd00:0:0::1", "fd00::1", 80, true},
      {"fd00::1", "fd00::2", 80, false},
      {"10.0.0.1", "::ffff:10.0.0.1", 80, true},
      {"::ffff:10.0.0.1", "10.0.0.1", 80, true},
      // Blocks
      {"10.0.0.0/8", "10.255.0.1", 80, true},
      {"10.0.0.0/8", "11.0.0.1", 80, false},
      {"10.1.2.3/8", "10.255.0.1", 80, true},
      {"10.0.0.0/8", "10.example", 80, false},
      {"192.168.4.0/22", "192.168.7.255", 80, true},
      {"192.168.4.0/22", "192.168.8.0", 80, false},
      {"192.168.4.1/32", "192.168.4.1", 80, true},
      {"192.168.4.1/32", "192.168.4.2", 80, false},
      {"0.0.0.0/0", "192.168.4.2", 80, true},
      {"0.0.0.0/0", "fd00::1", 80, false},
      {"fd00::/8", "fdff::1", 80, true},
      {"fd00::/8", "fe00::1", 80, false},
      {"[fd00::]/8", "fdff::1", 80, true},
      {"fe80::/10", "febf::1", 80, true},
      {"fe80::/10", "fec0::1", 80, false},
      {"::/0", "fec0::1", 80, true},
      {"::/0", "10.0.0.1", 80, false},
      {"::ffff:0:0/96", "10.0.0.1", 80, true},
      {"::1/128", "::1", 80, true},
      {"::1/128", "::2", 80, false},
  };
  for (const auto& each : cases) {
    const NoProxy list(each.list);
    EXPECT_EQ(list.covers(each.host, each.port), each.covered)
        << each.list << " and " << each.host << ":" << each.port;
    EXPECT_EQ(list.unreadable(), "");
  }
}

TEST(NoProxy, PassesOverWhatItCannotRead) {
  for (const std::string_view text :
       {"10.*", "**", ".", "*.", "10.0.0.0/33", "10.0.0.0/", "fd00::/129", "10.0.0/8",
        "example.com/8", "10.0.0.0/8:80", "[fd00::1", "example.com:0", "example.com:65536",
        "http://example.com", "10.0.0.0/-1", "user@example.com"}) {
    const NoProxy list("a.example," + std::string(text) + ",b.example");
    EXPECT_EQ(list.unreadable(), text);
    EXPECT_TRUE(list.covers("a.example", 80)) << text;
    EXPECT_TRUE(list.covers("b.example", 80)) << text;
    EXPECT_FALSE(list.covers("example.com", 80)) << text;
    EXPECT_FALSE(list.covers("10.0.0.1", 80)) << text;
  }
}

TEST(NoProxy, KnowsThisMachineByItsNames) {
  for (const std::string_view host :
       {"localhost", "localhost.", "api.localhost", "127.0.0.1", "127.255.0.9", "::1",
        "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const std::string_view host : {"notlocalhost", "localhost.example", "128.0.0.1", "::2"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace duplex::client
