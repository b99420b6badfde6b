#include "check/cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/deflate.hpp"
#include "scripted_peer.hpp"

// Single cases, and what they find of peers that are as bad as can be.

namespace duplex::app::check {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

const Case& case_of(std::string_view id) {
  const auto found = std::ranges::find(all_cases(), id, &Case::id);
  if (found == all_cases().end()) throw std::invalid_argument(std::string(id));
  return *found;
}

/// What a case finds of a server that answers the request with this head.
Finding find_of_answer(std::string_view id, std::string_view head) {
  return check_server_that(case_of(id), [head](ScriptedPeer& server) {
    server.read_head();
    server.write(head);
  });
}

TEST(CheckCases, WantTheKnownVersionInA426) {
  for (const std::string_view id : {"handshake/version-8", "handshake/version-99"}) {
    constexpr auto untold = "no \"Sec-WebSocket-Version: 13\"";
    const Finding silent =
        find_of_answer(id, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_EQ(silent.verdict, Verdict::wrong) << id;
    EXPECT_THAT(silent.why, HasSubstr(untold));
    const Finding other = find_of_answer(id, "HTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_EQ(other.verdict, Verdict::acceptable) << id;
    EXPECT_THAT(other.why, HasSubstr(untold));
    const Finding told = find_of_answer(id,
                                        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                                        "Sec-WebSocket-Version: 13\r\n\r\n");
    EXPECT_EQ(told.verdict, Verdict::right) << id << ": " << told.why;
  }
}

/// What a case finds of a server that takes compression and answers the first message by these
/// frames, and then keeps the connection as it is, or ends it.
Finding find_of_frames(std::string_view id, const std::vector<Frame>& answer, bool ends) {
  return check_server_that(
      case_of(id),
      [&](ScriptedPeer& server) {
        server.accept({{"Sec-WebSocket-Extensions", "permessage-deflate"}});
        for (const Frame& frame : answer) server.send(frame);
        if (ends) server.end();
        server.pass_over();
      },
      std::chrono::milliseconds(300));
}

constexpr std::string_view incomplete[] = {"deflate/truncated", "deflate/truncated-stored",
                                           "deflate/no-bytes", "deflate/final-block-without-end"};

TEST(CheckCases, TakeNotEveryAnswerForOneToIncompleteData) {
  for (const std::string_view id : incomplete) {
    const auto verdict_of = [id](const Frame& answer, bool ends = true) {
      return find_of_frames(id, {answer}, ends).verdict;
    };
    const auto close = [](std::uint16_t code) {
      return Frame{.opcode = Opcode::close, .payload = close_payload(code)};
    };
    EXPECT_EQ(verdict_of({.opcode = Opcode::binary, .payload = "another"}), Verdict::wrong) << id;
    EXPECT_EQ(verdict_of({.opcode = Opcode::pong, .payload = "what?"}), Verdict::wrong) << id;
    EXPECT_EQ(verdict_of(close(code::normal)), Verdict::wrong) << id;
    EXPECT_EQ(verdict_of(close(code::invalid_payload)), Verdict::right) << id;
    EXPECT_EQ(verdict_of(close(code::invalid_payload), false), Verdict::wrong)
        << id << ": the connection is not ended";
    EXPECT_EQ(verdict_of(close(code::protocol_error)), Verdict::acceptable) << id;
  }
}

TEST(CheckCases, LetIncompleteDataPassForWhatIsInIt) {
  const Frame close{.opcode = Opcode::close, .payload = close_payload(code::normal)};
  for (const auto& [id, seen] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"deflate/truncated-stored", "hello\0\0\xff\xff"s},
           {"deflate/no-bytes", ""},
           {"deflate/final-block-without-end", "Hello"}}) {
    const Frame echo{.opcode = Opcode::binary, .payload = seen};
    EXPECT_EQ(find_of_frames(id, {echo, close}, true).verdict, Verdict::acceptable) << id;
    EXPECT_EQ(find_of_frames(id, {echo, echo}, true).verdict, Verdict::wrong) << id;
  }
}

TEST(CheckCases, WantBothBlocksOfAMessageOrAFailure) {
  constexpr auto id = "deflate/final-block-inside";
  const auto close = [](std::uint16_t code) {
    return Frame{.opcode = Opcode::close, .payload = close_payload(code)};
  };
  EXPECT_EQ(find_of_frames(id, {{.payload = "first, second"}, close(1000)}, true).verdict,
            Verdict::right);
  EXPECT_EQ(find_of_frames(id, {{.payload = "first, "}}, true).verdict, Verdict::wrong);
  EXPECT_EQ(find_of_frames(id, {close(1007)}, true).verdict, Verdict::acceptable);
  EXPECT_EQ(find_of_frames(id, {close(1002)}, true).verdict, Verdict::acceptable);
  EXPECT_EQ(find_of_frames(id, {close(1000)}, true).verdict, Verdict::wrong);
  EXPECT_EQ(find_of_frames(id, {close(1007)}, false).verdict, Verdict::wrong);
  EXPECT_EQ(find_of_frames(id, {{.opcode = Opcode::pong, .payload = "?"}}, true).verdict,
            Verdict::wrong);
}

}  // namespace
}  // namespace duplex::app::check
