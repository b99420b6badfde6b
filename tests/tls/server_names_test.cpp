#include "tls/server_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ServerNames names_of(std::initializer_list<ServerNames::Entry> entries) {
  return ServerNames(std::vector<ServerNames::Entry>(entries));
}

struct Choice {
  const char* host;
  std::size_t credential;
};

TEST(ServerNames, ChoosesByExactNameThenByWildcardThenTheDefault) {
  const ServerNames names = names_of({{{"example.test"}, KeyType::ecdsa},
                                      {{"*.Example.test"}, KeyType::ecdsa},
                                      {{"WWW.example.test", "other.test."}, KeyType::ecdsa},
                                      {{"a.b.example.test"}, KeyType::ecdsa}});
  const std::string longest = std::string(241, 'x') + ".example.test";
  const Choice choices[] = {
      {"example.test", 0},
      {"www.example.test", 2},
      {"www.example.test.", 2},
      {"wWw.eXample.Test", 2},
      {"any.example.test", 1},
      {"ANY.EXAMPLE.TEST", 1},
      {"any.example.test.", 1},
      {"x.example.test", 1},
      {"two.labels.example.test", 0},
      {"a.b.example.test", 3},
      {"c.b.example.test", 0},
      {".example.test", 0},
      {"other.test", 2},
      {"www.other.test", 0},
      {"unknown.test", 0},
      {"", 0},
      {".", 0},
      {"..", 0},
      {"test", 0},
      {"*.example.test", 1},
      {longest.c_str(), 1},
  };
  for (const Choice& choice : choices) {
    EXPECT_THAT(names.sets().at(names.find(choice.host)), ElementsAre(choice.credential))
        << choice.host;
  }
  EXPECT_EQ(names.find(std::string(300, 'x') + ".example.test"), 0U);
}

TEST(ServerNames, IgnoresWildcardsThatNoClientTakes) {
  const ServerNames names =
      names_of({{{"default.test"}, KeyType::rsa},
                {{"*", "*.", "w*.test", "a.*.test", "*.*.test", ""}, KeyType::rsa}});
  for (const char* host : {"www.test", "a.b.test", "x", "*", "a.b.c.test", "*.test"}) {
    EXPECT_THAT(names.sets().at(names.find(host)), ElementsAre(0)) << host;
  }
}

TEST(ServerNames, OffersOneOfEachTypeOfKeyForAName) {
  const ServerNames names = names_of({{{"a.test", "b.test"}, KeyType::rsa},
                                      {{"a.test"}, KeyType::ecdsa},
                                      {{"c.test"}, KeyType::ed25519},
                                      {{"a.test"}, KeyType::rsa}});
  EXPECT_THAT(names.sets().at(names.find("a.test")), ElementsAre(0, 1));
  EXPECT_THAT(names.sets().at(names.find("b.test")), ElementsAre(0));
  EXPECT_THAT(names.sets().at(names.find("c.test")), ElementsAre(2));
}

TEST(ServerNames, LetsAWildcardStandInForTypesThatTheExactNameLacks) {
  const ServerNames names = names_of({{{"default.test"}, KeyType::rsa},
                                      {{"*.test"}, KeyType::rsa},
                                      {{"*.test"}, KeyType::ecdsa},
                                      {{"www.test"}, KeyType::rsa}});
  EXPECT_THAT(names.sets().at(names.find("www.test")), ElementsAre(2, 3));
  EXPECT_THAT(names.sets().at(names.find("any.test")), ElementsAre(1, 2));
}

TEST(ServerNames, HasForUnknownNamesTheFirstAndOtherTypesForAllItsNames) {
  EXPECT_THAT(names_of({{{"a.test", "b.test"}, KeyType::rsa},
                        {{"*.test"}, KeyType::ecdsa},
                        {{"a.test", "b.test"}, KeyType::ecdsa},
                        {{"a.test"}, KeyType::ed25519}})
                  .sets()
                  .front(),
              ElementsAre(0, 1));
  EXPECT_THAT(names_of({{{}, KeyType::rsa}, {{}, KeyType::ecdsa}}).sets(),
              ElementsAre(ElementsAre(0)));
}

TEST(ServerNames, MakesEachSetOnce) {
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("host" + std::to_string(i) + ".test");
  EXPECT_THAT(names_of({{many, KeyType::rsa}, {many, KeyType::ecdsa}}).sets(), SizeIs(1));
}

TEST(ServerNames, TellsWhichCredentialsClash) {
  const ServerNames names = names_of({{{"a.test", "b.test"}, KeyType::rsa},
                                      {{"a.test"}, KeyType::ecdsa},
                                      {{"c.test", "B.test", "a.test"}, KeyType::rsa}});
  ASSERT_THAT(names.clashes(), SizeIs(1));
  EXPECT_EQ(names.clashes()[0].used, 0U);
  EXPECT_EQ(names.clashes()[0].unused, 2U);
  EXPECT_EQ(names.clashes()[0].name, "a.test");
  EXPECT_THAT(names_of({{{"*.test"}, KeyType::rsa}, {{"a.test"}, KeyType::rsa}}).clashes(),
              IsEmpty());
}

}  // namespace
}  // namespace duplex::tls
