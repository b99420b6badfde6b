#include <gtest/gtest.h>

#include <duplex/http/date.hpp>

namespace duplex::http {
namespace {

constexpr std::int64_t example = 784111777;
constexpr std::int64_t now_2026 = 1795000000;

TEST(FormatDate, WritesTheFixedForm) {
  EXPECT_EQ(format_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(format_date(4102444799), "Thu, 31 Dec 2099 23:59:59 GMT");
}

TEST(FormatDate, ClampsWhatHasNoFourDigitYear) {
  EXPECT_EQ(format_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(ParseDate, ReadsAllThreeForms) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now_2026), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now_2026), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", now_2026), example);
  EXPECT_EQ(parse_date("Sun Nov 16 08:49:37 1994", now_2026), example + 10 * 86400);
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", now_2026), 1483228800);
}

TEST(ParseDate, ReadsWhatFormatDateWrites) {
  for (std::int64_t time = -62000000000; time < 250000000000; time += 86399 * 1001) {
    EXPECT_EQ(parse_date(format_date(time), 0), time);
  }
}

TEST(ParseDate, PutsTwoDigitYearsWithinFiftyYearsOfNow) {
  const auto year_of = [](const char* text, std::int64_t now) {
    return format_date(*parse_date(text, now)).substr(12, 4);
  };
  EXPECT_EQ(year_of("Friday, 01-Jan-76 00:00:00 GMT", now_2026), "2076");
  EXPECT_EQ(year_of("Friday, 01-Jan-77 00:00:00 GMT", now_2026), "1977");
  EXPECT_EQ(year_of("Friday, 01-Jan-00 00:00:00 GMT", now_2026), "2000");
  EXPECT_EQ(year_of("Friday, 01-Jan-10 00:00:00 GMT", 3786912000), "2110");
}

TEST(ParseDate, RefusesAllElse) {
  for (const char* text : {"",
                           "0",
                           "Sun",
                           "Sun,",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Xxx, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Foo 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 29 Feb 1995 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "1994-11-06T08:49:37Z"}) {
    EXPECT_EQ(parse_date(text, now_2026), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace duplex::http
