#include "bench/tally.hpp"

#include <gtest/gtest.h>

#include <string>

namespace duplex::app::bench {
namespace {

TEST(ErrorCounts, CanBeSortedByHowManyThereAre) {
  ErrorCounts errors;
  errors.add("first", "", 2);
  errors.add("most", "", 3);
  errors.add("second", "", 2);
  errors.sort();
  std::string order;
  for (const ErrorCount& error : errors.kinds()) order += error.kind + " ";
  EXPECT_EQ(order, "most first second ");
}

TEST(ErrorCounts, CountByKindAndKeepTheFirstExample) {
  ErrorCounts errors;
  EXPECT_TRUE(errors.empty());
  errors.add("refused");
  errors.add("wrong content", "byte 3 is 0x00 and not 0x01");
  errors.add("refused", "127.0.0.1:9");
  errors.add("refused", "127.0.0.1:10", 5);
  ASSERT_EQ(errors.kinds().size(), 2U);
  EXPECT_EQ(errors.kinds()[0].kind, "refused");
  EXPECT_EQ(errors.kinds()[0].count, 7U);
  EXPECT_EQ(errors.kinds()[0].example, "127.0.0.1:9");
  EXPECT_EQ(errors.kinds()[1].count, 1U);
  EXPECT_EQ(errors.total(), 8U);
}

TEST(Tally, MergesEverything) {
  Tally one{.sent = 1,
            .received = 2,
            .bytes_sent = 3,
            .bytes_received = 4,
            .compressed_bytes_sent = 12,
            .compressed_bytes_received = 13,
            .connections_opened = 5,
            .connections_resumed = 3,
            .connections_failed = 6,
            .connections_closed = 7,
            .statuses = {{200, 8}}};
  one.latency.record(9);
  one.handshake.record(10, 2);
  one.errors.add("reset", "after 4 bytes", 11);
  Tally two{.statuses = {{200, 1}, {503, 2}}};
  two.errors.add("timeout");
  two.merge(one);
  two.merge(one);
  EXPECT_EQ(two.sent, 2U);
  EXPECT_EQ(two.received, 4U);
  EXPECT_EQ(two.bytes_sent, 6U);
  EXPECT_EQ(two.bytes_received, 8U);
  EXPECT_EQ(two.compressed_bytes_sent, 24U);
  EXPECT_EQ(two.compressed_bytes_received, 26U);
  EXPECT_EQ(two.latency.count(), 2U);
  EXPECT_EQ(two.handshake.count(), 4U);
  EXPECT_EQ(two.connections_opened, 10U);
  EXPECT_EQ(two.connections_resumed, 6U);
  EXPECT_EQ(two.connections_failed, 12U);
  EXPECT_EQ(two.connections_closed, 14U);
  EXPECT_EQ(two.errors.total(), 23U);
  EXPECT_EQ(two.errors.kinds()[1].example, "after 4 bytes");
  EXPECT_EQ(two.statuses, (std::map<unsigned, std::uint64_t>{{200, 17}, {503, 2}}));
}

}  // namespace
}  // namespace duplex::app::bench
