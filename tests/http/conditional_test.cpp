#include <gtest/gtest.h>

#include <vector>

#include <duplex/http/conditional.hpp>

namespace duplex::http {
namespace {

constexpr std::int64_t now = 1795000000;
constexpr std::int64_t modified = 784111777;
constexpr auto before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr auto at = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto after = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators current = {EntityTag{"x", false}, modified, true};

using enum Precondition;

struct Case {
  Method method;
  std::vector<FieldView> fields;
  Precondition expected;
};

void expect(const std::vector<Case>& cases, const Validators& validators) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(evaluate_preconditions(cases[i].method, FieldsView(cases[i].fields), validators, now),
              cases[i].expected)
        << "case " << i;
  }
}

TEST(Preconditions, OfOneField) {
  expect({{Method::get, {}, proceed},
          {Method::get, {{"If-Match", "\"x\""}}, proceed},
          {Method::get, {{"If-Match", "\"y\""}}, failed},
          {Method::get, {{"If-Match", "\"y\", \"x\""}}, proceed},
          {Method::get, {{"If-Match", "W/\"x\""}}, failed},
          {Method::get, {{"If-Match", " * "}}, proceed},
          {Method::get, {{"If-Match", ""}}, failed},
          {Method::get, {{"If-Match", "nonsense"}}, failed},
          {Method::put, {{"If-Match", "\"y\""}, {"If-Match", "\"x\""}}, proceed},
          {Method::get, {{"If-None-Match", "\"x\""}}, not_modified},
          {Method::head, {{"If-None-Match", "W/\"x\""}}, not_modified},
          {Method::put, {{"If-None-Match", "\"x\""}}, failed},
          {Method::put, {{"If-None-Match", "*"}}, failed},
          {Method::get, {{"If-None-Match", "*"}}, not_modified},
          {Method::get, {{"If-None-Match", "\"y\""}}, proceed},
          {Method::get, {{"If-None-Match", "\"y\""}, {"if-none-match", "\"x\""}}, not_modified},
          {Method::get, {{"If-None-Match", "x"}}, proceed},
          {Method::get, {{"If-Modified-Since", at}}, not_modified},
          {Method::get, {{"If-Modified-Since", after}}, not_modified},
          {Method::get, {{"If-Modified-Since", before}}, proceed},
          {Method::get, {{"If-Modified-Since", "yesterday"}}, proceed},
          {Method::get, {{"If-Modified-Since", at}, {"If-Modified-Since", at}}, proceed},
          {Method::post, {{"If-Modified-Since", at}}, proceed},
          {Method::get, {{"If-Unmodified-Since", at}}, proceed},
          {Method::get, {{"If-Unmodified-Since", after}}, proceed},
          {Method::get, {{"If-Unmodified-Since", before}}, failed},
          {Method::put, {{"If-Unmodified-Since", before}}, failed},
          {Method::put, {{"If-Unmodified-Since", "yesterday"}}, proceed},
          {Method::options, {{"If-None-Match", "*"}, {"If-Match", "\"y\""}}, proceed}},
         current);
}

TEST(Preconditions, TagsComeBeforeDatesAndMatchesBeforeChanges) {
  expect({{Method::get, {{"If-Match", "\"x\""}, {"If-Unmodified-Since", before}}, proceed},
          {Method::get, {{"If-Match", "\"y\""}, {"If-Unmodified-Since", after}}, failed},
          {Method::get, {{"If-None-Match", "\"y\""}, {"If-Modified-Since", at}}, proceed},
          {Method::get, {{"If-None-Match", "\"x\""}, {"If-Modified-Since", before}}, not_modified},
          {Method::get, {{"If-Match", "\"x\""}, {"If-None-Match", "\"x\""}}, not_modified},
          {Method::get, {{"If-Match", "\"y\""}, {"If-None-Match", "\"x\""}}, failed},
          {Method::get, {{"If-Unmodified-Since", before}, {"If-None-Match", "\"x\""}}, failed},
          {Method::get, {{"If-Unmodified-Since", at}, {"If-Modified-Since", at}}, not_modified}},
         current);
}

TEST(Preconditions, OfWhatDoesNotExist) {
  expect({{Method::put, {{"If-Match", "*"}}, failed},
          {Method::put, {{"If-Match", "\"x\""}}, failed},
          {Method::put, {{"If-None-Match", "*"}}, proceed},
          {Method::put, {{"If-None-Match", "\"x\""}}, proceed},
          {Method::put, {{"If-Unmodified-Since", before}}, proceed},
          {Method::get, {{"If-Modified-Since", at}}, proceed}},
         {EntityTag{"x", false}, modified, false});
}

TEST(Preconditions, OfWhatHasNoValidators) {
  expect({{Method::get, {{"If-None-Match", "\"x\""}}, proceed},
          {Method::get, {{"If-None-Match", "*"}}, not_modified},
          {Method::get, {{"If-Match", "\"x\""}}, failed},
          {Method::get, {{"If-Modified-Since", at}}, proceed},
          {Method::get, {{"If-Unmodified-Since", before}}, proceed}},
         {});
}

TEST(IfRange, LetsARangeBeObeyedOnlyForTheCurrentBytes) {
  const struct {
    std::vector<FieldView> fields;
    bool expected;
  } cases[] = {
      {{}, true},
      {{{"If-Range", "\"x\""}}, true},
      {{{"If-Range", "\"y\""}}, false},
      {{{"If-Range", "W/\"x\""}}, false},
      {{{"If-Range", at}}, true},
      {{{"If-Range", before}}, false},
      {{{"If-Range", after}}, false},
      {{{"If-Range", "nonsense"}}, false},
      {{{"If-Range", ""}}, false},
      {{{"If-Range", "\"x\""}, {"If-Range", "\"x\""}}, false},
  };
  for (const auto& [fields, expected] : cases) {
    EXPECT_EQ(range_is_current(FieldsView(fields), current, now), expected);
  }
  const std::vector<FieldView> dated = {{"If-Range", at}};
  EXPECT_FALSE(range_is_current(FieldsView(dated), current, modified));
  const std::vector<FieldView> tagged = {{"If-Range", "W/\"x\""}};
  EXPECT_FALSE(range_is_current(FieldsView(tagged), {EntityTag{"x", true}, modified}, now));
}

}  // namespace
}  // namespace duplex::http
