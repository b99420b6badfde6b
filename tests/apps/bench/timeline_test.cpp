#include "bench/timeline.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace duplex::app::bench {
namespace {

using namespace std::chrono_literals;

const Timeline::Time begin{1h};

/// What is measured has begun, and one thread counts.
class Measuring : public testing::Test {
 protected:
  Measuring() { timeline.start(begin); }

  Timeline timeline;
  Tally tally;
  Recorder recorder{timeline, tally};
};

TEST(Timeline, IsEmptyUntilItStarts) {
  Timeline timeline;
  EXPECT_EQ(timeline.begin(), std::nullopt);
  EXPECT_TRUE(timeline.finish(begin).empty());
  timeline.start(begin);
  EXPECT_EQ(timeline.begin(), begin);
  EXPECT_TRUE(timeline.finish(begin).empty());
}

TEST_F(Measuring, PutsWhatIsCountedIntoTheSliceOfItsTime) {
  recorder.advance(begin);
  recorder.received(20, 1000);
  recorder.advance(begin + 99ms);
  recorder.received(20, 1000);
  recorder.advance(begin + 100ms);
  recorder.received(60, 5000, 3);
  recorder.advance(begin + 350ms);
  recorder.error("wrong length");
  recorder.finish();
  const std::vector<Slice> slices = timeline.finish(begin + 400ms);
  ASSERT_EQ(slices.size(), 4U);
  EXPECT_EQ(slices[0].messages, 2U);
  EXPECT_EQ(slices[0].bytes, 40U);
  EXPECT_EQ(slices[0].p50_ns, 1000U);
  EXPECT_EQ(slices[1].messages, 3U);
  EXPECT_EQ(slices[1].p99_ns, 5000U);
  EXPECT_EQ(slices[1].max_ns, 5000U);
  EXPECT_DOUBLE_EQ(slices[1].from_s, 0.1);
  EXPECT_DOUBLE_EQ(slices[1].seconds, 0.1);
  EXPECT_EQ(slices[2].messages, 0U);
  EXPECT_EQ(slices[2].p99_ns, 0U);
  EXPECT_EQ(slices[3].errors, 1U);
  EXPECT_EQ(tally.received, 5U);
  EXPECT_EQ(tally.bytes_received, 100U);
  EXPECT_EQ(tally.latency.count(), 5U);
  EXPECT_EQ(tally.errors.total(), 1U);
}

TEST(Timeline, LeavesOutWhatWarmsUpButItsErrorsAndConnections) {
  Timeline timeline;
  Tally tally;
  Recorder recorder(timeline, tally);
  recorder.advance(begin - 2s);
  recorder.opened(1'000'000);
  recorder.opened(1'000'000, true);
  recorder.sent(20);
  recorder.sent_compressed(10);
  recorder.received(20, 7000);
  recorder.received_compressed(11);
  recorder.status(200);
  recorder.failed("refused");
  recorder.advance(begin - 1s);
  EXPECT_EQ(timeline.now(begin - 1s).connections, 2U);
  EXPECT_EQ(timeline.now(begin - 1s).errors, 1U);
  timeline.start(begin);
  recorder.advance(begin - 1ms);
  EXPECT_FALSE(recorder.measures());
  recorder.received(20, 7000);
  recorder.error("wrong content", "", 2);
  recorder.advance(begin);
  EXPECT_TRUE(recorder.measures());
  recorder.sent(5);
  recorder.sent_compressed(3);
  recorder.received(5, 3000);
  recorder.received_compressed(4);
  recorder.status(200);
  recorder.error("wrong content");
  recorder.finish();
  const std::vector<Slice> slices = timeline.finish(begin + 100ms);
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].messages, 1U);
  EXPECT_EQ(slices[0].errors, 1U);
  EXPECT_EQ(tally.errors.of("wrong content"), 3U);
  // Without those of connections that could not be opened.
  EXPECT_EQ(tally.errors_of_warmup, 2U);
  EXPECT_EQ(slices[0].connections, 2U);
  EXPECT_EQ(tally.sent, 1U);
  EXPECT_EQ(tally.received, 1U);
  EXPECT_EQ(tally.compressed_bytes_sent, 3U);
  EXPECT_EQ(tally.compressed_bytes_received, 4U);
  EXPECT_EQ(tally.latency.max(), 3000U);
  EXPECT_EQ(tally.statuses[200], 1U);
  EXPECT_EQ(tally.connections_opened, 2U);
  EXPECT_EQ(tally.connections_resumed, 1U);
  EXPECT_EQ(tally.connections_failed, 1U);
  EXPECT_EQ(tally.errors.total(), 4U);
}

TEST_F(Measuring, CountsWhatIsLateApartAndInNoSlice) {
  recorder.advance(begin);
  recorder.received(20, 1000);
  recorder.late(5'000'000, 3);
  recorder.finish();
  const std::vector<Slice> slices = timeline.finish(begin + 100ms);
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].messages, 1U);
  EXPECT_EQ(slices[0].max_ns, 1000U);
  EXPECT_EQ(tally.received, 1U);
  EXPECT_EQ(tally.late, 3U);
  EXPECT_EQ(tally.latency.count(), 4U);
}

TEST_F(Measuring, TakesBackWhatItHasHandedOver) {
  recorder.advance(begin);
  recorder.sent(80, 4);
  recorder.advance(begin + 100ms);
  recorder.taken_back(60, 3);
  recorder.finish();
  EXPECT_EQ(tally.sent, 1U);
  EXPECT_EQ(tally.bytes_sent, 20U);
}

