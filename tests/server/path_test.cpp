#include "server/path.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string_view>

namespace duplex::server {
namespace {

TEST(IsSafePath, RefusesEverySpellingOfAWayOut) {
  for (const char* path :
       {"",        "*",       "a",    "a/",   "/.",      "/..",     "/./",     "/../",
        "/a/..",   "/a/../b", "/a/.", "/%2e", "/%2E%2e", "/.%2e/a", "/a%2f..", "/a%2F../b",
        "/..%2fa", "/%",      "/%4",  "/%zz", "/a%00",   "/%00"}) {
    EXPECT_FALSE(is_safe_path(path)) << path;
  }
  for (const char* path : {"/plain/%2e%2e", "/plain/..", "/a.b/./c", "/a/%00"}) {
    EXPECT_FALSE(is_safe_path(path)) << path;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(is_safe_path("/a\0b"sv));
  EXPECT_FALSE(is_safe_path("/\0"sv));
}

TEST(IsSafePath, AcceptsWhatOnlyLooksLikeIt) {
  for (const char* path : {"/", "//", "/a", "/a/", "/...", "/..a", "/a..", "/.a", "/a%2fb",
                           "/%252e%252e/", "/%2e%2e%2e", "/a.b/c..d/", "/caf%C3%A9"}) {
    EXPECT_TRUE(is_safe_path(path)) << path;
  }
}

TEST(PathPrefix, MatchesWholeSegments) {
  const struct {
    const char* prefix;
    const char* path;
    std::optional<std::string_view> rest;
  } cases[] = {
      {"/", "/", "/"},
      {"/", "/a/b", "/a/b"},
      {"/a", "/a", ""},
      {"/a", "/a/", "/"},
      {"/a/", "/a", ""},
      {"/a", "/a/b/c", "/b/c"},
      {"/a", "/%61/b", "/b"},
      {"/%61", "/a", ""},
      {"/a b", "/a%20b/x", "/x"},
      {"/a", "/a%2Fb", std::nullopt},
      {"/a", "/ab", std::nullopt},
      {"/a", "/", std::nullopt},
      {"/a", "//a", std::nullopt},
      {"/a/b", "/a", std::nullopt},
      {"/a/b", "/a/c", std::nullopt},
      {"/a/b", "/a/b", ""},
      {"/a", "*", std::nullopt},
  };
  for (const auto& [prefix, path, rest] : cases) {
    EXPECT_EQ(PathPrefix(prefix).rest_of(path), rest) << prefix << " of " << path;
  }
  EXPECT_EQ(PathPrefix("/").segment_count(), 0u);
  EXPECT_EQ(PathPrefix("/a/b/").segment_count(), 2u);
}

TEST(PathPrefix, RefusesWhatIsNoPath) {
  for (const char* prefix : {"", "a", "/..", "/%zz", "/a%2fb"}) {
    EXPECT_THROW(PathPrefix{prefix}, std::invalid_argument) << prefix;
  }
}

}  // namespace
}  // namespace duplex::server
