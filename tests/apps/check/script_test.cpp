#include "check/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scripted_peer.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Case case_that(std::function<void(Script&)> run) {
  return {.id = "test/case", .run = std::move(run)};
}

/// Nothing that ends by itself waits so long.
constexpr auto short_time = 100ms;

TEST(CheckScript, FindsAnEchoRight) {
  const Case what = case_that([](Script& script) {
    script.send_message(text("hello"));
    script.expect_echo(text("hello"));
    script.send_chopped(whole(binary(binary_payload(1000))), 7);
    script.expect_echo(binary(binary_payload(1000)));
    script.close();
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) {
    server.accept();
    server.echo();
  });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckScript, TakesAnEchoInFragmentsWithPingsBetweenThem) {
  const Case what = case_that([](Script& script) {
    script.send_message(text("hello"));
    script.expect_echo(text("hello"));
    script.close();
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) {
    server.accept();
    server.receive();
    server.send({.payload = "hel", .fin = false});
    server.send({.opcode = Opcode::ping, .payload = "are you there"});
    server.send({.opcode = Opcode::continuation, .payload = "lo"});
    const Event pong = server.receive();
    ASSERT_TRUE(std::holds_alternative<Pong>(pong));
    EXPECT_EQ(std::get<Pong>(pong).payload, "are you there");
    server.echo();
  });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckScript, TellsWhatCameInsteadOfAnEcho) {
  const Case what = case_that([](Script& script) {
    script.send_message(text("hello"));
    script.expect_echo(text("hello"));
  });
  const struct {
    Frame answer;
    std::string_view words;
  } cases[] = {
      {{.payload = "hellu"}, "another byte at 4"},
      {{.payload = "hell"}, "4 bytes instead of 5"},
      {{.opcode = Opcode::binary, .payload = "hello"}, "binary instead of text"},
      {{.opcode = Opcode::close, .payload = close_payload(1002)}, "1002 came instead of the echo"},
      {{.payload = "hello", .masking = Masking::always}, "masked"},
  };
  for (const auto& [answer, words] : cases) {
    const Finding finding = check_server_that(what, [&answer = answer](ScriptedPeer& server) {
      server.accept();
      server.receive();
      server.send(answer);
    });
    EXPECT_EQ(finding.verdict, Verdict::wrong);
    EXPECT_THAT(finding.why, HasSubstr(words));
  }
}

TEST(CheckScript, LetsALargeMessageBeRefused) {
  const auto refuse = [](ScriptedPeer& server) {
    server.accept();
    server.receive();
    server.send_close(1009);
  };
  for (const auto& [size, verdict] :
       {std::pair(Script::size_everyone_takes, Verdict::wrong),
        std::pair(Script::size_everyone_takes + 1, Verdict::acceptable)}) {
    const Case what = case_that([size = size](Script& script) {
      script.send_message(text(ascii_payload(size)));
      script.expect_echo(text(ascii_payload(size)));
    });
    EXPECT_EQ(check_server_that(what, refuse).verdict, verdict);
  }
}

TEST(CheckScript, FindsSilenceWrong) {
  const Case what = case_that([](Script& script) { script.expect_echo(text("hello")); });
  const Finding finding = check_server_that(
      what,
      [](ScriptedPeer& server) {
        server.accept();
        server.receive();
      },
      short_time);
  EXPECT_EQ(finding.verdict, Verdict::wrong);
  EXPECT_THAT(finding.why, HasSubstr("no echo came within 0.1 s"));
}

TEST(CheckScript, FindsPongsAmongOthers) {
  const Case what = case_that([](Script& script) {
    script.send({.opcode = Opcode::ping, .payload = "one"});
    script.send({.opcode = Opcode::ping, .payload = "two"});
    script.send_message(text("hello"));
    script.expect_pong("two");
    script.expect_echo(text("hello"));
    script.close();
  });
  // Whatever the order, and whether the first ping is answered.
  for (const int variant : {0, 1, 2}) {
    const Finding finding = check_server_that(what, [variant](ScriptedPeer& server) {
      server.accept();
      if (variant == 0) server.send({.payload = "hello"});
      if (variant == 1) server.send({.opcode = Opcode::pong, .payload = "one"});
      server.send({.opcode = Opcode::pong, .payload = "two"});
      if (variant != 0) server.send({.payload = "hello"});
      while (!std::holds_alternative<CloseFrame>(server.receive())) {
      }
      server.send_close(1000);
      server.end();
    });
    EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
  }
}

TEST(CheckScript, TellsWhichPongsCameInstead) {
  const Case what = case_that([](Script& script) {
    script.send({.opcode = Opcode::ping, .payload = "hello"});
    script.expect_pong("hello");
  });
  const Finding finding = check_server_that(
      what,
      [](ScriptedPeer& server) {
        server.accept();
        server.send({.opcode = Opcode::pong, .payload = "other"});
        server.receive();
        server.receive();
      },
      short_time);
  EXPECT_EQ(finding.verdict, Verdict::wrong);
  EXPECT_THAT(finding.why, HasSubstr("no pong came within 0.1 s; 1 with another payload did"));
}

