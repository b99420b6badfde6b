#include "bench/known_deliveries.hpp"

#include <gtest/gtest.h>

#include <string>

namespace duplex::app::bench {
namespace {

/// Compressed messages as one publishes them.
class Publishing {
 public:
  std::string compressed(std::uint64_t sequence) {
    std::string payload(messages_.payload(0));
    Stamp{.publisher = 0, .sequence = sequence, .time = 0}.write(payload.data(), false);
    return compressor_.compressed(payload);
  }
  DeliveryRules rules() const { return {.messages = &messages_, .publishers = 1}; }

 private:
  Messages messages_{{.bytes = 100, .compressed = true}};
  Compressor compressor_{false};
};

TEST(KnownDeliveries, RememberWhatCameOfTheSameBytes) {
  Publishing publishing;
  KnownDeliveries known;
  for (int subscriber = 0; subscriber < 3; ++subscriber) {
    for (std::uint64_t sequence = 0; sequence < 10; ++sequence) {
      const Delivered& delivered = known.read(publishing.rules(), publishing.compressed(sequence));
      ASSERT_TRUE(delivered);
      EXPECT_EQ(delivered->sequence, sequence);
    }
  }
  EXPECT_EQ(known.count(), 10);
}

TEST(KnownDeliveries, RememberFaults) {
  const Publishing publishing;
  KnownDeliveries known;
  for (int subscriber = 0; subscriber < 3; ++subscriber) {
    const Delivered& delivered = known.read(publishing.rules(), "\xFF\xFF");
    ASSERT_FALSE(delivered);
    EXPECT_EQ(delivered.error().kind, "wrong content");
  }
  EXPECT_EQ(known.count(), 1);
}

TEST(KnownDeliveries, TellApartWhatOnlyBeginsAlike) {
  Publishing publishing;
  KnownDeliveries known;
  const std::string whole = publishing.compressed(1);
  EXPECT_TRUE(known.read(publishing.rules(), whole));
  EXPECT_FALSE(known.read(publishing.rules(), std::string_view(whole).substr(0, 20)));
  EXPECT_TRUE(known.read(publishing.rules(), whole));
}

TEST(KnownDeliveries, ForgetTheOldest) {
  Publishing publishing;
  KnownDeliveries known;
  const std::uint64_t count = 3 * KnownDeliveries::count_max;
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    EXPECT_EQ(known.read(publishing.rules(), publishing.compressed(sequence))->sequence, sequence);
  }
  EXPECT_EQ(known.count(), KnownDeliveries::count_max);
  EXPECT_TRUE(known.knows(publishing.compressed(count - 1)));
  EXPECT_TRUE(known.knows(publishing.compressed(count - KnownDeliveries::count_max)));
  EXPECT_FALSE(known.knows(publishing.compressed(count - KnownDeliveries::count_max - 1)));
  EXPECT_EQ(known.read(publishing.rules(), publishing.compressed(0))->sequence, 0);
}

TEST(KnownDeliveries, TakeNoMoreMemoryThanTheyMay) {
  Publishing publishing;
  KnownDeliveries known;
  constexpr std::size_t each = KnownDeliveries::bytes_max / 4;
  for (const char end : {'a', 'b', 'c', 'd', 'e', 'f'}) {
    EXPECT_FALSE(known.read(publishing.rules(), std::string(each - 1, '\xFF') + end));
  }
  EXPECT_EQ(known.count(), 4);
  EXPECT_EQ(known.bytes(), KnownDeliveries::bytes_max);
  // But for a single one that takes more.
  EXPECT_FALSE(known.read(publishing.rules(), std::string(5 * each, '\xFF')));
  EXPECT_EQ(known.count(), 1);
  EXPECT_TRUE(known.read(publishing.rules(), publishing.compressed(0)));
  EXPECT_EQ(known.count(), 1);
}

}  // namespace
}  // namespace duplex::app::bench
