#include "check/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "version.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;
using testing::Not;

/// One case of each verdict and two that were not run, of three groups, with text that every format
/// has to escape.
const Cases& sample_cases() {
  static const Cases cases{
      {.id = "one/right", .title = "Right", .expected = "it is", .rule = "RFC 1"},
      {.id = "one/wrong", .title = "A <b> & \"c\"", .expected = "it isn't", .rule = "RFC 2"},
      {.id = "two/acceptable", .title = "So so", .expected = "more", .rule = "RFC 3"},
      {.id = "two/none", .title = "None", .expected = "all", .rule = "RFC 4"},
      {.id = "two/left", .title = "Left", .expected = "that", .rule = "RFC 5"},
      {.id = "three/<left>", .title = "Left, too", .expected = "that", .rule = "RFC 6"},
  };
  return cases;
}

Report sample() {
  Report report{.subject = "ws://example.com/?a=<x>&b='",
                .began = "2026-11-25T20:14:07Z",
                .duration = std::chrono::milliseconds(1500),
                .results = {},
                .not_run = {&sample_cases()[4], &sample_cases()[5]}};
  const Finding findings[] = {{},
                              {Verdict::wrong, "came </pre><script>\x1b[1m ]]>\xff"},
                              {Verdict::acceptable, "it may"},
                              {Verdict::not_applicable, "it has none"}};
  for (std::size_t i = 0; i < 4; ++i) {
    Result result{.what = &sample_cases()[i],
                  .finding = findings[i],
                  .log = {},
                  .duration = std::chrono::milliseconds(10)};
    result.log.add(Direction::sent, "text, FIN  \"<&>\"");
    result.log.add(Direction::received, "close");
    result.log.add(Direction::note, "noted");
    report.results.push_back(result);
  }
  return report;
}

TEST(CheckReport, CountsByGroup) {
  const auto groups = counts_by_group(sample());
  ASSERT_EQ(groups.size(), 3);
  EXPECT_EQ(groups[0].group, "one");
  EXPECT_EQ(groups[0].counts.wrong, 1);
  EXPECT_EQ(groups[1].counts.not_applicable, 1);
  EXPECT_EQ(groups[1].counts.all(), 2);
  EXPECT_EQ(groups[1].not_run, 1);
  EXPECT_EQ(groups[2].group, "three");
  EXPECT_EQ(groups[2].counts.all(), 0);
}

TEST(CheckReport, IsGoodWhenAllWasRunAndNothingIsWrong) {
  Report report = sample();
  EXPECT_FALSE(report.good());
  std::erase_if(report.results,
                [](const Result& result) { return result.finding.verdict == Verdict::wrong; });
  EXPECT_FALSE(report.good()) << "some were not run";
  report.not_run.clear();
  EXPECT_TRUE(report.good());
  std::erase_if(report.results, [](const Result& result) {
    return result.finding.verdict != Verdict::not_applicable;
  });
  EXPECT_FALSE(report.good());
  EXPECT_FALSE(Report{}.good());
}

