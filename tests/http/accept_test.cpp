#include <gtest/gtest.h>

#include <array>
#include <vector>

#include <duplex/http/accept.hpp>

namespace duplex::http {
namespace {

using enum ContentCoding;

std::optional<ContentCoding> choose(std::optional<std::string_view> value,
                                    std::vector<ContentCoding> available) {
  std::vector<FieldView> lines;
  if (value) lines.push_back({"Accept-Encoding", *value});
  return choose_coding(FieldsView(lines), available);
}

TEST(ChooseCoding, FollowsQualityThenOurOrder) {
  const std::vector<ContentCoding> all = {br, zstd, gzip, identity};
  const struct {
    std::optional<std::string_view> value;
    std::optional<ContentCoding> expected;
  } cases[] = {
      {std::nullopt, identity},
      {"", identity},
      {"gzip, deflate, br, zstd", br},
      {"gzip, deflate", gzip},
      {"GZip", gzip},
      {"x-gzip", gzip},
      {"deflate", identity},
      {"br;q=0.5, zstd;q=0.9, gzip;q=0.8", zstd},
      {"br;q=0, gzip", gzip},
      {"br;q=0.001", br},
      {"gzip;q=0.5, identity", identity},
      {"gzip;q=0.5, identity;q=0.5", gzip},
      {"*", br},
      {"*;q=0.5, gzip", gzip},
      {"br;q=0, *", zstd},
      {"*;q=0", std::nullopt},
      {"identity;q=0", std::nullopt},
      {"identity;q=0, gzip", gzip},
      {"*;q=0, identity", identity},
      {"br ; q=0.7 , gzip ;q=0.8", gzip},
      {"br;q=2, gzip;q=0.1", gzip},
      {"br;q=nonsense, gzip;q=0.1", gzip},
      {"br;q=1.001, gzip;q=0.1", gzip},
      {"br;q=1.000", br},
      {"br;Q=1.", br},
  };
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(choose(value, all), expected) << value.value_or("(none)");
  }
}

TEST(ChooseCoding, ChoosesOnlyWhatIsAvailable) {
  EXPECT_EQ(choose("br, gzip;q=0.5", {gzip, identity}), gzip);
  EXPECT_EQ(choose("br", {gzip, identity}), identity);
  EXPECT_EQ(choose("br", {gzip}), std::nullopt);
  EXPECT_EQ(choose("br", {}), std::nullopt);
}

TEST(ChooseCoding, TakesSeveralLinesForOneList) {
  constexpr std::array<FieldView, 2> lines = {
      {{"accept-encoding", "br;q=0.1"}, {"Accept-Encoding", "gzip"}}};
  EXPECT_EQ(choose_coding(FieldsView(lines), std::array{br, gzip}), gzip);
}

TEST(ContentCodingName, IsTheOneOnTheWire) {
  EXPECT_EQ(name(identity), "identity");
  EXPECT_EQ(name(gzip), "gzip");
  EXPECT_EQ(name(zstd), "zstd");
  EXPECT_EQ(name(br), "br");
}

std::uint16_t quality(std::string_view accept, std::string_view type) {
  const std::array<FieldView, 1> lines = {{{"Accept", accept}}};
  return media_type_quality(FieldsView(lines), type);
}

TEST(MediaTypeQuality, TheMostSpecificRangeCounts) {
  constexpr auto accept = "text/*;q=0.3, text/html;q=0.7, */*;q=0.5, image/png;q=0";
  EXPECT_EQ(quality(accept, "text/html"), 700);
  EXPECT_EQ(quality(accept, "Text/Plain"), 300);
  EXPECT_EQ(quality(accept, "image/jpeg"), 500);
  EXPECT_EQ(quality(accept, "image/png"), 0);
  EXPECT_EQ(quality("text/html;level=1", "text/html"), 0);
  EXPECT_EQ(quality("text/*", "textual/html"), 0);
  EXPECT_EQ(media_type_quality(FieldsView(), "text/html"), 1000);
}

bool asks(std::string_view accept, std::string_view type) {
  const std::array<FieldView, 1> lines = {{{"Accept", accept}}};
  return asks_for(FieldsView(lines), type);
}

TEST(AsksFor, WantsTheTypeNamed) {
  EXPECT_TRUE(asks("text/event-stream", "text/event-stream"));
  EXPECT_TRUE(asks("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"));
  EXPECT_TRUE(asks("TEXT/HTML;level=1;q=0.1", "text/html"));
  EXPECT_FALSE(asks("*/*", "text/html"));
  EXPECT_FALSE(asks("text/*", "text/html"));
  EXPECT_FALSE(asks("text/html;q=0", "text/html"));
  EXPECT_FALSE(asks("text/html;q=0.000", "text/html"));
  EXPECT_FALSE(asks_for(FieldsView(), "text/html"));
}

}  // namespace
}  // namespace duplex::http
