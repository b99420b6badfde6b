#include "net/destination_order.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace duplex::net {
namespace {

SocketAddress at(const std::string& host) {
  return SocketAddress::parse((host.contains(':') ? "[" + host + "]" : host) + ":80").value();
}

struct Case {
  std::string rule;
  // Destinations in the name server's order with the source that leads there, "" for none.
  std::vector<std::pair<std::string, std::string>> given;
  std::vector<std::string> expected;
};

TEST(DestinationOrder, FollowsTheExamplesOfRfc6724) {
  // Section 10.2, without those that need to know of deprecated and home addresses.
  const std::vector<Case> cases = {
      {"prefer matching scope",
       {{"198.51.100.121", "169.254.13.78"}, {"2001:db8:1::1", "2001:db8:1::2"}},
       {"2001:db8:1::1", "198.51.100.121"}},
      {"prefer matching scope, for IPv4",
       {{"2001:db8:1::1", "fe80::1"}, {"198.51.100.121", "198.51.100.117"}},
       {"198.51.100.121", "2001:db8:1::1"}},
      {"prefer higher precedence",
       {{"10.1.2.3", "10.1.2.4"}, {"2001:db8:1::1", "2001:db8:1::2"}},
       {"2001:db8:1::1", "10.1.2.3"}},
      {"prefer smaller scope",
       {{"2001:db8:1::1", "2001:db8:1::2"}, {"fe80::1", "fe80::2"}},
       {"fe80::1", "2001:db8:1::1"}},
      {"use longest matching prefix",
       {{"2001:db8:3ffe::1", "2001:db8:3f44::2"}, {"2001:db8:1::1", "2001:db8:1::2"}},
       {"2001:db8:1::1", "2001:db8:3ffe::1"}},
      {"prefer matching label",
       {{"2002:c633:6401::1", "2002:c633:6401::2"}, {"2001:db8:1::1", "2002:c633:6401::2"}},
       {"2002:c633:6401::1", "2001:db8:1::1"}},
      {"prefer higher precedence, over 6to4",
       {{"2002:c633:6401::1", "2002:c633:6401::2"}, {"2001:db8:1::1", "2001:db8:1::2"}},
       {"2001:db8:1::1", "2002:c633:6401::1"}},
  };
  for (const Case& each : cases) {
    std::map<std::string, std::string> sources(each.given.begin(), each.given.end());
    std::vector<SocketAddress> addresses;
    for (const auto& [destination, source] : each.given) addresses.push_back(at(destination));
    order_destinations(addresses, [&](const SocketAddress& address) {
      return std::optional(at(sources[address.host()]));
    });
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      EXPECT_EQ(addresses[i].host(), each.expected[i]) << each.rule;
    }
  }
}

TEST(DestinationOrder, PutsWhatCanNotBeReachedLast) {
  std::vector<SocketAddress> addresses = {at("2001:db8::1"), at("192.0.2.1")};
  order_destinations(addresses, [](const SocketAddress& address) -> std::optional<SocketAddress> {
    if (address.family() == AF_INET6) return std::nullopt;
    return at("192.0.2.2");
  });
  EXPECT_EQ(addresses[0].host(), "192.0.2.1");
}

TEST(DestinationOrder, AvoidsTheInternetFromAPrivateIpv6Network) {
  // A container with a unique local address and IPv4 through a translator.
  std::vector<SocketAddress> addresses = {at("2001:db8::1"), at("192.0.2.1")};
  order_destinations(addresses, [](const SocketAddress& address) {
    return std::optional(at(address.family() == AF_INET6 ? "fd00::2" : "10.0.0.2"));
  });
  EXPECT_EQ(addresses[0].host(), "192.0.2.1");
}

TEST(DestinationOrder, KeepsTheNameServersOrderOtherwise) {
  std::vector<SocketAddress> addresses = {at("192.0.2.9"), at("192.0.2.1"), at("192.0.2.5"),
                                          at("192.0.2.3")};
  const std::vector<SocketAddress> before = addresses;
  order_destinations(addresses,
                     [](const SocketAddress&) { return std::optional(at("192.0.2.2")); });
  EXPECT_EQ(addresses, before);
}

TEST(DestinationOrder, FindsTheSourceOfLoopbackAddresses) {
  EXPECT_EQ(source_towards(at("127.0.0.1")).value().host(), "127.0.0.1");
  EXPECT_FALSE(source_towards(SocketAddress())) << "there is no way to nowhere";
  std::vector<SocketAddress> addresses = {at("127.0.0.1"), at("::1")};
  order_destinations(addresses);
  EXPECT_EQ(addresses.size(), 2u);
}

}  // namespace
}  // namespace duplex::net
