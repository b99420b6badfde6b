#include "connection/hub.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <utility>
#include <vector>

#include "tests/connection/pipe_support.hpp"

namespace duplex::connection {
namespace {

TEST(Hub, GivesANameToAnotherPipeOnlyInAnotherGeneration) {
  Script script;
  PipeBench bench;
  auto [first, first_peer] = bench.connect(script);
  const std::uint32_t index = first.index();
  const std::uint32_t generation = bench.hub.generation(index);
  EXPECT_EQ(bench.hub.find(index, generation), &first);
  EXPECT_EQ(bench.hub.find(index, generation + 1), nullptr);
  EXPECT_EQ(bench.hub.find(index + 1, generation), nullptr);

  first.abort();
  EXPECT_EQ(bench.hub.find(index, generation), nullptr) << "closed, though not yet freed";
  bench.turn();
  auto [second, second_peer] = bench.connect(script);
  EXPECT_EQ(second.index(), index);
  EXPECT_EQ(bench.hub.find(index, generation), nullptr);
  EXPECT_EQ(bench.hub.find(index, bench.hub.generation(index)), &second);
}

TEST(Hub, KeepsThousandsOfNamesApart) {
  std::deque<Script> scripts;
  PipeBench bench;
  std::vector<Peer> peers;
  std::vector<TestPipe*> pipes;
  for (int round = 0; round < 3; ++round) {
    while (bench.hub.pipe_count() < 200) {
      auto [pipe, peer] = bench.connect(scripts.emplace_back());
      pipes.push_back(&pipe);
      peers.push_back(std::move(peer));
    }
    for (TestPipe* pipe : pipes) {
      EXPECT_EQ(bench.hub.find(pipe->index(), bench.hub.generation(pipe->index())), pipe);
    }
    // Half of them go.
    std::vector<TestPipe*> rest;
    for (std::size_t i = 0; i < pipes.size(); ++i) {
      if (i % 2 == 0) {
        pipes[i]->abort();
      } else {
        rest.push_back(pipes[i]);
      }
    }
    pipes = std::move(rest);
    bench.turn();
    EXPECT_EQ(bench.hub.pipe_count(), 100u);
  }
}

TEST(Hub, VisitsOpenPipesWhichMayCloseMeanwhile) {
  std::deque<Script> scripts(4);
  PipeBench bench;
  std::vector<Peer> peers;
  std::vector<TestPipe*> pipes;
  for (Script& script : scripts) {
    auto [pipe, peer] = bench.connect(script);
    pipes.push_back(&pipe);
    peers.push_back(std::move(peer));
  }
  int visits = 0;
  bench.hub.for_each_pipe([&](Pipe& pipe) {
    ++visits;
    pipe.abort();
    pipes[3]->abort();
  });
  EXPECT_EQ(visits, 3);
  EXPECT_EQ(bench.hub.pipe_count(), 0u);
  bench.turn();
  for (const Script& script : scripts) EXPECT_TRUE(script.destroyed);
}

TEST(Hub, ClosesAllItsPipesWhenItEnds) {
  std::deque<Script> scripts(3);
  {
    PipeBench bench;
    for (Script& script : scripts) {
      auto [pipe, peer] = bench.connect(script);
      // Each closes another when it is closed itself.
      script.on_closed = [&bench](TestPipe&) {
        bench.hub.for_each_pipe([](Pipe& other) { other.abort(); });
      };
      pipe.input_wanted();
    }
  }
  for (const Script& script : scripts) {
    EXPECT_EQ(script.closes, 1);
    EXPECT_TRUE(script.destroyed);
  }
}

TEST(Hub, WatchesTheTimeOfManyPipesAtOnce) {
  std::deque<Script> scripts(50);
  PipeBench bench;
  std::vector<Peer> peers;
  std::vector<std::uint64_t> due(scripts.size());
  std::vector<std::uint64_t> rung(scripts.size());
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    scripts[i].on_time = [&, i](TestPipe& its, std::uint64_t now) {
      if (due[i] == 0) return due[i] = now + (i * 37) % 120 + 1;
      if (now < due[i]) return due[i];
      rung[i] = now;
      its.abort();
      return UINT64_MAX;
    };
    peers.push_back(bench.connect(scripts[i]).second);
  }
  ASSERT_TRUE(bench.until([&] { return bench.hub.pipe_count() == 0; }));
  for (std::size_t i = 0; i < scripts.size(); ++i) EXPECT_GE(rung[i], due[i]);
}

/// Gives a pipe something to send, once, when its hub has had its turn.
class Latecomer final : public net::Epilogue {
 public:
  void on_iteration_end() noexcept override {
    if (TestPipe* const to = std::exchange(pipe, nullptr)) {
      to->send(SharedBytes::copy_of(as_bytes("late")));
    }
  }
  TestPipe* pipe = nullptr;
};

TEST(Hub, DoesNotSleepOnWorkThatComesBehindItsTurn) {
  Script script;
  PipeBench bench;
  Latecomer latecomer;
  bench.loop.add(latecomer);
  auto [pipe, peer] = bench.connect(script);
  bench.turn();
  latecomer.pipe = &pipe;
  bench.loop.run_once(0);
  const std::uint64_t before_ms = bench.loop.now_ms();
  bench.loop.run_once(20'000);
  EXPECT_LT(bench.loop.now_ms(), before_ms + 10'000);
  EXPECT_EQ(peer.receive(), "late");
}

}  // namespace
}  // namespace duplex::connection
