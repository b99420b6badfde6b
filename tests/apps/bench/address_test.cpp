#include "bench/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace duplex::app::bench {
namespace {

/// The source as text; empty when the system is to choose.
std::string source(const std::string& target, std::size_t number) {
  const HostAddress address = source_of(resolve_host(target, 80).front(), number);
  if (address.size == 0) return "";
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
  return ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
}

TEST(Source, IsAnotherAddressForEachSoManyConnectionsToThisMachine) {
  EXPECT_EQ(source("127.0.0.1", 0), "");
  EXPECT_EQ(source("127.0.0.1", connections_of_source - 1), "");
  EXPECT_EQ(source("127.0.0.1", connections_of_source), "127.0.0.2");
  EXPECT_EQ(source("127.0.0.1", 2 * connections_of_source), "127.0.0.3");
  EXPECT_EQ(source("127.9.9.9", 300 * connections_of_source), "127.0.1.45");
}

TEST(Source, IsTheSystemsToChooseForOtherTargets) {
  EXPECT_EQ(source("192.0.2.1", 5 * connections_of_source), "");
  EXPECT_EQ(source("::1", 5 * connections_of_source), "");
}

}  // namespace
}  // namespace duplex::app::bench
