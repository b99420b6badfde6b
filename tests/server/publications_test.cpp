#include "server/publications.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/worker.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::server {
namespace {

using websocket::PreparedMessage;

/// It is told by whoever holds the queue, and never touched here.
Worker* const somebody = reinterpret_cast<Worker*>(alignof(Worker));

Publications::Publication publication(std::string_view text) {
  return {std::make_shared<const std::string>("topic"), PreparedMessage::text(text)};
}

void fill(Publications& publications, Worker* from = nullptr) {
  while (!publications.add(publication("x"), from).full) {
  }
}

struct Taken {
  std::vector<std::string> texts;
  std::vector<Worker*> told;
};

/// All that are there, in as many turns as it takes.
Taken take(Publications& publications) {
  Taken taken;
  const auto note = [&](const Publications::Publication& one) {
    EXPECT_EQ(*one.topic, "topic");
    taken.texts.emplace_back(as_text(one.message.payload()));
  };
  for (bool more = true; more;) {
    const std::size_t before = taken.texts.size();
    const Publications::Delivered delivered = publications.deliver_some(note);
    if (delivered.more && taken.texts.size() == before) {
      ADD_FAILURE() << "there should be more, but nothing came";
      return taken;
    }
    taken.told.insert(taken.told.end(), delivered.to_tell.begin(), delivered.to_tell.end());
    more = delivered.more;
  }
  return taken;
}

TEST(Publications, AreDeliveredInTheOrderInWhichTheyCame) {
  Publications publications;
  EXPECT_TRUE(publications.add(publication("a"), nullptr).to_tell);
  EXPECT_FALSE(publications.add(publication("b"), nullptr).to_tell) << "it knows";
  EXPECT_EQ(publications.count(), 2);
  const Taken taken = take(publications);
  EXPECT_EQ(taken.texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(publications.count(), 0);
  EXPECT_TRUE(publications.add(publication("c"), nullptr).to_tell);
}

TEST(Publications, GoOnAtAnotherTurnWhenTheyTakeLong) {
  Publications publications;
  for (const char* text : {"a", "b", "c"}) publications.add(publication(text), nullptr);
  std::string order;
  const auto slowly = [&](const Publications::Publication& one) {
    order += as_text(one.message.payload());
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    while (std::chrono::steady_clock::now() < end) {
    }
  };
  EXPECT_TRUE(publications.deliver_some(slowly).more);
  EXPECT_EQ(order, "a");
  EXPECT_FALSE(publications.add(publication("d"), nullptr).to_tell);
  while (publications.deliver_some(slowly).more) {
  }
  EXPECT_EQ(order, "abcd");
}

TEST(Publications, AreTooManyBeyondTheirNumber) {
  Publications publications;
  fill(publications);
  EXPECT_EQ(publications.count(), Publications::count_max + 1);
  take(publications);
  EXPECT_FALSE(publications.add(publication("x"), nullptr).full);
}

TEST(Publications, AreTooManyBeyondTheirBytes) {
  Publications publications;
  const std::string half(Publications::bytes_max / 2, 'x');
  EXPECT_FALSE(publications.add(publication(half), nullptr).full);
  EXPECT_FALSE(publications.add(publication(half), nullptr).full);
  EXPECT_TRUE(publications.add(publication("x"), nullptr).full);
  take(publications);
  EXPECT_FALSE(publications.add(publication("x"), nullptr).full);
}

TEST(Publications, TellOnceThatThereIsRoom) {
  Publications publications;
  publications.add(publication("x"), somebody);
  EXPECT_TRUE(take(publications).told.empty()) << "there was room";
  fill(publications, somebody);
  publications.add(publication("x"), somebody);
  EXPECT_EQ(take(publications).told, std::vector{somebody});
  publications.add(publication("x"), nullptr);
  EXPECT_TRUE(take(publications).told.empty());
}

TEST(Publications, TellWhenHalfHasGone) {
  Publications publications;
  fill(publications, somebody);
  std::size_t left = Publications::count_max + 1;
  // Each turn is over behind one of them.
  const auto slowly = [&](const Publications::Publication&) {
    --left;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(6);
    if (left >= Publications::count_max - 1 || left <= Publications::count_max / 2 + 1) {
      while (std::chrono::steady_clock::now() < end) {
      }
    }
  };
  EXPECT_TRUE(publications.deliver_some(slowly).to_tell.empty());
  while (left > Publications::count_max / 2) {
    const auto delivered = publications.deliver_some(slowly);
    EXPECT_EQ(delivered.to_tell.size(), left > Publications::count_max / 2 ? 0 : 1);
  }
}

TEST(Publications, AreForgottenWhenDelivered) {
  Publications publications;
  const auto topic = std::make_shared<const std::string>("topic");
  publications.add({topic, PreparedMessage::text("x")}, nullptr);
  take(publications);
  EXPECT_EQ(topic.use_count(), 1);
}

}  // namespace
}  // namespace duplex::server
