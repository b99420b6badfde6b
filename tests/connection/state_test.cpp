#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <duplex/connection/state.hpp>

namespace duplex::connection {
namespace {

TEST(State, OwnsOneObjectOfAnyType) {
  State state;
  EXPECT_FALSE(state.has_value());
  state.emplace<std::string>("xxx") += "y";
  EXPECT_TRUE(state.has_value());
  EXPECT_EQ(*state.find<std::string>(), "xxxy");
  state.emplace<int>(7);
  EXPECT_EQ(*state.find<int>(), 7);
}

TEST(State, DestroysItsObjectOnce) {
  const auto alive = std::make_shared<int>();
  State state;
  state.emplace<std::shared_ptr<int>>(alive);
  EXPECT_EQ(alive.use_count(), 2);
  State other = std::move(state);
  EXPECT_FALSE(state.has_value());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(alive.use_count(), 2);
  other.emplace<int>(1);
  EXPECT_EQ(alive.use_count(), 1);
  other.emplace<std::shared_ptr<int>>(alive);
  other = State();
  EXPECT_EQ(alive.use_count(), 1);
  {
    State scoped;
    scoped.emplace<std::shared_ptr<int>>(alive);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(State, KeepsWhatItHasWhenTheNewObjectFails) {
  struct Failing {
    Failing() { throw std::runtime_error("no"); }
  };
  State state;
  state.emplace<int>(5);
  EXPECT_THROW(state.emplace<Failing>(), std::runtime_error);
  EXPECT_EQ(*state.find<int>(), 5);
}

TEST(State, IsFoundOnlyByItsType) {
  State state;
  EXPECT_EQ(state.find<int>(), nullptr);
  state.emplace<int>(1);
  EXPECT_EQ(state.find<unsigned>(), nullptr);
  state.reset();
  EXPECT_EQ(state.find<int>(), nullptr);
}

/// Makes another one of its kind when it goes.
struct Heir {
  State& state;
  std::shared_ptr<int> alive;
  int heirs;
  ~Heir() {
    if (heirs > 0) state.emplace<Heir>(state, alive, heirs - 1);
  }
};

TEST(State, ReplacesWhatADestructorMakesMeanwhile) {
  const auto alive = std::make_shared<int>();
  {
    State state;
    state.emplace<Heir>(state, alive, 2);
    EXPECT_EQ(state.emplace<int>(7), 7);
    EXPECT_EQ(*state.find<int>(), 7);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace duplex::connection
