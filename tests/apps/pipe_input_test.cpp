#include "pipe_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <vector>

#include "stop_pipe.hpp"
#include <duplex/client/client.hpp>

namespace duplex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using websocket::Opcode;

Task<std::vector<Action>> take(Inflow<Action>& actions) {
  co_return co_await actions.take();
}

/// What becomes of `input` that ends.
struct Outcome {
  std::vector<std::string> payloads;
  std::string failure;
};

Outcome outcome(std::string_view input, PipeInput::Options options,
                Opcode expected_opcode = Opcode::text) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  EXPECT_EQ(::write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
  ::close(ends[1]);
  StopPipe stop;
  options.descriptor = ends[0];
  options.stop_descriptor = stop.descriptor();
  Inflow<Action> actions(1'000'000);
  Outcome result;
  result.failure = PipeInput(options).pump(actions);
  actions.end();
  ::close(ends[0]);
  const client::Client client;
  for (const Action& action : client.run(take(actions))) {
    const auto& message = std::get<SendMessage>(action);
    EXPECT_EQ(message.opcode, expected_opcode);
    result.payloads.push_back(message.payload);
  }
  return result;
}

TEST(PipeInput, MakesAMessageOfEachLine) {
  const auto [payloads, failure] =
      outcome("one\n\ntwo", {.framing = Framing::lines, .record_bytes_max = 100});
  EXPECT_THAT(payloads, ElementsAre("one", "", "two"));
  EXPECT_THAT(failure, IsEmpty());
}

TEST(PipeInput, MakesAMessageOfEachRecord) {
  const auto [payloads, failure] =
      outcome(std::string_view("a\nb\0\xff\0", 6),
              {.framing = Framing::nulls, .binary = true, .record_bytes_max = 100}, Opcode::binary);
  EXPECT_THAT(payloads, ElementsAre("a\nb", "\xff"));
  EXPECT_THAT(failure, IsEmpty());
}

TEST(PipeInput, MakesAMessageOfWhatIsReadAtOnce) {
  const auto [payloads, failure] = outcome(
      "12345678", {.framing = Framing::unframed, .binary = true, .chunk_bytes = 3}, Opcode::binary);
  EXPECT_THAT(payloads, ElementsAre("123", "456", "78"));
  EXPECT_THAT(failure, IsEmpty());
}

TEST(PipeInput, RefusesTextThatIsNotUtf8) {
  const auto [payloads, failure] =
      outcome("one\n\xff\nthree\n", {.framing = Framing::lines, .record_bytes_max = 100});
  EXPECT_THAT(payloads, ElementsAre("one"));
  EXPECT_THAT(failure, HasSubstr("message 2 of standard input is not UTF-8"));
}

TEST(PipeInput, RefusesWhatIsTooLong) {
  const auto [payloads, failure] =
      outcome("one\n12345", {.framing = Framing::lines, .record_bytes_max = 4});
  EXPECT_THAT(payloads, ElementsAre("one"));
  EXPECT_THAT(failure, HasSubstr("message 2 of standard input exceeds --max-message"));
}

TEST(PipeInput, StopsWhenItIsToldTo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);  // in which nothing ever comes
  StopPipe stop;
  stop.stop();
  Inflow<Action> actions(1);
  PipeInput input(
      {.record_bytes_max = 1, .descriptor = ends[0], .stop_descriptor = stop.descriptor()});
  EXPECT_THAT(input.pump(actions), IsEmpty());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace duplex::app
