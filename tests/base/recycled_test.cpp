#include "base/recycled.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace duplex {
namespace {

struct Object : Recycled<Object> {
  std::array<char, 40> content{};
};

struct Larger : Object {
  std::array<char, 400> more{};
};

TEST(Recycled, GivesTheMemoryOfTheLastThatWentToTheNext) {
  auto first = std::make_unique<Object>();
  const void* const place = first.get();
  first.reset();
  const auto second = std::make_unique<Object>();
  EXPECT_EQ(second.get(), place);
}

TEST(Recycled, KeepsThoseApartThatLiveAtTheSameTime) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Object>> objects;
    std::set<const void*> places;
    for (int i = 0; i < 200; ++i) {
      objects.push_back(std::make_unique<Object>());
      objects.back()->content.fill('x');
      places.insert(objects.back().get());
    }
    EXPECT_EQ(places.size(), objects.size());
  }
}

// A block that fits its base would be too small for it.
TEST(Recycled, KeepsNoBlockForADerivedClassOfAnotherSize) {
  const void* const place = std::make_unique<Object>().get();
  auto larger = std::make_unique<Larger>();
  EXPECT_NE(static_cast<const void*>(larger.get()), place);
  larger->more.fill('x');
  const void* const larger_place = larger.get();
  larger.reset();
  const auto object = std::make_unique<Object>();
  EXPECT_NE(static_cast<const void*>(object.get()), larger_place);
}

TEST(Recycled, MayDieInAnotherThreadThanItWasBornIn) {
  std::vector<std::unique_ptr<Object>> objects;
  for (int i = 0; i < 100; ++i) objects.push_back(std::make_unique<Object>());
  std::thread([mine = std::move(objects)]() mutable {
    mine.clear();
    const auto own = std::make_unique<Object>();
    own->content.fill('y');
  }).join();
}

}  // namespace
}  // namespace duplex