TEST_F(Measuring, CountsConnectionsThatAreOpenAtTheEndOfEachSlice) {
  for (int i = 0; i < 5; ++i) {
    recorder.advance(begin + i * 100ms);
    for (int n = 0; n < 10; ++n) recorder.opened(1000);
    if (i == 2) recorder.ended();
    if (i == 3) recorder.closed();
  }
  recorder.finish();
  const std::vector<Slice> slices = timeline.finish(begin + 500ms);
  ASSERT_EQ(slices.size(), 5U);
  EXPECT_EQ(slices[0].connections, 10U);
  EXPECT_EQ(slices[2].connections, 29U);
  EXPECT_EQ(slices[4].connections, 48U);
  EXPECT_EQ(timeline.now(begin + 500ms).connections, 48U);
  EXPECT_EQ(tally.connections_closed, 1U);
}

TEST_F(Measuring, TellsRateAndPercentilesOfTheLastSecond) {
  EXPECT_EQ(timeline.now(begin).messages_per_second, 0);
  for (int i = 0; i < 30; ++i) {
    recorder.advance(begin + i * 100ms);
    recorder.received(10, i < 15 ? 9000 : 200, 10);
    if (i == 4) {
      // Two are over and known: those before what goes on and what is being handed over.
      EXPECT_DOUBLE_EQ(timeline.now(begin + 400ms).messages_per_second, 100);
      EXPECT_NEAR(static_cast<double>(timeline.now(begin + 400ms).p50_ns), 9000, 36);
    }
  }
  const Now now = timeline.now(begin + 2999ms);
  EXPECT_DOUBLE_EQ(now.messages_per_second, 100);
  EXPECT_EQ(now.p50_ns, 200U);
  EXPECT_EQ(now.p99_ns, 200U);
  // And nothing where nothing happens.
  EXPECT_DOUBLE_EQ(timeline.now(begin + 9s).messages_per_second, 0);
  EXPECT_EQ(timeline.now(begin + 9s).p99_ns, 0U);
}

TEST_F(Measuring, KeepsThePercentilesOfSlicesWhoseHistogramsAreGone) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    recorder.advance(begin + i * 100ms);
    recorder.received(1, i);
  }
  recorder.finish();
  SlicePart late{.received = 5};
  late.latency.record(1'000'000, 5);
  timeline.add(3, late);
  const std::vector<Slice> slices = timeline.finish(begin + 10s);
  ASSERT_EQ(slices.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(slices[i].p99_ns, i);
  EXPECT_EQ(slices[3].messages, 6U);
  EXPECT_EQ(slices[3].max_ns, 1'000'000U);
}

TEST(Timeline, EndsWithASliceThatCanBeCompared) {
  const auto slices_of = [](std::chrono::milliseconds duration) {
    Timeline timeline;
    Tally tally;
    timeline.start(begin);
    Recorder recorder(timeline, tally);
    for (auto time = 0ms; time < duration; time += 10ms) {
      recorder.advance(begin + time);
      recorder.received(1, 100);
    }
    recorder.advance(begin + duration + 1s);
    recorder.finish();
    return timeline.finish(begin + duration);
  };
  EXPECT_EQ(slices_of(300ms).size(), 3U);
  EXPECT_EQ(slices_of(340ms).size(), 3U);
  EXPECT_DOUBLE_EQ(slices_of(340ms).back().seconds, 0.14);
  EXPECT_EQ(slices_of(340ms).back().messages, 14U);
  EXPECT_EQ(slices_of(350ms).size(), 4U);
  EXPECT_DOUBLE_EQ(slices_of(350ms).back().seconds, 0.05);
  EXPECT_EQ(slices_of(30ms).size(), 1U);
  EXPECT_DOUBLE_EQ(slices_of(30ms).back().seconds, 0.03);
}

TEST(Timeline, NotesMemoryInTheSliceOfItsTime) {
  Timeline timeline;
  timeline.note_memory(begin, 1);  // too early: there is no slice
  timeline.start(begin);
  timeline.note_memory(begin - 1ms, 2);
  timeline.note_memory(begin + 150ms, 3);
  const std::vector<Slice> slices = timeline.finish(begin + 200ms);
  ASSERT_EQ(slices.size(), 2U);
  EXPECT_EQ(slices[0].memory_bytes, std::nullopt);
  EXPECT_EQ(slices[1].memory_bytes, 3U);
}

TEST(Timeline, TakesPartsFromManyThreadsWhileItIsRead) {
  Timeline timeline;
  std::array<Tally, 4> tallies;
  {
    std::vector<std::jthread> threads;
    for (Tally& tally : tallies) {
      threads.emplace_back([&timeline, &tally] {
        Recorder recorder(timeline, tally);
        // The beginning is awaited on a time that stands still.
        while (!recorder.measures()) recorder.advance(begin);
        for (int i = 0; i < 2000; ++i) {
          recorder.advance(begin + i * 1ms);
          recorder.received(1, 500);
        }
        recorder.finish();
      });
    }
    timeline.start(begin);
    for (int i = 0; i < 100; ++i) EXPECT_LE(timeline.now(begin + 2s).p99_ns, 502U);
  }
  const std::vector<Slice> slices = timeline.finish(begin + 2s);
  ASSERT_EQ(slices.size(), 20U);
  for (const Slice& slice : slices) EXPECT_EQ(slice.messages, 400U);
  for (const Tally& tally : tallies) EXPECT_EQ(tally.received, 2000U);
}

}  // namespace
}  // namespace duplex::app::bench
