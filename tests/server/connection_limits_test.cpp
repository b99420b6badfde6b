#include "server/connection_limits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace duplex::server {
namespace {

TEST(ConnectionLimits, CountEachHostByItself) {
  ConnectionLimits limits(100, 2);
  EXPECT_TRUE(limits.admit(1));
  EXPECT_TRUE(limits.admit(1));
  EXPECT_FALSE(limits.admit(1));
  EXPECT_TRUE(limits.admit(2));
  limits.leave(1);
  EXPECT_TRUE(limits.admit(1));
  EXPECT_FALSE(limits.admit(1));
}

TEST(ConnectionLimits, CountAllHostsTogether) {
  ConnectionLimits limits(3, 2);
  EXPECT_TRUE(limits.admit(1));
  EXPECT_TRUE(limits.admit(2));
  EXPECT_TRUE(limits.admit(std::nullopt));
  EXPECT_FALSE(limits.admit(std::nullopt));
  EXPECT_FALSE(limits.admit(3));
  limits.leave(std::nullopt);
  EXPECT_TRUE(limits.admit(3));
}

TEST(ConnectionLimits, LetHostsWithoutAKeyHaveAllThereIs) {
  ConnectionLimits limits(10, 1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.admit(std::nullopt));
  EXPECT_FALSE(limits.admit(std::nullopt));
}

TEST(ConnectionLimits, DoNotCountWhomTheyRefuse) {
  ConnectionLimits limits(2, 1);
  EXPECT_TRUE(limits.admit(1));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits.admit(1));
  EXPECT_TRUE(limits.admit(2));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits.admit(3));
  limits.leave(2);
  EXPECT_TRUE(limits.admit(3));
}

TEST(ConnectionLimits, OfNoneAdmitNobody) {
  ConnectionLimits none(0, 10);
  EXPECT_FALSE(none.admit(std::nullopt));
  EXPECT_FALSE(none.admit(1));
  ConnectionLimits none_each(10, 0);
  EXPECT_FALSE(none_each.admit(1));
  EXPECT_TRUE(none_each.admit(std::nullopt));
}

TEST(ConnectionLimits, HoldForAllThreadsTogether) {
  constexpr std::size_t total_max = 5;
  ConnectionLimits limits(total_max, 3);
  std::atomic<std::size_t> open = 0;
  std::atomic<std::size_t> too_many = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t host = 0; host < 4; ++host) {
    threads.emplace_back([&, host] {
      for (int i = 0; i < 2'000; ++i) {
        if (!limits.admit(host % 2)) continue;
        if (open.fetch_add(1) >= total_max) ++too_many;
        open.fetch_sub(1);
        limits.leave(host % 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(too_many, 0u);
  for (std::uint64_t host = 0; host < total_max; ++host) EXPECT_TRUE(limits.admit(host));
  EXPECT_FALSE(limits.admit(total_max));
}

}  // namespace
}  // namespace duplex::server
