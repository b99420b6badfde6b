#include "net/inbox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/event_loop.hpp"

namespace duplex::net {
namespace {

TEST(Inbox, RunsWhatWasPostedInOrderAndOnlyInTheLoop) {
  EventLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(loop.inbox()->post([&order, i] { order.push_back(i); }));
  }
  EXPECT_TRUE(order.empty());
  loop.run_once(1'000);
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST(Inbox, KeepsWhatPostedWorkPostsForTheNextIteration) {
  EventLoop loop;
  int depth = 0;
  std::function<void()> descend = [&] {
    ++depth;
    loop.inbox()->post(descend);
  };
  loop.inbox()->post(descend);
  loop.run_once(1'000);
  EXPECT_EQ(depth, 1);
  loop.run_once(1'000'000);
  EXPECT_EQ(depth, 2);
}

TEST(Inbox, TakesWorkThatCanOnlyBeMoved) {
  EventLoop loop;
  int result = 0;
  loop.inbox()->post([number = std::make_unique<int>(7), &result] { result = *number; });
  loop.run_once(0);
  EXPECT_EQ(result, 7);
}

TEST(Inbox, RefusesWorkAfterItsLoop) {
  std::shared_ptr<Inbox> inbox;
  const auto witness = std::make_shared<int>();
  {
    EventLoop loop;
    inbox = loop.inbox();
    EXPECT_TRUE(inbox->post([witness] { FAIL(); }));
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1) << "what was queued is destroyed with the loop";
  EXPECT_FALSE(inbox->post([witness] { FAIL(); }));
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Inbox, LetsWhatItDropsPostInVain) {
  struct PostsAtTheEnd {
    std::shared_ptr<Inbox> inbox;
    explicit PostsAtTheEnd(std::shared_ptr<Inbox> to) : inbox(std::move(to)) {}
    ~PostsAtTheEnd() {
      EXPECT_FALSE(inbox->post([] {}));
    }
  };
  const auto inbox = std::make_shared<Inbox>();
  auto held = std::make_unique<PostsAtTheEnd>(inbox);
  inbox->post([held = std::move(held)] {});
  inbox->close();
}

TEST(Inbox, DestroysEachPieceOfWorkWhenItHasRun) {
  EventLoop loop;
  const auto witness = std::make_shared<int>();
  loop.inbox()->post([witness] {});
  loop.inbox()->post([&witness] { EXPECT_EQ(witness.use_count(), 1); });
  loop.run_once(0);
}

TEST(Inbox, LosesNothingFromManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int posters = 4;
  constexpr int posts = 5'000;
  EventLoop loop;
  std::array<int, posters> next{};
  int total = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t poster = 0; poster < posters; ++poster) {
      threads.emplace_back([&, poster, inbox = loop.inbox()] {
        for (int i = 0; i < posts; ++i) {
          ASSERT_TRUE(inbox->post([&, poster, i] {
            EXPECT_EQ(next[poster]++, i);
            if (++total == posters * posts) loop.stop();
          }));
        }
      });
    }
    loop.run();
  }
  EXPECT_EQ(total, posters * posts);
}

TEST(Inbox, WakesASleepingLoopEachTime) {
  // Ping-pong: each post finds the other loop asleep, or about to fall asleep.
  constexpr int rounds = 5'000;
  EventLoop here;
  EventLoop there;
  int left = rounds;
  std::function<void()> ping;
  std::function<void()> pong = [&] { here.inbox()->post([&] { ping(); }); };
  ping = [&] {
    if (--left == 0) {
      here.stop();
      there.stop();
    } else {
      there.inbox()->post([&] { pong(); });
    }
  };
  const std::jthread thread([&] { there.run(); });
  here.inbox()->post([&] { ping(); });
  here.run();
  EXPECT_EQ(left, 0);
}

TEST(Inbox, MayBeClosedWhileOthersPost) {
  for (int round = 0; round < 50; ++round) {
    auto loop = std::make_unique<EventLoop>(1024);
    const auto witness = std::make_shared<int>();
    {
      std::vector<std::jthread> threads;
      for (int poster = 0; poster < 2; ++poster) {
        threads.emplace_back([inbox = loop->inbox(), witness] {
          while (inbox->post([witness] {})) {
          }
        });
      }
      loop->run_once(0);
      loop.reset();
    }
    EXPECT_EQ(witness.use_count(), 1);
  }
}

}  // namespace
}  // namespace duplex::net
