#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include <duplex/base/shared_bytes.hpp>

namespace duplex {
namespace {

TEST(SharedBytes, IsOnePointerWide) {
  static_assert(sizeof(SharedBytes) == sizeof(void*));
}

TEST(SharedBytes, EmptyOnesAllocateNothing) {
  EXPECT_TRUE(SharedBytes().empty());
  EXPECT_EQ(SharedBytes().bytes().data(), nullptr);
  EXPECT_EQ(SharedBytes::copy_of({}).bytes().data(), nullptr);
  EXPECT_EQ(SharedBytes::concatenation({}).size(), 0u);
}

TEST(SharedBytes, JoinsItsParts) {
  const auto joined =
      SharedBytes::concatenation({as_bytes("ab"), ConstBytes{}, as_bytes("c"), as_bytes("def")});
  EXPECT_EQ(as_text(joined.bytes()), "abcdef");
  EXPECT_EQ(joined.size(), 6u);
}

TEST(SharedBytes, CopiesReferToTheSameBytes) {
  SharedBytes first = SharedBytes::copy_of(as_bytes("text"));
  const SharedBytes second = first;
  EXPECT_EQ(first.bytes().data(), second.bytes().data());
  first = SharedBytes();
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(as_text(second.bytes()), "text");
  const SharedBytes& alias = second;
  first = alias;
  first = *&first;
  EXPECT_EQ(as_text(first.bytes()), "text");
}

TEST(SharedBytes, AMovedOneIsEmpty) {
  SharedBytes first = SharedBytes::copy_of(as_bytes("text"));
  const SharedBytes second = std::move(first);
  // NOLINTNEXTLINE(bugprone-use-after-move): what is left behind is the question.
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(as_text(second.bytes()), "text");
}

TEST(SharedBytes, ThreadsMayCopyAndDropReferences) {
  const SharedBytes original = SharedBytes::copy_of(as_bytes("shared by threads"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = original] {
      for (int round = 0; round < 10000; ++round) {
        const SharedBytes another = copy;
        ASSERT_EQ(another.size(), 17u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(as_text(original.bytes()), "shared by threads");
}

}  // namespace
}  // namespace duplex
