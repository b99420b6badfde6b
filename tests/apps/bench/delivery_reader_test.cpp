#include "bench/delivery_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace duplex::app::bench {
namespace {

class Delivering {
 public:
  explicit Delivering(bool text = false)
      : messages({.bytes = 40, .text = text}), reader(messages, false, 2) {}

  std::string message(std::uint16_t publisher, std::uint64_t sequence, Time time = 7) const {
    std::string payload(messages.payload(0));
    Stamp{.publisher = publisher, .sequence = sequence, .time = time}.write(payload.data(),
                                                                            messages.kind().text);
    return server_frame(messages.opcode(), payload);
  }

  void take(std::string_view bytes) {
    std::string copy(bytes);
    reader.read(std::as_writable_bytes(std::span(copy)), stamps, findings);
  }

  std::string kind() const {
    return findings.faults.size() == 1 ? findings.faults.front().kind : "";
  }

  Messages messages;
  DeliveryReader reader;
  std::vector<Stamp> stamps;
  Findings findings;
};

TEST(DeliveryReader, ReadsStampsAtEverySplit) {
  for (const bool text : {false, true}) {
    const Delivering all(text);
    const std::string stream = all.message(0, 0, 123'456'789'012) + all.message(1, 5) +
                               server_frame(websocket::Opcode::ping, "") + all.message(0, 1);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      Delivering delivering(text);
      delivering.take(stream.substr(0, at));
      delivering.take(stream.substr(at));
      ASSERT_TRUE(delivering.findings.faults.empty());
      ASSERT_EQ(delivering.stamps.size(), 3);
      EXPECT_EQ(delivering.stamps[0].time, 123'456'789'012);
      EXPECT_EQ(delivering.stamps[1].publisher, 1);
      EXPECT_EQ(delivering.stamps[1].sequence, 5);
      EXPECT_EQ(delivering.stamps[2].sequence, 1);
      EXPECT_EQ(delivering.findings.pings.size(), 1);
    }
  }
}

TEST(DeliveryReader, TakesGapsForLossAndRefusesWhatIsOutOfOrder) {
  Delivering delivering;
  delivering.take(delivering.message(0, 3) + delivering.message(0, 9));
  EXPECT_EQ(delivering.stamps.size(), 2);
  EXPECT_TRUE(delivering.findings.faults.empty());
  delivering.take(delivering.message(0, 9));
  EXPECT_EQ(delivering.kind(), "out of order");
}

TEST(DeliveryReader, RefusesWhatNobodyHerePublished) {
  Delivering unknown;
  unknown.take(unknown.message(2, 0));
  EXPECT_EQ(unknown.kind(), "wrong content");
  Delivering changed;
  std::string message = changed.message(0, 0);
  message.back() ^= 1;
  changed.take(message);
  EXPECT_EQ(changed.kind(), "wrong content");
  Delivering text(true);
  text.take(server_frame(websocket::Opcode::text, std::string(40, 'z')));
  EXPECT_EQ(text.kind(), "wrong content");
}

TEST(DeliveryReader, RefusesAnotherLength) {
  for (const std::size_t bytes : {0UZ, 15UZ, 39UZ, 41UZ}) {
    Delivering delivering;
    delivering.take(server_frame(websocket::Opcode::binary, std::string(bytes, 'a')));
    EXPECT_EQ(delivering.kind(), "wrong length") << bytes;
  }
}

}  // namespace
}  // namespace duplex::app::bench
