#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <thread>

#include <duplex/base/byte_queue.hpp>

namespace duplex {
namespace {

TEST(ByteQueue, OwnsNothingAtFirst) {
  ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.capacity(), 0u);
  EXPECT_TRUE(queue.content().empty());
  queue.append(ConstBytes{});
  EXPECT_EQ(queue.capacity(), 0u);
}

TEST(ByteQueue, ReadsInTheOrderOfWriting) {
  ByteQueue queue;
  queue.append("hello ");
  queue.append("world");
  EXPECT_EQ(as_text(queue.content()), "hello world");
  queue.consume(6);
  EXPECT_EQ(as_text(std::as_const(queue).content()), "world");
  EXPECT_EQ(queue.size(), 5u);
  queue.consume(5);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, PreparedRoomCountsAfterCommit) {
  ByteQueue queue;
  queue.append("a");
  Bytes room = queue.prepare(1000);
  ASSERT_EQ(room.size(), 1000u);
  std::memcpy(room.data(), "bc", 2);
  EXPECT_EQ(queue.size(), 1u);
  queue.commit(2);
  EXPECT_EQ(as_text(queue.content()), "abc");
}

TEST(ByteQueue, KeepsTheBlockUntilRelease) {
  ByteQueue queue;
  queue.append(std::string(1000, 'x'));
  const std::size_t capacity = queue.capacity();
  queue.consume(1000);
  EXPECT_EQ(queue.capacity(), capacity);
  queue.append("y");
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.capacity(), capacity);
  queue.release();
  EXPECT_EQ(queue.capacity(), 0u);
  queue.append("z");
  EXPECT_EQ(as_text(queue.content()), "z");
}

TEST(ByteQueue, ReusesTheConsumedFrontInsteadOfGrowing) {
  ByteQueue queue;
  queue.append(std::string(256, 'a'));
  const std::size_t capacity = queue.capacity();
  for (int i = 0; i < 1000; ++i) {
    queue.consume(200);
    queue.append(std::string(200, static_cast<char>('b' + i % 20)));
  }
  EXPECT_EQ(queue.size(), 256u);
  EXPECT_EQ(queue.capacity(), capacity);
}

TEST(ByteQueue, StaysBoundedWhenNeverQuiteEmpty) {
  ByteQueue queue;
  queue.append("x");
  for (int i = 0; i < 10000; ++i) {
    queue.append("0123456789");
    queue.consume(10);
  }
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_LE(queue.capacity(), 1024u);
}

TEST(ByteQueue, AMovedQueueTakesTheContentAlong) {
  ByteQueue queue;
  queue.append("abc");
  ByteQueue other = std::move(queue);
  EXPECT_EQ(as_text(other.content()), "abc");
  // NOLINTNEXTLINE(bugprone-use-after-move): what a moved-from queue is worth is the question.
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.capacity(), 0u);
  queue.append("d");
  EXPECT_EQ(as_text(queue.content()), "d");
  queue = std::move(other);
  EXPECT_EQ(as_text(queue.content()), "abc");
}

// The tests of the blocks that a thread keeps begin in a thread that keeps nothing.
TEST(ByteQueue, TakesLargeBlocksOfThoseThatTheThreadKeeps) {
  std::thread([] {
    const std::string text(100'000, 'x');
    const std::byte* block = nullptr;
    {
      ByteQueue queue;
      queue.append(text);
      block = queue.content().data();
    }
    ByteQueue next;
    next.append(text);
    EXPECT_EQ(next.content().data(), block);
    next.release();
    ByteQueue third;
    third.append("y");
    third.append(text.substr(1));
    EXPECT_EQ(third.content().data(), block);
    EXPECT_EQ(as_text(third.content()), "y" + text.substr(1));
  }).join();
}

TEST(ByteQueue, GrowsByWhatHasComeAndNoFurtherThanWhatIsToCome) {
  std::thread([] {
    const std::string piece(40'000, 'x');
    ByteQueue queue;
    queue.append(as_bytes(piece), 100'000);
    EXPECT_EQ(queue.capacity(), 80'000u);
    queue.append(as_bytes(piece), 60'000);
    EXPECT_EQ(queue.capacity(), 80'000u);
    queue.append(as_bytes(piece.substr(0, 20'000)), 20'000);
    EXPECT_EQ(queue.capacity(), 100'000u);
    EXPECT_EQ(queue.size(), 100'000u);
  }).join();
}

TEST(ByteQueue, TakesABlockForAllThatIsToComeIfTheThreadKeepsOne) {
  std::thread([] {
    const std::string piece(40'000, 'x');
    {
      ByteQueue large;
      large.prepare(1'000'000);
    }
    ByteQueue queue;
    queue.append(as_bytes(piece), 900'000);
    EXPECT_EQ(queue.capacity(), 1'000'000u);
    EXPECT_EQ(as_text(queue.content()), piece);
  }).join();
}

TEST(ByteQueue, BehavesAsAStringDoes) {
  std::mt19937 random(1);
  ByteQueue queue;
  std::string twin;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 == 0) {
      const std::string text(random() % 700, static_cast<char>('a' + i % 26));
      queue.append(text);
      twin += text;
    } else {
      const std::size_t size = std::min<std::size_t>(random() % 900, twin.size());
      queue.consume(size);
      twin.erase(0, size);
    }
    ASSERT_EQ(as_text(queue.content()), twin);
  }
}

}  // namespace
}  // namespace duplex