/// What a case that expects failure with 1002, and may live with 1007, finds of a server that does
/// this when it has got the frame.
Finding failing(const std::function<void(ScriptedPeer&)>& then,
                std::chrono::milliseconds limit = 20s) {
  const Case what = case_that([](Script& script) {
    script.send({.payload = "before"});
    script.may_echo(text("before"));
    script.send({.payload = "bad"});
    script.expect_failure({code::protocol_error}, {code::invalid_payload});
  });
  return check_server_that(
      what,
      [&then](ScriptedPeer& server) {
        server.accept();
        server.receive();
        server.receive();
        then(server);
      },
      limit);
}

TEST(CheckScript, FindsACloseFrameWithTheCodeAndTheEndRight) {
  const Finding finding = failing([](ScriptedPeer& server) {
    server.send({.payload = "before"});
    server.send_close(1002);
    EXPECT_TRUE(std::holds_alternative<CloseFrame>(server.receive())) << "the answer";
    server.end();
  });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckScript, FindsOtherFailuresAcceptable) {
  const auto end = failing([](ScriptedPeer& server) { server.end(); });
  EXPECT_EQ(end.verdict, Verdict::acceptable);
  EXPECT_THAT(end.why, HasSubstr("without a close frame"));
  const auto tolerated = failing([](ScriptedPeer& server) {
    server.send_close(1007);
    server.end();
  });
  EXPECT_EQ(tolerated.verdict, Verdict::acceptable);
  EXPECT_THAT(tolerated.why, HasSubstr("1007 instead of 1002"));
  const auto none = failing([](ScriptedPeer& server) {
    server.send({.opcode = Opcode::close});
    server.end();
  });
  EXPECT_EQ(none.verdict, Verdict::acceptable);
  EXPECT_THAT(none.why, HasSubstr("no code"));
}

TEST(CheckScript, FindsEverythingElseWrongWhereItShouldFail) {
  const struct {
    Frame answer;
    std::string_view words;
  } cases[] = {
      {{.payload = "bad"}, "it went on, with a text message"},
      {{.opcode = Opcode::pong, .payload = "bad"}, "it went on, with a pong"},
      {{.opcode = Opcode::close, .payload = close_payload(1000)}, "1000 instead of 1002"},
      {{.opcode = Opcode::close, .payload = close_payload(1005)}, "1005, which none may have"},
  };
  for (const auto& [answer, words] : cases) {
    const Finding finding =
        failing([&answer = answer](ScriptedPeer& server) { server.send(answer); });
    EXPECT_EQ(finding.verdict, Verdict::wrong);
    EXPECT_THAT(finding.why, HasSubstr(words));
  }
}

TEST(CheckScript, FindsSilenceWrongWhereItShouldFail) {
  const auto wait = [](ScriptedPeer& server) { server.receive(); };
  const Finding silent = failing(wait, short_time);
  EXPECT_EQ(silent.verdict, Verdict::wrong);
  EXPECT_THAT(silent.why, HasSubstr("neither failed nor answered"));
  const Finding open = failing(
      [](ScriptedPeer& server) {
        server.send_close(1002);
        server.receive();
        server.receive();
      },
      short_time);
  EXPECT_EQ(open.verdict, Verdict::wrong);
  EXPECT_THAT(open.why, HasSubstr("did not end the connection"));
}

TEST(CheckScript, TellsFailureFromAnEcho) {
  const Case what = case_that([](Script& script) {
    script.send_message(text("hello"));
    if (script.fails_or_echoes(text("hello"), {code::protocol_error})) return;
    script.end_acceptable("it takes it");
  });
  const auto answering = [&what](const Frame& frame) {
    return check_server_that(what,
                             [&frame](ScriptedPeer& server) {
                               server.accept();
                               server.receive();
                               server.send(frame);
                               server.receive();
                               server.end();
                             })
        .verdict;
  };
  EXPECT_EQ(answering({.payload = "hello"}), Verdict::acceptable);
  EXPECT_EQ(answering({.opcode = Opcode::close, .payload = close_payload(1002)}), Verdict::right);
  EXPECT_EQ(answering({.payload = "other"}), Verdict::wrong);
}

TEST(CheckScript, GoesOnWhenNothingFailsInTime) {
  const Case what = case_that([](Script& script) {
    script.send_message(text("first"));
    if (script.fails_within(10ms, {code::protocol_error})) return;
    script.send_message(text("second"));
    script.expect_failure({code::protocol_error});
    script.acceptable("late");
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) {
    server.accept();
    server.receive();
    server.receive();
    server.send_close(1002);
    server.end();
  });
  EXPECT_EQ(finding.verdict, Verdict::acceptable);
  EXPECT_EQ(finding.why, "late");
}