TEST(CheckReport, TellsPeopleWhatIsWrongAndWhy) {
  const std::string text = terminal_report(sample(), {});
  EXPECT_THAT(text, HasSubstr("group   right  acceptable  wrong  not applicable\n"
                              "one         1           0      1               0\n"
                              "two         0           1      0               1\n"
                              "three       0           0      0               0\n"
                              "all         1           1      1               1\n"));
  EXPECT_THAT(text, HasSubstr("\nwrong: one/wrong\n  A <b> & \"c\": it isn't (RFC 2).\n  Came "));
  EXPECT_THAT(text, HasSubstr("\nacceptable: it may\n  two/acceptable\n"));
  EXPECT_THAT(text,
              HasSubstr("1 right, 1 acceptable, 1 wrong, 1 not applicable, 2 not run, in 1.5 s"));
  EXPECT_THAT(text, Not(HasSubstr("> text")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "a peer would steer the terminal";
}

TEST(CheckReport, ShowsLogsWhenAsked) {
  const std::string text = terminal_report(sample(), {.with_logs = true});
  EXPECT_THAT(text, HasSubstr(" ms > text, FIN  \"<&>\"\n"));
  EXPECT_THAT(text, HasSubstr(" ms < close\n"));
  EXPECT_THAT(text, HasSubstr(" ms * noted\n"));
}

TEST(CheckReport, SaysAReasonOnceForAllItsCases) {
  Report report = sample();
  report.results[0].finding = report.results[2].finding;
  EXPECT_THAT(terminal_report(report, {}),
              HasSubstr("\nacceptable: it may\n  one/right\n  two/acceptable\n"));
}

TEST(CheckReport, ShowsTheFirstCaseOfAReasonInFull) {
  Report report = sample();
  report.results[1].finding.why = "it is broken";
  report.results[2].finding = report.results[3].finding = report.results[1].finding;
  EXPECT_THAT(terminal_report(report, {}),
              HasSubstr("\nwrong: one/wrong\n  A <b> & \"c\": it isn't (RFC 2).\n  It is broken.\n"
                        "and for the same reason (2 cases):\n  two/acceptable\n  two/none\n"));
  EXPECT_THAT(terminal_report(report, {.with_logs = true}), HasSubstr("  two/none\n         "));
}

TEST(CheckReport, CountsWhatIsNotApplicableByReason) {
  EXPECT_THAT(terminal_report(sample(), {}), HasSubstr("\nnot applicable: it has none (1 case)\n"));
  Report report = sample();
  report.results[0].finding = {Verdict::not_applicable, "it declines: \"this\""};
  report.results[1].finding = {Verdict::not_applicable, "it declines: \"that\""};
  EXPECT_THAT(terminal_report(report, {}), HasSubstr("\nnot applicable: it declines (2 cases)\n"
                                                     "not applicable: it has none (1 case)\n"));
}

TEST(CheckReport, IsJson) {
  const auto json = nlohmann::json::parse(json_report(sample()));
  EXPECT_EQ(json["subject"], "ws://example.com/?a=<x>&b='");
  EXPECT_EQ(json["duplex"], version());
  EXPECT_EQ(json["failure"], "");
  EXPECT_EQ(json["checked"], "server");
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["not_run"], 2);
  EXPECT_EQ(json["counts"]["right"], 1);
  EXPECT_EQ(json["groups"]["two"]["not_applicable"], 1);
  ASSERT_EQ(json["cases"].size(), 4);
  EXPECT_EQ(json["cases"][0]["verdict"], "right");
  EXPECT_FALSE(json["cases"][0].contains("log"));
  EXPECT_EQ(json["cases"][1]["id"], "one/wrong");
  EXPECT_EQ(json["cases"][1]["rule"], "RFC 2");
  EXPECT_EQ(json["cases"][1]["log"].size(), 3);
  EXPECT_EQ(json["cases"][3]["verdict"], "not_applicable");
}

TEST(CheckReport, IsXmlOfJunit) {
  const std::string text = junit_report(sample());
  EXPECT_TRUE(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
  EXPECT_THAT(text, HasSubstr("name=\"duplex check ws://example.com/?a=&lt;x&gt;&amp;b=&#39;\""));
  EXPECT_THAT(text,
              HasSubstr("tests=\"6\" failures=\"1\" errors=\"2\" skipped=\"1\" time=\"1.500\""));
  EXPECT_THAT(
      text, HasSubstr("<testcase classname=\"websocket.one\" name=\"one/right\" time=\"0.010\"/>"));
  EXPECT_THAT(text, HasSubstr("<failure message=\"came &lt;/pre&gt;&lt;script&gt;\\x1b[1m"));
  EXPECT_THAT(text, HasSubstr("<skipped message=\"it has none\"/>"));
  EXPECT_THAT(text, HasSubstr("<testsuite name=\"two\" tests=\"3\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(text, HasSubstr("name=\"three/&lt;left&gt;\" time=\"0\">\n"
                              "      <error message=\"it was not run\"/>"));
  EXPECT_THAT(text, HasSubstr("<system-out>acceptable: it may"));
  EXPECT_THAT(text, Not(HasSubstr("]]>"))) << "XML has it nowhere in text";
}

TEST(CheckReport, IsAPageThatNeedsNothingElse) {
  const std::string text = html_report(sample());
  EXPECT_THAT(text, HasSubstr("<h1>ws://example.com/?a=&lt;x&gt;&amp;b=&#39;</h1>"));
  EXPECT_THAT(text, HasSubstr("Came &lt;/pre&gt;&lt;script&gt;"));
  EXPECT_THAT(text,
              HasSubstr("<details id=\"two/none\" class=\"not-applicable\" data-group=\"two\">"));
  EXPECT_THAT(text, HasSubstr("A &lt;b&gt; &amp; &quot;c&quot;"));
  EXPECT_THAT(text, Not(HasSubstr("{{")));
  EXPECT_THAT(text, Not(HasSubstr("src=")));
  EXPECT_THAT(text, Not(HasSubstr("href=")));
  EXPECT_EQ(text.find("<script>"), text.rfind("<script>"));
  EXPECT_LT(text.find("one/wrong"), text.find("one/right")) << "what people look for comes first";
}

TEST(CheckReport, TellsWhatKeptItFromRunning) {
  Report report = sample();
  report.failure = "it <failed>";
  EXPECT_EQ(nlohmann::json::parse(json_report(report))["failure"], "it <failed>");
  EXPECT_THAT(html_report(report), HasSubstr("<p class=\"failure\">It &lt;failed&gt;.</p>"));
  const std::string junit = junit_report(report);
  EXPECT_THAT(junit, HasSubstr(" tests=\"7\" failures=\"1\" errors=\"3\" "));
  EXPECT_THAT(junit, HasSubstr("<error message=\"it &lt;failed&gt;\"/>"));
  report.results = {report.results[0]};
  report.not_run.clear();
  EXPECT_FALSE(report.good());
  report.failure = {};
  EXPECT_TRUE(report.good());
  EXPECT_THAT(junit_report(report), HasSubstr(" errors=\"0\" "));
}

TEST(CheckReport, ShowsWhatIsWrongFirstWhereSomethingIs) {
  Report report = sample();
  const std::string wrong = html_report(report);
  EXPECT_THAT(wrong, HasSubstr("value=\"right\"> "));
  EXPECT_THAT(wrong, HasSubstr("value=\"not-applicable\"> "));
  EXPECT_THAT(wrong, HasSubstr("value=\"wrong\" checked> "));
  report.results[1].finding = {};
  EXPECT_THAT(html_report(report), HasSubstr("value=\"right\" checked> "));
}

TEST(CheckReport, KeepsBracesOfAPeerOutOfTheTemplate) {
  Report report = sample();
  report.subject = "{{cases}}";
  EXPECT_THAT(html_report(report), HasSubstr("<h1>{{cases}}</h1>"));
}

TEST(CheckReport, KeepsTheBeginningOfALongLog) {
  Log log;
  for (std::size_t i = 0; i < Log::entries_max + 5; ++i) log.add(Direction::note, "line");
  EXPECT_EQ(log.entries().size(), Log::entries_max);
  EXPECT_EQ(log.left_out(), 5);
}

TEST(CheckReport, WritesTheTimeAsInRfc3339) {
  EXPECT_EQ(rfc3339(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) +
                    std::chrono::milliseconds(72'847'900)),
            "2026-11-25T20:14:07Z");
}

}  // namespace
}  // namespace duplex::app::check
