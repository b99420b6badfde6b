#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/report.hpp"
#include "example_result.hpp"

namespace duplex::app::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(TerminalReport, TellsAllOfAnEcho) {
  EXPECT_EQ(terminal_report(example_result(Mode::echo), false),
            R"(echo ws://127.0.0.1:8080/echo
connections 50, size 20 B, text, warmup 0.5 s

rate         50,000 messages/s, 976.6 KiB/s   (100,000 in 2 s)
connections  50 opened in 10 ms (5,000/s)

                  min    mean     p50     p90     p99   p99.9  p99.99     max
latency       10.0 µs 29.8 µs 10.0 µs 20.0 µs 20.0 µs 1.50 ms 1.50 ms 1.50 ms
handshake      250 µs  250 µs  250 µs  250 µs  250 µs  250 µs  250 µs  250 µs

load         1 thread, 60 % busy
server       busiest thread 99 % busy
             20.0 µs of CPU a message: 5.00 µs user, 15.0 µs system
memory       988.8 KiB, 250 B a connection
errors       none

Limited by the server: a thread of it was 99 % busy.
)");
}

TEST(TerminalReport, TellsWhatCompressionSaves) {
  Result result = example_result(Mode::echo);
  result.compressed = true;
  result.total.compressed_bytes_sent = 600'000;
  result.total.compressed_bytes_received = 2'100'000;
  EXPECT_THAT(terminal_report(result, false),
              HasSubstr("compression  sent 1.9 MiB as 585.9 KiB (30.0 %)\n"
                        "             received 1.9 MiB as 2.0 MiB (105 %)\n"
                        "connections "));
  result.total.bytes_sent = result.total.compressed_bytes_sent = 0;
  EXPECT_THAT(terminal_report(result, false),
              HasSubstr("\ncompression  received 1.9 MiB as 2.0 MiB (105 %)\nconnections "));
  result.compressed = false;
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr("compression")));
}

TEST(TerminalReport, TellsOfAnIdleRunWhatThereIs) {
  const std::string text = terminal_report(example_result(Mode::idle), false);
  EXPECT_THAT(text, HasSubstr("50 opened in 10 ms (5,000/s)"));
  EXPECT_THAT(text, HasSubstr("250 B a connection"));
  EXPECT_THAT(text, HasSubstr("\nhandshake "));
  EXPECT_THAT(text, Not(HasSubstr("rate ")));
  EXPECT_THAT(text, Not(HasSubstr("latency")));
  EXPECT_THAT(text, Not(HasSubstr("a message")));
  EXPECT_THAT(text, Not(HasSubstr("Limited")));
}

TEST(TerminalReport, NamesWhatIsCountedInEachMode) {
  const std::string fanout = terminal_report(example_result(Mode::fanout), false);
  EXPECT_THAT(fanout, HasSubstr("50,000 deliveries/s"));
  EXPECT_THAT(fanout, HasSubstr("2,000 published, 100,000 delivered, 0 lost"));
  const std::string request = terminal_report(example_result(Mode::request), false);
  EXPECT_THAT(request, HasSubstr("50,000 responses/s"));
  EXPECT_THAT(request, HasSubstr("statuses     200: 99,999, 503: 1\n"));
  const std::string connect = terminal_report(example_result(Mode::connect), false);
  EXPECT_THAT(connect, HasSubstr("50,000 handshakes/s"));
  EXPECT_THAT(connect, Not(HasSubstr("\nhandshake ")));
}

TEST(TerminalReport, TellsWhetherSessionsWereResumed) {
  constexpr auto warning =
      "\n             the server resumes nothing: full handshakes were measured\n";
  Result result = example_result(Mode::connect);
  result.total.connections_resumed = 45;
  result.resumable = 45;
  EXPECT_THAT(terminal_report(result, false), HasSubstr("opened in 10 ms (5,000/s), 45 resumed\n"));
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr(warning)));
  result.total.connections_resumed = 0;
  EXPECT_THAT(terminal_report(result, false), HasSubstr(warning));
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr(" resumed\n")));
  // The first ones could not.
  result.resumable = 0;
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr(warning)));
}

