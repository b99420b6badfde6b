#include "bench/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

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

// Whose queue is full, so that it neither takes a connection nor refuses it.
TEST(WaitForAnswer, WaitsNoLongerThanItMayForAHostThatIsSilent) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  HostAddress address = resolve_host("127.0.0.1", 0).front();
  auto* const generic = reinterpret_cast<sockaddr*>(&address.storage);
  ASSERT_EQ(::bind(listener, generic, address.size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, generic, &address.size), 0);
  std::vector<int> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(clients.back(), generic, address.size);
  }
  const auto begin = std::chrono::steady_clock::now();
  wait_for_answer({address}, std::chrono::milliseconds(200));
  const auto taken = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(taken, std::chrono::milliseconds(200));
  EXPECT_LT(taken, std::chrono::seconds(5)) << "an attempt may last ten seconds by itself";
  for (const int client : clients) ::close(client);
  ::close(listener);
}

}  // namespace
}  // namespace duplex::app::bench
