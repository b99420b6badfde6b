#include "tls/ticket_keys.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace duplex::tls {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class TicketKeysAt : public ::testing::Test {
 protected:
  TicketKeys keys_;
  TicketKeys::Time start_{hours(1000)};

  TicketKeys::Key sealing(seconds after) { return keys_.sealing(start_ + after).value(); }
};

TEST_F(TicketKeysAt, SealWithOneKeyForAPeriod) {
  const auto first = sealing(seconds(0));
  EXPECT_EQ(sealing(TicketKeys::period - seconds(1)).name, first.name);
  EXPECT_NE(sealing(TicketKeys::period).name, first.name);
}

TEST_F(TicketKeysAt, AreRandom) {
  const auto first = sealing(seconds(0));
  const auto second = sealing(TicketKeys::period);
  EXPECT_NE(first.cipher_key, second.cipher_key);
  EXPECT_NE(first.mac_key, second.mac_key);
  EXPECT_NE(first.cipher_key, first.mac_key);
  EXPECT_NE(first.cipher_key, decltype(first.cipher_key){});
}

TEST_F(TicketKeysAt, OpenForAnotherPeriodAndRenewMeanwhile) {
  const auto first = sealing(seconds(0));
  struct Case {
    seconds after;
    bool found;
    bool renew;
  };
  for (const Case& at :
       {Case{seconds(0), true, false}, Case{TicketKeys::period - seconds(1), true, false},
        Case{TicketKeys::period, true, true}, Case{2 * TicketKeys::period - seconds(1), true, true},
        Case{2 * TicketKeys::period, false, false}}) {
    const auto found = keys_.find(first.name, start_ + at.after);
    ASSERT_EQ(found.has_value(), at.found) << at.after.count();
    if (!found) continue;
    EXPECT_EQ(found->renew, at.renew) << at.after.count();
    EXPECT_EQ(found->key.cipher_key, first.cipher_key);
    EXPECT_EQ(found->key.mac_key, first.mac_key);
  }
}

TEST_F(TicketKeysAt, DoNotBringBackWhatIsGone) {
  const auto first = sealing(seconds(0));
  EXPECT_FALSE(keys_.find(first.name, start_ + 2 * TicketKeys::period));
  EXPECT_FALSE(keys_.find(first.name, start_));
}

TEST_F(TicketKeysAt, DoNotKnowOtherNames) {
  std::array<std::byte, 16> name{};
  EXPECT_FALSE(keys_.find(name, start_));
  name = sealing(seconds(0)).name;
  name[15] ^= std::byte{1};
  EXPECT_FALSE(keys_.find(name, start_));
}

TEST_F(TicketKeysAt, MakeOneKeyForThreadsThatAskAtOnce) {
  std::array<TicketKeys::Key, 4> seen{};
  {
    std::vector<std::jthread> threads;
    for (auto& key : seen) threads.emplace_back([&] { key = sealing(seconds(0)); });
  }
  for (const auto& key : seen) EXPECT_EQ(key.name, seen[0].name);
}

}  // namespace
}  // namespace duplex::tls