TEST(TerminalReport, SaysWhenOnlySomeOfTheSessionsWereResumed) {
  Result result = example_result(Mode::connect);
  result.resumable = 2000;
  result.total.connections_resumed = 1500;
  EXPECT_THAT(terminal_report(result, false),
              HasSubstr("\n             500 of 2,000 that could resume were full handshakes: both "
                        "were measured\n"));
  // One in a hundred changes nothing.
  result.total.connections_resumed = 1980;
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr("full handshakes")));
}

TEST(TerminalReport, ShowsEachKindOfErrorWithAnExampleThatCannotHarmTheTerminal) {
  Result result = example_result(Mode::echo);
  result.title = "before \x1b[2J after";
  result.total.connections_failed = 3;
  result.total.connections_closed = 1;
  result.total.errors.add("closed 1002", "\x1b]0;evil\x07", 1234);
  result.total.errors.add("reset");
  const std::string text = terminal_report(result, false);
  EXPECT_THAT(text, HasSubstr("errors          1,234  closed 1002\n"
                              "                       \\x1b]0;evil\\x07\n"
                              "                    1  reset\n"));
  EXPECT_THAT(text, HasSubstr(", 3 failed, 1 lost\n"));
  EXPECT_THAT(text, HasSubstr("before \\x1b[2J after\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TerminalReport, TellsWhatWasRequiredAndWhatBecameOfIt) {
  Result result = example_result(Mode::echo);
  for (const std::string_view text : {"p99 < 5ms", "rate>=100k", "memory<1K"}) {
    result.required.push_back(judge(parse_requirement(text).value(), result));
  }
  result.total.latency.clear();
  result.required.push_back(judge(parse_requirement("mean<1ms").value(), result));
  EXPECT_THAT(terminal_report(result, false),
              HasSubstr("errors       none\n"
                        "required     p99 < 5ms   held: 20.0 µs\n"
                        "             rate>=100k  not held: 50,000/s\n"
                        "             memory<1K   held: 250 B\n"
                        "             mean<1ms    not held: nothing was measured\n"));
  EXPECT_THAT(terminal_report(example_result(Mode::echo), false), Not(HasSubstr("required")));
}

TEST(TerminalReport, TellsHowManyErrorsThereMayBe) {
  Result result = example_result(Mode::fanout);
  result.total.errors.add("lost", "", 1500);
  result.fanout->lost = 1500;
  for (const std::string_view text : {"errors<1%", "lost<1%", "lost<2000"}) {
    result.required.push_back(judge(parse_requirement(text).value(), result));
  }
  EXPECT_THAT(terminal_report(result, false), HasSubstr("required     errors<1%  held: 0 %\n"
                                                        "             lost<1%    not held: 1.48 %\n"
                                                        "             lost<2000  held: 1,500\n"));
}

TEST(TerminalReport, TellsWhichErrorsThereMayNeverBe) {
  Result result = example_result(Mode::echo);
  result.total.errors.add("reset");
  result.total.errors.add("server's process", "process 7 has ended");
  const auto never = HasSubstr("1  server's process, which no requirement allows\n");
  EXPECT_THAT(terminal_report(result, false), Not(never)) << "nor is any other error allowed";
  result.required = {judge(parse_requirement("errors<10").value(), result)};
  EXPECT_THAT(terminal_report(result, false), AllOf(HasSubstr("1  reset\n"), never));
  EXPECT_THAT(terminal_problems(result, false), never);
}

TEST(TerminalProblems, AreNoneWhereARequirementAllowsThem) {
  Result result = example_result(Mode::echo);
  result.total.errors.add("reset", "", 5);
  EXPECT_THAT(terminal_problems(result, false), HasSubstr("5  reset"));
  result.required = {judge(parse_requirement("errors<10").value(), result)};
  EXPECT_THAT(terminal_problems(result, false), IsEmpty());
  result.required.push_back(judge(parse_requirement("rate>1M").value(), result));
  EXPECT_THAT(
      terminal_problems(result, false),
      AllOf(HasSubstr("5  reset"), HasSubstr("rate>1M  not held"), Not(HasSubstr("errors<10"))));
}

TEST(TerminalReport, HasColorsOnlyWhereTheyAreWanted) {
  EXPECT_THAT(terminal_report(example_result(Mode::echo), true), HasSubstr("\x1b["));
}

TEST(TerminalReport, OfNothingIsShort) {
  const std::string text = terminal_report(Result{.url = "ws://x/"}, false);
  EXPECT_THAT(text, HasSubstr("echo ws://x/\n"));
  EXPECT_THAT(text, HasSubstr("rate         0 messages/s   (0 in 0 s)\n"));
  EXPECT_THAT(text, HasSubstr("connections  0 opened\n"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

TEST(LimitSentence, SaysThatAClosedFanOutWaitsForWhatIsLost) {
  Result result = example_result(Mode::fanout);
  result.limited_by = LimitedBy::unknown;
  EXPECT_THAT(limit_sentence(result), Not(HasSubstr("losses")));
  result.fanout->lost = 3;
  result.total.errors.add("lost", "", 3);
  EXPECT_THAT(limit_sentence(result), HasSubstr("Limited by losses"));
  result.rate = 1'000'000;
  EXPECT_THAT(limit_sentence(result), Not(HasSubstr("losses")));
}

TEST(LimitSentence, SaysWhatTheLimitWasAndWhatToDo) {
  Result result = example_result(Mode::echo);
  const auto sentence = [&result](LimitedBy limit) {
    result.limited_by = limit;
    return limit_sentence(result);
  };
  result.load.busy = {0.3, 0.97};
  EXPECT_THAT(sentence(LimitedBy::load), HasSubstr("a thread of it was 97 % busy"));
  EXPECT_THAT(sentence(LimitedBy::load), HasSubstr("--threads"));
  EXPECT_THAT(sentence(LimitedBy::server), HasSubstr("the server: a thread of it was 99 % busy"));
  EXPECT_EQ(sentence(LimitedBy::rate), "Limited by --rate, which was kept.");
  result.load.waiting = 0.4;
  EXPECT_THAT(sentence(LimitedBy::rate), HasSubstr("waited for a processor for 40 % of the"));
  EXPECT_THAT(sentence(LimitedBy::machine), HasSubstr("waited for a processor for 40 % of the"));
  EXPECT_THAT(sentence(LimitedBy::unknown), Not(HasSubstr("--depth")));
  result.deepens = true;
  EXPECT_THAT(sentence(LimitedBy::unknown), HasSubstr("more --depth"));
  result.server.reset();
  EXPECT_THAT(sentence(LimitedBy::unknown), HasSubstr("--pid"));
  result.mode = Mode::idle;
  EXPECT_THAT(sentence(LimitedBy::load), IsEmpty());
}

TEST(LimitSentence, SaysThatARateWasNotKeptAndBeyondThatWhatTheLimitWas) {
  Result result = example_result(Mode::echo);
  result.rate = 60'000;
  EXPECT_THAT(
      limit_sentence(result),
      AllOf(StartsWith("--rate was not kept: of 60,000 a second, 50,000 were answered in time.\n"),
            HasSubstr("Limited by the server")));
  result.limited_by = LimitedBy::rate;
  EXPECT_EQ(limit_sentence(result), "Limited by --rate, which was kept.");
}

TEST(TerminalReport, SaysThatTheUserEndedIt) {
  Result result = example_result(Mode::echo);
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr("Ended early")));
  result.interrupted = true;
  EXPECT_THAT(terminal_report(result, false), HasSubstr("Ended early"));
}

TEST(TerminalReport, AsksAboutAProcessThatDoesNothingForManyMessages) {
  Result result = example_result(Mode::echo);
  result.server->user_seconds = result.server->system_seconds = 0;
  EXPECT_THAT(terminal_report(result, false), HasSubstr("is 4242 the process that answers?"));
  result.total.received = 10;
  EXPECT_THAT(terminal_report(result, false), Not(HasSubstr("the process that answers?")));
}

}  // namespace
}  // namespace duplex::app::bench
