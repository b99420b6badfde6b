#include "bench/requirement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "bench/error_kind.hpp"
#include "example_result.hpp"

namespace duplex::app::bench {
namespace {

using testing::HasSubstr;
using Figure = Requirement::Figure;
using Relation = Requirement::Relation;

Judgement judged(std::string_view text, const Result& result) {
  return judge(parse_requirement(text).value(), result);
}

TEST(Requirement, IsReadAsPeopleWriteIt) {
  const Requirement all[] = {
      {.text = "rate>=10k", .figure = Figure::rate, .relation = Relation::at_least, .limit = 1e4},
      {.text = "opening-rate>0.5",
       .figure = Figure::opening_rate,
       .relation = Relation::more,
       .limit = 0.5},
      {.text = "p99 < 5ms", .figure = Figure::percentile, .percent = 99, .limit = 5e6},
      {.text = "p99.99<=250us",
       .figure = Figure::percentile,
       .percent = 99.99,
       .relation = Relation::at_most,
       .limit = 250e3},
      {.text = "min>1ns",
       .figure = Figure::percentile,
       .percent = 0,
       .relation = Relation::more,
       .limit = 1},
      {.text = "mean<1ms", .figure = Figure::mean, .limit = 1e6},
      {.text = "max<1.5s", .figure = Figure::percentile, .percent = 100, .limit = 1.5e9},
      {.text = "handshake-p50<20ms",
       .figure = Figure::percentile,
       .percent = 50,
       .of_handshakes = true,
       .limit = 20e6},
      {.text = "handshake-mean<1s", .figure = Figure::mean, .of_handshakes = true, .limit = 1e9},
      {.text = "cpu<10us", .figure = Figure::cpu, .limit = 10e3},
      {.text = "memory<1K", .figure = Figure::memory, .limit = 1024},
      {.text = "errors<10", .figure = Figure::errors, .limit = 10},
      {.text = "errors <= 50 %",
       .figure = Figure::errors,
       .is_share = true,
       .relation = Relation::at_most,
       .limit = 0.5},
      {.text = "lost<=0", .figure = Figure::lost, .relation = Relation::at_most, .limit = 0},
      {.text = "lost<100%", .figure = Figure::lost, .is_share = true, .limit = 1},
  };
  for (const Requirement& requirement : all) {
    EXPECT_EQ(parse_requirement(requirement.text), requirement) << requirement.text;
  }
  EXPECT_EQ(parse_requirement("  rate>1 ").value().text, "rate>1");
}

TEST(Requirement, SaysWhatToWriteInstead) {
  const std::pair<std::string_view, std::string_view> all[] = {
      {"", "has no <, <=, > or >="},
      {"p99", "has no <, <=, > or >="},
      {"p99=5ms", "write 'p99<5ms' or 'rate>=10k'"},
      {"<5ms", "there are rate, opening-rate, min"},
      {"p<5ms", "begins with nothing that is measured"},
      {"p101<5ms", "begins with nothing that is measured"},
      {"p-1<5ms", "begins with nothing that is measured"},
      {"pnan<5ms", "begins with nothing that is measured"},
      {"p99x<5ms", "begins with nothing that is measured"},
      {"P99<5ms", "begins with nothing that is measured"},
      {"handshake-rate>1", "begins with nothing that is measured"},
      {"handshake-<1s", "begins with nothing that is measured"},
      {"p99<5", "\"5\" is not a short time"},
      {"p99<", "\"\" is not a short time"},
      {"p99<<5ms", "\"<5ms\" is not a short time"},
      {"p99=<5ms", "begins with nothing that is measured"},
      {"cpu<10", "\"10\" is not a short time"},
      {"rate>=fast", "\"fast\" is not a rate"},
      {"rate=>5", "begins with nothing that is measured"},
      {"memory<1.5K", "\"1.5K\" is not a size"},
      {"faults<1", "cpu, memory, errors and lost"},
      {"handshake-errors<1", "begins with nothing that is measured"},
      {"errors<many", "\"many\" is neither a count nor a share"},
      {"errors<0.5", "\"0.5\" is neither a count nor a share"},
      {"lost<", "\"\" is neither a count nor a share"},
      {"lost<101%", "\"101%\" is not a share"},
      {"rate>1%", "\"1%\" is not a rate"},
      {"errors>10", "\"errors>10\" asks for faults; write < or <="},
      {"errors >= 0", "\"errors >= 0\" asks for faults"},
      {"lost>1%", "asks for faults"},
      {"errors<0", "nothing is less than that of \"errors<0\"; write <= for none"},
      {"lost<0%", "write <= for none"},
      {"p99<0ms", "write <= for none"},
      {"lost>=1%", "asks for faults"},
  };
  for (const auto& [text, sentence] : all) {
    const auto requirement = parse_requirement(text);
    ASSERT_FALSE(requirement) << text;
    EXPECT_THAT(requirement.error(), HasSubstr(sentence)) << text;
  }
}

TEST(Requirement, HoldsOnItsSideOfTheLimit) {
  // 50,000 a second.
  const Result result = example_result(Mode::echo);
  const std::pair<std::string_view, bool> all[] = {
      {"rate>=50k", true}, {"rate>=50001", false}, {"rate>49999", true}, {"rate>50k", false},
      {"rate<=50k", true}, {"rate<=49999", false}, {"rate<50001", true}, {"rate<50k", false},
  };
  for (const auto& [text, held] : all) EXPECT_EQ(judged(text, result).held(), held) << text;
}

TEST(Requirement, IsJudgedByItsFigure) {
  const Result result = example_result(Mode::echo);
  const std::pair<std::string_view, double> all[] = {
      {"rate>1", 50'000},
      {"opening-rate>1", 5'000},
      {"min<1s", 10e3},
      {"mean<1s", 29.8e3},
      {"p50<1s", 10e3},
      {"p99.9<1s", 1.5e6},
      {"max<1s", 1.5e6},
      {"handshake-max<1s", 250e3},
      {"handshake-mean<1s", 250e3},
      {"handshake-p99<1s", 250e3},
      {"cpu<1s", 20e3},
      {"memory<1M", 250},
  };
  for (const auto& [text, actual] : all) {
    const Judgement judgement = judged(text, result);
    EXPECT_TRUE(judgement.held()) << text;
    ASSERT_TRUE(judgement.actual) << text;
    EXPECT_NEAR(*judgement.actual, actual, actual * Histogram::relative_error) << text;
  }
}

TEST(Requirement, NeverHoldsWhereNothingWasMeasured) {
  for (const std::string_view text : {"rate<1M", "opening-rate<1M", "p99<1s", "mean<1s", "max<1s",
                                      "handshake-p99<1s", "cpu<1s", "memory<1G"}) {
    const Judgement judgement = judged(text, Result{});
    EXPECT_FALSE(judgement.actual) << text;
    EXPECT_FALSE(judgement.held()) << text;
  }
  Result shrunk = example_result(Mode::echo);
  shrunk.server->memory_bytes = 0;
  EXPECT_FALSE(judged("memory<1G", shrunk).held()) << "it has less memory than before";
  Result idle = example_result(Mode::echo);
  idle.server->user_seconds = idle.server->system_seconds = 0;
  EXPECT_FALSE(judged("cpu<1s", idle).held()) << "another process answers";
}

TEST(Requirement, CountsErrorsAndLossesApart) {
  Result result = example_result(Mode::fanout);
  result.total.errors.add("wrong content", "", 20);
  result.total.errors.add("lost", "", 500);
  result.fanout = Fanout{.published = 1000, .delivered = 99'500, .lost = 500};
  EXPECT_EQ(judged("errors<50", result).actual, 20);
  EXPECT_EQ(judged("errors<1%", result).actual, 20. / 100'000);
  EXPECT_EQ(judged("lost<50", result).actual, 500);
  EXPECT_EQ(judged("lost<1%", result).actual, 500. / 100'000);
  EXPECT_TRUE(judged("lost<1%", result).held());
  EXPECT_FALSE(judged("lost<0.5%", result).held());
}

TEST(Requirement, TakesErrorsForAPartOfWhatTheModeIsAbout) {
  for (const auto& [mode, of] : {std::pair{Mode::echo, 100'000.},
                                 {Mode::request, 100'000.},
                                 {Mode::idle, 60.},
                                 {Mode::connect, 60.}}) {
    Result result = example_result(mode);
    result.total.connections_failed = 10;
    result.total.errors.add("refused", "", 10);
    EXPECT_EQ(judged("errors<1%", result).actual, 10 / of) << name(mode);
  }
}

TEST(Requirement, IsMetByNoErrorsAtAll) {
  const Result result = example_result(Mode::fanout);
  for (const std::string_view text : {"errors<=0", "errors<1%", "lost<1", "lost<=0%"}) {
    EXPECT_EQ(judged(text, result).actual, 0) << text;
    EXPECT_TRUE(judged(text, result).held()) << text;
  }
  EXPECT_FALSE(judged("errors<1%", Result{}).held()) << "a part of nothing";
}

TEST(Requirement, IsPartOfWhetherAResultIsGood) {
  Result result = example_result(Mode::echo);
  result.required = {judged("rate>=1k", result), judged("p99<1ms", result)};
  EXPECT_TRUE(result.good());
  result.required.push_back(judged("max<1ms", result));
  EXPECT_FALSE(result.good());
}

TEST(Requirement, NeverAllowsWhatMakesOtherErrorsFew) {
  for (const auto kind :
       {error_kind::no_port_left, error_kind::no_descriptor_left, error_kind::server_ended}) {
    Result result = example_result(Mode::echo);
    result.total.errors.add("reset", "", 10);
    result.required = {judged("errors<1000", result), judged("errors<50%", result)};
    EXPECT_TRUE(result.good());
    result.total.errors.add(kind);
    result.required = {judged("errors<1000", result), judged("errors<50%", result)};
    EXPECT_EQ(result.required.front().actual, 11);
    EXPECT_FALSE(result.good()) << kind;
  }
}

TEST(Requirement, CountsWhatWasDueAndNotSentAmongWhatWasAskedFor) {
  Result result = example_result(Mode::echo);
  result.total.errors = {};
  result.total.sent = 300;
  result.total.errors.add(error_kind::not_sent, "", 100);
  EXPECT_EQ(result.asked_for(), 400u);
  result.mode = Mode::fanout;
  result.fanout = Fanout{.published = 30, .delivered = 290, .lost = 10};
  EXPECT_EQ(result.asked_for(), 400u);
}

TEST(Requirement, LeavesTheWarmUpOutOfAShareOfErrors) {
  Result result = example_result(Mode::echo);
  result.total.sent = 100;
  result.total.errors = {};
  result.total.errors.add("wrong content", "", 60);
  result.total.errors_of_warmup = 40;
  EXPECT_DOUBLE_EQ(judged("errors<50%", result).actual.value(), 0.2);
  EXPECT_DOUBLE_EQ(judged("errors<50", result).actual.value(), 60);
  // Of connections, those of the beginning are among what was asked for.
  result.mode = Mode::connect;
  result.total.connections_opened = 40;
  result.total.connections_failed = 60;
  EXPECT_DOUBLE_EQ(judged("errors<50%", result).actual.value(), 0.6);
}

TEST(Requirement, AllowsErrorsThatItIsAbout) {
  struct Case {
    std::uint64_t errors;
    std::uint64_t lost;
    std::vector<std::string_view> required;
    bool good;
  };
  const Case all[] = {
      {0, 0, {}, true},
      {9, 0, {}, false},
      {9, 0, {"rate>1"}, false},
      {9, 0, {"errors<10"}, true},
      {10, 0, {"errors<10"}, false},
      {9, 0, {"errors<10", "errors<5"}, false},
      {9, 0, {"lost<10"}, false},
      {0, 9, {}, false},
      {0, 9, {"lost<10"}, true},
      {0, 9, {"errors<10"}, false},
      {9, 9, {"lost<10"}, false},
      {9, 9, {"lost<10", "errors<0.1%"}, true},
  };
  for (const Case& each : all) {
    Result result = example_result(Mode::fanout);
    if (each.errors > 0) result.total.errors.add("wrong content", "", each.errors);
    if (each.lost > 0) result.total.errors.add("lost", "", each.lost);
    result.fanout->lost = each.lost;
    for (const auto text : each.required) result.required.push_back(judged(text, result));
    EXPECT_EQ(result.good(), each.good) << each.errors << " errors, " << each.lost << " lost, "
                                        << testing::PrintToString(each.required);
  }
}

}  // namespace
}  // namespace duplex::app::bench
