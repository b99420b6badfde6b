#include "server/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz/server/router_properties.hpp"

namespace duplex::server {
namespace {

using http::Method;
using http::MethodSet;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = RouteMatch::Outcome;

Router router_of(const std::vector<std::string>& patterns) {
  Router router;
  for (std::size_t i = 0; i < patterns.size(); ++i) router.add(Method::get, patterns[i], i);
  return router;
}

/// The number of the route that a GET of `path` finds; -1 for none.
int found(const Router& router, std::string_view path) {
  const RouteMatch match = router.find(Method::get, path);
  return match ? static_cast<int>(match.route()) : -1;
}

TEST(Router, AnEmptyOneFindsNothing) {
  EXPECT_EQ(found(Router(), "/"), -1);
  EXPECT_EQ(Router().find(Method::get, "/").outcome(), Outcome::not_found);
}

TEST(Router, FindsLiterals) {
  const Router router = router_of({"/", "/a", "/a/", "/a/b", "/ab"});
  EXPECT_EQ(found(router, "/"), 0);
  EXPECT_EQ(found(router, "/a"), 1);
  EXPECT_EQ(found(router, "/a/"), 2);
  EXPECT_EQ(found(router, "/a/b"), 3);
  EXPECT_EQ(found(router, "/ab"), 4);
  for (const char* path : {"", "*", "a", "//", "/a//", "/a//b", "//a", "/a/b/", "/A", "/abc"}) {
    EXPECT_EQ(found(router, path), -1) << path;
  }
}

TEST(Router, ComparesLiteralsDecoded) {
  const Router router = router_of({"/caf\xc3\xa9", "/a b", "/%7Bx%7D", "/100%25"});
  EXPECT_EQ(found(router, "/caf%C3%A9"), 0);
  EXPECT_EQ(found(router, "/%63af%c3%a9"), 0);
  EXPECT_EQ(found(router, "/caf\xc3\xa9"), 0);
  EXPECT_EQ(found(router, "/a%20b"), 1);
  EXPECT_EQ(found(router, "/a+b"), -1);
  EXPECT_EQ(found(router, "/{x}"), 2);
  EXPECT_EQ(found(router, "/100%25"), 3);
  EXPECT_EQ(found(router, "/100%"), -1);
}

TEST(Router, ParametersAreViewsOfThePath) {
  const Router router = router_of({"/users/{id}/posts/{post}"});
  const std::string path = "/users/4%202/posts/x";
  const RouteMatch match = router.find(Method::get, path);
  ASSERT_TRUE(match);
  EXPECT_THAT(match.names(), ElementsAre("id", "post"));
  EXPECT_THAT(match.values(), ElementsAre("4%202", "x"));
  EXPECT_EQ(match.value("id")->data(), path.data() + 7);
  EXPECT_EQ(match.value("post"), "x");
  EXPECT_EQ(match.value("none"), std::nullopt);
  EXPECT_EQ(found(router, "/users//posts/x"), -1);
  EXPECT_EQ(found(router, "/users/1/posts/"), -1);
}

TEST(Router, ARestTakesAllThatIsLeft) {
  const Router router = router_of({"/files/{path...}"});
  EXPECT_EQ(router.find(Method::get, "/files/").value("path"), "");
  EXPECT_EQ(router.find(Method::get, "/files/a").value("path"), "a");
  EXPECT_EQ(router.find(Method::get, "/files/a/b%20c/").value("path"), "a/b%20c/");
  EXPECT_EQ(router.find(Method::get, "/files//a").value("path"), "/a");
  EXPECT_EQ(found(router, "/files"), -1);
}

TEST(Router, PrefersLiteralsToParametersToRests) {
  const Router router =
      router_of({"/a/b", "/a/{x}", "/a/{x...}", "/{x}/b", "/{x...}", "/{x}/{y}/c"});
  EXPECT_EQ(found(router, "/a/b"), 0);
  EXPECT_EQ(found(router, "/a/c"), 1);
  EXPECT_EQ(found(router, "/a/c/d"), 2);
  EXPECT_EQ(found(router, "/a/"), 2);
  EXPECT_EQ(found(router, "/z/b"), 3);
  EXPECT_EQ(found(router, "/z/c"), 4);
  EXPECT_EQ(found(router, "/a/b/c"), 2);
  EXPECT_EQ(found(router, "/z/b/c"), 5);
  EXPECT_EQ(found(router, "/a"), 4);
}

TEST(Router, GoesBackWhenAPreferredBranchLeadsNowhere) {
  const Router router = router_of({"/a/b/c", "/a/{x}/d", "/{x}/b/e"});
  EXPECT_EQ(found(router, "/a/b/d"), 1);
  const RouteMatch match = router.find(Method::get, "/a/b/e");
  ASSERT_TRUE(match);
  EXPECT_EQ(match.route(), 2u);
  EXPECT_THAT(match.values(), ElementsAre("a"));
}

TEST(Router, NamesBelongToThePatternNotToThePlace) {
  Router router;
  router.add(Method::get, "/{a}", 0);
  router.add(Method::post, "/{b}", 1);
  router.add(Method::get, "/{c}/x", 2);
  EXPECT_EQ(router.find(Method::get, "/1").value("a"), "1");
  EXPECT_EQ(router.find(Method::post, "/1").value("b"), "1");
  EXPECT_EQ(router.find(Method::get, "/1/x").value("c"), "1");
}

TEST(Router, NamesTheMethodsThatAreAllowed) {
  Router router;
  router.add(Method::get, "/a", 0);
  router.add(Method::post, "/{x}", 1);
  router.add(Method::put, "/b", 2);
  const RouteMatch match = router.find(Method::delete_, "/a");
  EXPECT_EQ(match.outcome(), Outcome::method_not_allowed);
  EXPECT_EQ(match.allowed(), (MethodSet{Method::get, Method::head, Method::post}));
  EXPECT_THAT(match.values(), IsEmpty());
  EXPECT_EQ(router.find(Method::get, "/b").allowed(), (MethodSet{Method::post, Method::put}));
  EXPECT_EQ(router.find(Method::get, "/b/c").outcome(), Outcome::not_found);
}

TEST(Router, FindsAnotherPatternThatHasTheMethod) {
  Router router;
  router.add(Method::post, "/a/b", 0);
  router.add(Method::get, "/a/{x}", 1);
  EXPECT_EQ(found(router, "/a/b"), 1);
  EXPECT_EQ(router.find(Method::post, "/a/b").route(), 0u);
}

TEST(Router, HeadFallsBackToGet) {
  Router router;
  router.add(Method::get, "/a", 0);
  router.add(Method::get, "/b", 1);
  router.add(Method::head, "/b", 2);
  EXPECT_EQ(router.find(Method::head, "/a").route(), 0u);
  EXPECT_EQ(router.find(Method::head, "/b").route(), 2u);
  EXPECT_EQ(router.find(Method::get, "/b").route(), 1u);
}

TEST(Router, WebSocketsAreApart) {
  Router router;
  router.add_websocket("/live/{channel}", 0);
  router.add(Method::get, "/live/{name}", 1);
  router.add_websocket("/echo", 2);
  EXPECT_EQ(router.find_websocket("/live/x").value("channel"), "x");
  EXPECT_EQ(router.find(Method::get, "/live/x").value("name"), "x");
  EXPECT_EQ(router.find_websocket("/echo").route(), 2u);
  EXPECT_EQ(router.find(Method::get, "/echo").outcome(), Outcome::not_found);
  EXPECT_EQ(router.find_websocket("/").outcome(), Outcome::not_found);
  EXPECT_EQ(router.find_websocket("/live").outcome(), Outcome::not_found);
}

TEST(Router, TellsOfAWebSocketWhereNoMethodLeads) {
  Router router;
  router.add_websocket("/live/{channel}", 0);
  router.add_websocket("/both", 1);
  router.add(Method::post, "/both", 2);
  EXPECT_TRUE(router.find(Method::get, "/live/x").has_websocket());
  EXPECT_TRUE(router.find(Method::head, "/both").has_websocket());
  EXPECT_EQ(router.find(Method::get, "/both").outcome(), Outcome::method_not_allowed);
  EXPECT_FALSE(router.find(Method::get, "/live").has_websocket());
  EXPECT_FALSE(router.find(Method::get, "/live/..").has_websocket());
  EXPECT_FALSE(router.find(Method::get, "/").has_websocket());
}

TEST(Router, TellsOfWebSocketsAsASearchForThemDoes) {
  Router router;
  std::size_t route = 0;
  for (const char* pattern :
       {"/", "/a", "/a/{x}", "/{x}/b", "/a/{x...}", "/b/{x}/c", "/{x}/{y}/c"}) {
    router.add_websocket(pattern, route++);
  }
  for (const char* pattern : {"/a", "/{x}", "/b/{x...}", "/a/b/c", "/{x}/{y}/{z}"}) {
    router.add(Method::post, pattern, route++);
  }
  std::vector<std::string> paths = {""};
  for (std::size_t first = 0, depth = 0; depth < 4; ++depth) {
    const std::size_t end = paths.size();
    for (; first < end; ++first) {
      for (const char* segment : {"/", "/a", "/b", "/c", "/..", "/%61"}) {
        paths.push_back(paths[first] + segment);
      }
    }
  }
  for (const std::string& path : paths) {
    for (const Method method : {Method::get, Method::head, Method::put}) {
      const RouteMatch match = router.find(method, path);
      ASSERT_FALSE(match);
      EXPECT_EQ(match.has_websocket(), static_cast<bool>(router.find_websocket(path))) << path;
    }
  }
}

TEST(Router, DotSegmentsMatchNothing) {
  const Router router = router_of({"/{x...}", "/{x}", "/a/{x}"});
  for (const char* path :
       {"/.", "/..", "/a/..", "/%2e%2e", "/a/%2E", "/../a", "/a%2f..", "/%00", "/%zz", "/..%2fa"}) {
    EXPECT_EQ(found(router, path), -1) << path;
  }
  EXPECT_EQ(found(router, "/..."), 1);
}

TEST(Router, TakesSixteenParameters) {
  std::string pattern;
  std::string path;
  for (int i = 0; i < 16; ++i) {
    pattern += "/{p" + std::to_string(i) + "}";
    path += "/" + std::to_string(i);
  }
  Router router = router_of({pattern, "/{rest...}"});
  EXPECT_EQ(router.find(Method::get, path).value("p15"), "15");
  EXPECT_EQ(router.find(Method::get, path + "/x").value("rest"), path.substr(1) + "/x");
  EXPECT_THROW(router.add(Method::get, pattern + "/{one-more}", 2), std::invalid_argument);
}

TEST(Router, SaysWhatIsWrongWithAPattern) {
  const struct {
    const char* pattern;
    const char* reason;
  } cases[] = {
      {"", "begin with /"},
      {"a", "begin with /"},
      {"//", "empty segment"},
      {"/a//b", "empty segment"},
      {"/{}", "without a name"},
      {"/{...}", "without a name"},
      {"/{a b}", "without a name"},
      {"/{*}", "without a name"},
      {"/a{x}", "mixes"},
      {"/{x}.json", "mixes"},
      {"/{x", "mixes"},
      {"/}", "mixes"},
      {"/{a}{b}", "without a name"},
      {"/{x...}/a", "last segment"},
      {"/{x...}/", "last segment"},
      {"/{x}/{x}", "two parameters"},
      {"/a?b", "without ? or #"},
      {"/a#", "without ? or #"},
      {"/%zz", "hexadecimal"},
      {"/a/../b", "no request can have"},
      {"/%2e", "no request"},
      {"/a%2fb", "encoded slash"},
      {"/a%00", "encoded slash or NUL"},
  };
  for (const auto& [pattern, reason] : cases) {
    Router router;
    try {
      router.add(Method::get, pattern, 0);
      ADD_FAILURE() << pattern << " was accepted";
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(reason)) << pattern;
    }
  }
}

TEST(Router, RefusesTheSameSegmentsTwice) {
  Router router;
  router.add(Method::get, "/a/{x}", 0);
  router.add_websocket("/a/{x}", 1);
  try {
    router.add(Method::get, "/%61/{y}", 2);
    ADD_FAILURE();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "route pattern \"/%61/{y}\" is taken already, by \"/a/{x}\", for GET");
  }
  EXPECT_THROW(router.add_websocket("/a/{z}", 3), std::invalid_argument);
  EXPECT_EQ(found(router, "/a/b"), 0);
}

TEST(Router, CorpusKeepsTheProperties) {
  for (const auto& entry : std::filesystem::directory_iterator(DUPLEX_CORPUS "/router_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(broken_router_property(text), "") << entry.path();
    EXPECT_EQ(broken_pattern_property(text), "") << entry.path();
  }
}

TEST(Router, AgreesWithTryingEveryPattern) {
  const std::vector<std::string> pieces = {"", "a", "b", "c", "d", "%61", "caf%c3%a9", "..", "q"};
  for (const auto& first : pieces) {
    for (const auto& second : pieces) {
      for (const auto& third : pieces) {
        for (const auto& fourth : pieces) {
          for (const std::string& path :
               {"/" + first, "/" + first + "/" + second, "/" + first + "/" + second + "/" + third,
                "/" + first + "/" + second + "/" + third + "/" + fourth,
                "/" + first + "/" + second + "/" + third + "/" + fourth + "/"}) {
            ASSERT_EQ(broken_router_property(path), "") << path;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace duplex::server
