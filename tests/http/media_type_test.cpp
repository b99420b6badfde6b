#include <gtest/gtest.h>

#include <duplex/http/media_type.hpp>

namespace duplex::http {
namespace {

TEST(MediaType, GoesByTheLastExtension) {
  const struct {
    std::string_view name;
    std::string_view type;
  } cases[] = {
      {"index.html", "text/html; charset=utf-8"},
      {"INDEX.HTM", "text/html; charset=utf-8"},
      {"a/b.css", "text/css; charset=utf-8"},
      {"app.min.js", "text/javascript; charset=utf-8"},
      {"a.mjs", "text/javascript; charset=utf-8"},
      {"a.json", "application/json"},
      {"a.svg", "image/svg+xml; charset=utf-8"},
      {"a.wasm", "application/wasm"},
      {"a.webmanifest", "application/manifest+json"},
      {"a.3gp", "video/3gpp"},
      {"a.zst", "application/zstd"},
      {"a.tar.gz", "application/gzip"},
      {"a.woff2", "font/woff2"},
      {"", "application/octet-stream"},
      {"html", "application/octet-stream"},
      {"a.", "application/octet-stream"},
      {"a.html/b", "application/octet-stream"},
      {"a.unknown", "application/octet-stream"},
      {"a.htmlhtmlhtmlhtml", "application/octet-stream"},
  };
  for (const auto& [name, type] : cases) EXPECT_EQ(media_type_of(name), type) << name;
}

TEST(MediaType, EssenceLeavesTheParametersOut) {
  EXPECT_EQ(essence_of("text/html; charset=utf-8"), "text/html");
  EXPECT_EQ(essence_of(" text/plain "), "text/plain");
  EXPECT_EQ(essence_of(""), "");
}

}  // namespace
}  // namespace duplex::http
