#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bench/report.hpp"
#include "example_result.hpp"

namespace duplex::app::bench {
namespace {

/// What of it is not well-formed; empty when all tags are closed in their order.
std::string flaw_of(std::string_view xml) {
  std::vector<std::string_view> open;
  while (true) {
    const std::size_t begin = xml.find('<');
    if (begin == std::string_view::npos) break;
    const std::size_t end = xml.find('>', begin);
    if (end == std::string_view::npos) return "a tag without an end";
    const std::string_view tag = xml.substr(begin + 1, end - begin - 1);
    xml.remove_prefix(end + 1);
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "not due: " + std::string(tag);
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "not closed: " + std::string(open.back());
}

/// A whole report in the message of a failure would help nobody.
testing::AssertionResult holds(std::string_view svg, std::string_view text) {
  const bool found = svg.find(text) != std::string_view::npos;
  return (found ? testing::AssertionSuccess() : testing::AssertionFailure())
         << (found ? "holds " : "doesn't hold ") << text;
}

/// Of each report, whatever is in it.
void expect_sound(const std::string& svg) {
  EXPECT_EQ(flaw_of(svg), "");
  EXPECT_TRUE(holds(svg, "prefers-color-scheme: dark"));
  for (const char* text : {"nan", "inf", "href", "<script", "url("}) EXPECT_FALSE(holds(svg, text));
}

TEST(SvgReport, TellsWhatWasRunAndWhatCameOfIt) {
  const std::string svg = svg_report(example_result(Mode::echo));
  expect_sound(svg);
  for (const char* text :
       {"duplex bench: echo", ">ws://127.0.0.1:8080/echo<",
        "connections 50, size 20 B, text, warmup 0.5 s<", "messages a second", ">50,000<",
        ">20.0 µs<", "max 1.50 ms", ">99.99<", ">10 µs<", "Limited by the server",
        "2026-11-26T01:00:00Z", "p99 of each 0.1 s", ">50 k<"}) {
    EXPECT_TRUE(holds(svg, text));
  }
  EXPECT_FALSE(holds(svg, "▼"));
}

TEST(SvgReport, ShowsConnectionsAndMemoryOfAnIdleRun) {
  Result idle = example_result(Mode::idle);
  EXPECT_FALSE(holds(svg_report(idle), "memory of the server"));
  for (Slice& slice : idle.timeline) slice.memory_bytes = 3'000'000;
  const std::string svg = svg_report(idle);
  expect_sound(svg);
  for (const char* text : {"open connections", "memory of the server", ">250 B<", ">2 MiB<",
                           "p99 to connect", "% of connections that took no longer"}) {
    EXPECT_TRUE(holds(svg, text));
  }
}

TEST(SvgReport, HoldsMemoryUntilItIsLookedAtAgain) {
  Result idle = example_result(Mode::idle);
  for (const std::size_t index : {5U, 10U}) idle.timeline[index].memory_bytes = 3'000'000;
  const std::string svg = svg_report(idle);
  // One line from the first look to the end.
  const std::size_t panel = svg.find("memory of the server");
  const std::size_t line = svg.find("<path d=\"M292.0 ", panel);
  ASSERT_NE(line, std::string::npos);
  EXPECT_TRUE(holds(std::string_view(svg).substr(line, svg.find("/>", line) - line), "L856.0 "));
}

TEST(SvgReport, TellsAllOfTheLimitInLinesThatFit) {
  Result result = example_result(Mode::echo);
  const std::size_t usual_bytes = svg_report(result).size();
  for (const LimitedBy limit : {LimitedBy::load, LimitedBy::machine}) {
    result.limited_by = limit;
    for (const std::optional<double> rate : {std::optional<double>(), std::optional(1e6)}) {
      result.rate = rate;
      const std::string svg = svg_report(result);
      const std::string sentence = limit_sentence(result);
      const std::string last_word = sentence.substr(sentence.find_last_of(" \n") + 1);
      EXPECT_TRUE(holds(svg, last_word + "</text>")) << sentence;
      EXPECT_FALSE(holds(svg, "…</text>"));
      EXPECT_GT(svg.size(), usual_bytes);
    }
  }
}

TEST(SvgReport, NamesWhatIsCountedInEachMode) {
  Result fanout = example_result(Mode::fanout);
  EXPECT_TRUE(holds(svg_report(fanout), "deliveries a second"));
  EXPECT_TRUE(holds(svg_report(fanout), "Latency of deliveries"));
  EXPECT_FALSE(holds(svg_report(fanout), ">lost<"));
  fanout.fanout->lost = 7;
  EXPECT_TRUE(holds(svg_report(fanout), ">lost<"));
  EXPECT_TRUE(holds(svg_report(example_result(Mode::request)), "responses a second"));
  Result connect = example_result(Mode::connect);
  EXPECT_TRUE(holds(svg_report(connect), "Time to connect"));
  connect.total.latency.clear();
  EXPECT_TRUE(holds(svg_report(connect), "max 250 µs"));
}

TEST(SvgReport, EscapesWhatUsersAndPeersHaveWritten) {
  Result result = example_result(Mode::echo);
  result.title = "a < b & c </svg>\x01\xff";
  result.url = "ws://x/?a=1&b=<script>";
  result.options.push_back({"subprotocol", std::string("\"<b>\"")});
  const std::string svg = svg_report(result);
  expect_sound(svg);
  EXPECT_TRUE(holds(svg, "a &lt; b &amp; c &lt;/svg&gt;\\x01\\xff"));
  EXPECT_TRUE(holds(svg, "echo ws://x/?a=1&amp;b=&lt;script&gt;"));
  EXPECT_TRUE(holds(svg, "&quot;&lt;b&gt;&quot;"));
}

TEST(SvgReport, CutsWhatThereIsNoRoomFor) {
  Result result = example_result(Mode::echo);
  result.url += std::string(500, 'x');
  for (int i = 0; i < 40; ++i) result.options.push_back({"option", std::int64_t{i}});
  const std::string svg = svg_report(result);
  expect_sound(svg);
  EXPECT_TRUE(holds(svg, "xxx…</text>"));
  EXPECT_FALSE(holds(svg, "xxx</text>"));
  EXPECT_TRUE(holds(svg, "option 12"));
  EXPECT_FALSE(holds(svg, "option 39"));
}

TEST(SvgReport, OfNothingSaysSo) {
  const std::string svg = svg_report(Result{});
  expect_sound(svg);
  EXPECT_TRUE(holds(svg, "Nothing was measured."));
}

TEST(SvgReport, StandsOddValues) {
  Result result;
  result.seconds = 0.001;
  result.total.received = 1;
  result.total.latency.record(0);
  result.timeline = {{.from_s = 0, .seconds = 0.001, .messages = 1}};
  expect_sound(svg_report(result));
  result.total.latency.record(UINT64_MAX);
  result.timeline[0].p99_ns = UINT64_MAX;
  result.timeline[0].messages = UINT64_MAX;
  expect_sound(svg_report(result));
  result.timeline[0].seconds = 0;
  expect_sound(svg_report(result));
}

TEST(SvgReport, MarksSlicesWithErrors) {
  Result result = example_result(Mode::echo);
  result.total.errors.add("reset", "", 3);
  result.timeline[3].errors = 3;
  EXPECT_TRUE(holds(svg_report(result), "▼ errors"));
  EXPECT_TRUE(holds(svg_report(result), "figure wrong\">3<"));
}

/// The bottom of the page, in pixels.
double height_of(const std::string& svg) {
  const std::string_view mark = " height=\"";
  return std::stod(svg.substr(svg.find(mark) + mark.size()));
}

TEST(SvgReport, ListsErrorsAndRequirementsWhereThereAreAny) {
  Result result = example_result(Mode::echo);
  const std::string faultless = svg_report(result);
  EXPECT_FALSE(holds(faultless, ">Errors<"));
  EXPECT_FALSE(holds(faultless, ">Required<"));
  result.total.errors.add("closed 1002", "a <frame> too many", 1234);
  result.required.push_back({.requirement = *parse_requirement("p99<5ms"), .actual = 7e6});
  result.required.push_back({.requirement = *parse_requirement("rate>=1k"), .actual = 50'000});
  const std::string svg = svg_report(result);
  expect_sound(svg);
  for (const char* text :
       {">Errors<", "class=\"wrong\">1,234<", ">closed 1002: a &lt;frame&gt; too many<",
        ">Required<", "class=\"wrong\">p99&lt;5ms<", ">not held: 7.00 ms<", ">rate&gt;=1k<",
        ">held: 50,000/s<"}) {
    EXPECT_TRUE(holds(svg, text));
  }
  // They have a place of their own.
  EXPECT_GT(height_of(svg), height_of(faultless) + 100);
}

TEST(SvgReport, ListsOnlySoManyKindsOfErrors) {
  Result result = example_result(Mode::echo);
  for (int status = 400; status < 500; ++status) {
    result.total.errors.add("status " + std::to_string(status), "", 1);
  }
  const std::string svg = svg_report(result);
  EXPECT_TRUE(holds(svg, ">status 411<"));
  EXPECT_FALSE(holds(svg, ">status 412<"));
  EXPECT_TRUE(holds(svg, ">and 88 more kinds<"));
}

TEST(SvgReport, StaysSmallOfALongRunAndKeepsItsWorst) {
  Result result = example_result(Mode::echo);
  const Slice usual = result.timeline[0];
  result.timeline.clear();
  for (int i = 0; i < 36'000; ++i) {
    result.timeline.push_back(usual);
    result.timeline.back().from_s = i * 0.1;
  }
  result.timeline[777].p99_ns = 50'000'000;
  result.seconds = 3600;
  const std::string svg = svg_report(result);
  expect_sound(svg);
  EXPECT_LT(svg.size(), 64U * 1024);
  EXPECT_TRUE(holds(svg, "the worst p99 of 0.1 s"));
  // The axis reaches as far as the one slice of all.
  EXPECT_TRUE(holds(svg, ">80 ms<"));
}

}  // namespace
}  // namespace duplex::app::bench