/// What comes of a normal close that is answered by `answer`.
Finding closing(const Frame& answer) {
  return check_server_that(case_that([](Script& script) { script.close(1001, "bye"); }),
                           [&answer](ScriptedPeer& server) {
                             server.accept();
                             server.receive();
                             server.send(answer);
                             server.end();
                           });
}

TEST(CheckScript, JudgesTheAnswerToAClose) {
  const auto with = [](std::string payload) {
    return closing({.opcode = Opcode::close, .payload = std::move(payload)}).verdict;
  };
  EXPECT_EQ(with(close_payload(1001)), Verdict::right);
  EXPECT_EQ(with(close_payload(1000)), Verdict::acceptable);
  EXPECT_EQ(with(""), Verdict::acceptable);
  EXPECT_EQ(with(close_payload(1002)), Verdict::wrong);
  EXPECT_EQ(closing({.payload = "not a close"}).verdict, Verdict::wrong);
  EXPECT_EQ(closing({.opcode = Opcode::pong}).verdict, Verdict::wrong) << "no close frame";
}

TEST(CheckScript, FindsWhatNobodyExpectsWrong) {
  const Case what = case_that([](Script& script) {
    script.send({.opcode = Opcode::ping});
    script.expect_pong("");
    script.close();
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) {
    server.accept();
    server.send({.payload = "surprise"});
    server.echo();
  });
  EXPECT_EQ(finding.verdict, Verdict::wrong);
  EXPECT_THAT(finding.why, HasSubstr("which nobody expects"));
}

TEST(CheckScript, TakesASendingPeerWhileItSends) {
  // More than the socket's buffers hold, both ways, from a peer that reads only when it has sent.
  const Case what = case_that([](Script& script) {
    const Message large = binary(binary_payload(4'000'000));
    script.send_message(large);
    script.expect_echo(large);
    script.close();
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) {
    server.accept();
    const Message large = binary(binary_payload(4'000'000));
    server.send(whole(large));
    server.receive();
    server.receive();
    server.send_close(1000);
    server.end();
  });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckScript, TellsTheFirstOfSeveralReasons) {
  const Case what = case_that([](Script& script) {
    script.acceptable("one");
    script.acceptable("two");
  });
  const Finding finding = check_server_that(what, [](ScriptedPeer& server) { server.accept(); });
  EXPECT_EQ(finding.verdict, Verdict::acceptable);
  EXPECT_EQ(finding.why, "one");
}

/// What a script waits for from a server that sends `frame` and nothing else, for ever.
Finding find_in_flood(const Frame& frame, std::function<void(Script&)> run,
                      std::chrono::milliseconds limit) {
  return check_server_that(
      case_that(std::move(run)),
      [&frame](ScriptedPeer& server) {
        server.accept();
        server.send_without_end(frame);
      },
      limit);
}

TEST(CheckScript, GivesAPeerThatAlwaysHasAnotherPingNoMoreTime) {
  const Frame ping{.opcode = Opcode::ping, .payload = "and you?"};
  const std::function<void(Script&)> scripts[] = {
      [](Script& script) { script.expect_echo(text("hello")); },
      [](Script& script) { script.expect_pong("hello"); },
      [](Script& script) { script.expect_failure({1002}); },
      [](Script& script) { script.close(); },
      [](Script& script) { script.expect_end(); },
      [](Script& script) { script.receive(); },
  };
  for (const auto& run : scripts) {
    const Finding finding = find_in_flood(ping, run, short_time);
    EXPECT_EQ(finding.verdict, Verdict::wrong);
    EXPECT_THAT(finding.why, HasSubstr(" within 0."));
  }
}

TEST(CheckScript, GivesAPeerThatAlwaysHasAnotherPongNoMoreTime) {
  const std::function<void(Script&)> scripts[] = {
      [](Script& script) { script.expect_echo(text("hello")); },
      [](Script& script) { script.expect_pong("hello"); },
      [](Script& script) { script.expect_failure({1002}); },
      [](Script& script) { script.expect_end(); },
  };
  for (const auto& run : scripts) {
    const Finding finding = find_in_flood({.opcode = Opcode::pong}, run, short_time);
    EXPECT_EQ(finding.verdict, Verdict::wrong);
  }
}

TEST(CheckScript, KeepsNoMorePongsAndMessagesThanAnyCaseNeeds) {
  const auto expect_pong = [](Script& script) { script.expect_pong("hello"); };
  const Finding pongs = find_in_flood({.opcode = Opcode::pong}, expect_pong, 20s);
  EXPECT_THAT(pongs.why, HasSubstr("more than 20000 pongs"));
  const Finding messages = find_in_flood({.payload = "a"}, expect_pong, 20s);
  EXPECT_THAT(messages.why, HasSubstr("20001 messages, of 20001 bytes, before the pong"));
}

}  // namespace
}  // namespace duplex::app::check
