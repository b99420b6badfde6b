#include "server/topics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::server {
namespace {

struct Member {
  int number = 0;
};

std::multiset<const Member*> members_of(const Topics<Member>& topics, std::string_view name) {
  std::multiset<const Member*> members;
  topics.for_each(name, [&](Member& member) { members.insert(&member); });
  return members;
}

TEST(Topics, TellWhetherAMembershipIsNew) {
  Topics<Member> topics;
  Member member;
  EXPECT_TRUE(topics.subscribe(member, "news"));
  EXPECT_FALSE(topics.subscribe(member, "news"));
  EXPECT_EQ(members_of(topics, "news").size(), 1u);
  EXPECT_TRUE(topics.unsubscribe(member, "news"));
  EXPECT_FALSE(topics.unsubscribe(member, "news"));
  EXPECT_FALSE(topics.unsubscribe(member, "never heard of"));
}

TEST(Topics, VanishWithTheirLastMember) {
  Topics<Member> topics;
  std::array<Member, 2> members;
  EXPECT_TRUE(topics.empty());
  topics.subscribe(members[0], "a");
  topics.subscribe(members[1], "a");
  topics.subscribe(members[1], "b");
  EXPECT_TRUE(topics.has_members("a"));
  topics.unsubscribe(members[0], "a");
  EXPECT_TRUE(topics.has_members("a"));
  topics.remove(members[1]);
  EXPECT_FALSE(topics.has_members("a"));
  EXPECT_FALSE(topics.has_members("b"));
  EXPECT_TRUE(topics.empty());
}

TEST(Topics, TakeAnyNameForATopic) {
  Topics<Member> topics;
  Member member;
  const std::string names[] = {"", "a", "A", std::string("a\0b", 3), std::string(10'000, 'x')};
  for (const std::string& name : names) EXPECT_TRUE(topics.subscribe(member, name));
  for (const std::string& name : names) EXPECT_EQ(members_of(topics, name).count(&member), 1u);
  topics.remove(member);
  EXPECT_TRUE(topics.empty());
}

TEST(Topics, DoNotMindTheRemovalOfAStranger) {
  Topics<Member> topics;
  Member member;
  Member stranger;
  topics.subscribe(member, "a");
  topics.remove(stranger);
  EXPECT_EQ(members_of(topics, "a").size(), 1u);
}

// Whoever leaves a topic is replaced by its last member, whose place changes: leaving from every
// place, and then leaving by those who were moved, finds places that were not kept.
TEST(Topics, KeepPlacesWhenMembersLeaveFromTheMiddle) {
  constexpr std::size_t count = 5;
  for (std::size_t first = 0; first < count; ++first) {
    for (std::size_t second = 0; second < count; ++second) {
      if (first == second) continue;
      Topics<Member> topics;
      std::array<Member, count> members;
      for (Member& member : members) topics.subscribe(member, "a");
      EXPECT_TRUE(topics.unsubscribe(members[first], "a"));
      topics.remove(members[second]);
      std::multiset<const Member*> expected;
      for (std::size_t i = 0; i < count; ++i) {
        if (i != first && i != second) expected.insert(&members[i]);
      }
      EXPECT_EQ(members_of(topics, "a"), expected) << first << ' ' << second;
    }
  }
}

TEST(Topics, VisitThoseWhoWereThereWhenTheVisitBegan) {
  Topics<Member> topics;
  std::array<Member, 3> members;
  Member late;
  for (Member& member : members) topics.subscribe(member, "a");
  int visits = 0;
  topics.for_each("a", [&](Member& member) {
    ++visits;
    topics.remove(member);
    topics.subscribe(late, "a");
  });
  EXPECT_EQ(visits, 3);
  EXPECT_EQ(members_of(topics, "a"), (std::multiset<const Member*>{&late}));
}

TEST(Topics, MayLoseTheTopicThatIsBeingVisited) {
  Topics<Member> topics;
  std::array<Member, 3> members;
  for (Member& member : members) topics.subscribe(member, "a");
  int visits = 0;
  topics.for_each("a", [&](Member&) {
    ++visits;
    for (Member& member : members) topics.remove(member);
  });
  EXPECT_EQ(visits, 3);
  EXPECT_TRUE(topics.empty());
}

TEST(Topics, DoWhatASetOfSetsDoes) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same walk each time
  std::array<Member, 40> members;
  std::array<std::string, 8> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = "topic " + std::to_string(i);
  Topics<Member> topics;
  std::map<std::string, std::set<const Member*>> twin;
  for (int step = 0; step < 20'000; ++step) {
    Member& member = members[random() % members.size()];
    const std::string& name = names[random() % names.size()];
    switch (random() % 8) {
      case 0:
        topics.remove(member);
        for (auto& [_, set] : twin) set.erase(&member);
        break;
      case 1:
      case 2: EXPECT_EQ(topics.unsubscribe(member, name), twin[name].erase(&member) == 1); break;
      default: EXPECT_EQ(topics.subscribe(member, name), twin[name].insert(&member).second);
    }
    EXPECT_EQ(topics.has_members(name), !twin[name].empty());
    const auto found = members_of(topics, name);
    ASSERT_EQ(found, std::multiset<const Member*>(twin[name].begin(), twin[name].end())) << step;
  }
}

}  // namespace
}  // namespace duplex::server
