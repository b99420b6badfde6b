#include "connection/pipe.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/connection/pipe_support.hpp"

namespace duplex::connection {
namespace {

SharedBytes shared(std::string_view text) {
  return SharedBytes::copy_of(as_bytes(text));
}

// ---------------------------------------------------------------------------- input

TEST(Pipe, PresentsInputThatWasLeftAgainWithMoreBehindIt) {
  Script script;
  PipeBench bench;
  // Takes whole lines.
  script.on_input = [](TestPipe&, Bytes& input) {
    const std::size_t end = as_text(input).rfind('\n');
    input = input.subspan(end == std::string_view::npos ? 0 : end + 1);
  };
  auto [pipe, peer] = bench.connect(script);
  for (const char* text : {"on", "e\ntw", "o", "\n", "three\n"}) {
    peer.send(text);
    bench.turn();
  }
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"on", "one\ntw", "two", "two\n", "three\n"}));
  EXPECT_EQ(pipe.kept_bytes(), 0u);
}

TEST(Pipe, PutsInputWhereItsProtocolHasIt) {
  Script script;
  PipeBench bench;
  std::vector<std::byte> room(5);
  script.input_room = room;
  std::vector<const std::byte*> places;
  // One that is long, and what is behind it: room for the next pieces of it, and then no more.
  script.on_input = [&](TestPipe& its, Bytes& input) {
    places.push_back(input.data());
    its.set_input_placed(places.size() < 3 ? 15 : 0);
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("begin");
  bench.turn();
  peer.send("abcdefghijklmno");
  bench.turn();
  // What was there was taken at once.
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"begin", "abcde", "fghij"}));
  EXPECT_EQ(places[1], room.data());
  EXPECT_EQ(places[2], room.data());
  bench.turn();
  EXPECT_EQ(script.inputs.back(), "klmno");
  EXPECT_NE(places.back(), room.data());
}

TEST(Pipe, ReadsLittleAtFirstWhereAMessageLongerThanItsBufferIsExpected) {
  Script script;
  PipeBench bench;
  std::vector<std::byte> room(5);
  script.input_room = room;
  std::uint64_t message_bytes = 0;
  script.on_input = [&](TestPipe& its, Bytes& input) {
    its.set_input_placed(std::exchange(message_bytes, 0));
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  const auto read_first_behind_message_of = [&](std::uint64_t bytes) {
    message_bytes = bytes;
    peer.send("begin");
    bench.turn();
    peer.send("whole");
    bench.turn();
    script.inputs.clear();
    peer.send(std::string(20'000, 'x'));
    bench.turn();
    return script.inputs.front().size();
  };
  EXPECT_EQ(read_first_behind_message_of(200'000), 20'000u);
  EXPECT_EQ(read_first_behind_message_of(1'000'000), 16'384u);
  // There was as much as of a long one, and it was none.
  bench.turn();
  EXPECT_EQ(read_first_behind_message_of(200'000), 20'000u);
}

TEST(Pipe, LeavesInputToTheKernelWhilePaused) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  pipe.set_paused(true);
  peer.send("a");
  for (int i = 0; i < 3; ++i) bench.turn();
  EXPECT_TRUE(script.inputs.empty() || script.inputs.back().empty());
  pipe.set_paused(false);
  ASSERT_TRUE(bench.until([&] { return !script.inputs.empty() && script.inputs.back() == "a"; }));
}

TEST(Pipe, GetsWhatCameWhileItWasHeldForAMoment) {
  Script holding;
  Script script;
  PipeBench bench;
  auto [first, first_peer] = bench.connect(holding);
  auto [pipe, peer] = bench.connect(script);
  holding.on_input = [other = &pipe](TestPipe&, Bytes& input) {
    input = input.last(0);
    other->set_input_held(true);
  };
  script.on_room = [](TestPipe& its) { its.set_input_held(false); };
  // Both are ready in one iteration, in this order: the second can't be read when its turn comes.
  first_peer.send("x");
  peer.send("a");
  bench.turn();
  EXPECT_TRUE(script.inputs.empty());
  ASSERT_TRUE(bench.until([&] { return !script.inputs.empty(); }));
  EXPECT_EQ(script.inputs, std::vector<std::string>{"a"});
}

TEST(Pipe, TakesTheEndThatCameTogetherWithTheLastInput) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  peer.send("last");
  peer.end_sending();
  ASSERT_TRUE(bench.until([&] { return script.input_ends == 1; }));
  EXPECT_EQ(script.inputs.front(), "last");
}

TEST(Pipe, ReadsOnWhereThereWasMoreThanOneTurnMayTake) {
  Script script;
  PipeBench bench;
  std::vector<std::byte> room(5);
  script.input_room = room;
  script.on_input = [](TestPipe& its, Bytes& input) {
    its.set_input_placed(1'000);
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("begin");
  bench.turn();
  // More pieces than one connection may take before others have their turn.
  peer.send(std::string(5 * 40, 'x'));
  ASSERT_TRUE(bench.until([&] { return script.inputs.size() == 1 + 40; }));
}

TEST(Pipe, PresentsWhatAPauseLeftWhenItEnds) {
  Script script;
  PipeBench bench;
  script.on_input = [](TestPipe& its, Bytes& input) {
    input = input.subspan(1);
    its.set_paused(true);
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("abc");
  bench.turn();
  EXPECT_EQ(pipe.kept_bytes(), 2u);
  bench.turn();
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"abc"}));
  for (int i = 0; i < 2; ++i) {
    pipe.set_paused(false);
    bench.turn();
  }
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"abc", "bc", "c"}));
}

TEST(Pipe, PresentsHeldInputOnlyWhenItIsWanted) {
  Script script;
  PipeBench bench;
  script.on_input = [](TestPipe& its, Bytes&) { its.set_input_held(true); };
  auto [pipe, peer] = bench.connect(script);
  peer.send("a");
  bench.turn();
  peer.send("b");
  for (int i = 0; i < 3; ++i) bench.turn();
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"a"}));
  pipe.input_wanted();
  bench.turn();
  EXPECT_EQ(script.inputs, (std::vector<std::string>{"a", "a"}));

  script.on_input = [](TestPipe& its, Bytes& input) {
    its.set_input_held(false);
    input = input.last(0);
  };
  pipe.input_wanted();
  ASSERT_TRUE(bench.until([&] { return script.inputs.back() == "b"; }));
  EXPECT_EQ(pipe.kept_bytes(), 0u);
}

TEST(Pipe, TellsOnceThatThePeerSendsNoMore) {
  Script script;
  PipeBench bench;
  script.on_input = [](TestPipe&, Bytes&) {};
  auto [pipe, peer] = bench.connect(script);
  peer.send("rest");
  peer.end_sending();
  ASSERT_TRUE(bench.until([&] { return script.input_ends > 0; }));
  for (int i = 0; i < 3; ++i) bench.turn();
  EXPECT_EQ(script.input_ends, 1);
  EXPECT_TRUE(pipe.input_ended());
  EXPECT_TRUE(pipe.is_open()) << "it may still answer";
  EXPECT_EQ(pipe.kept_bytes(), 4u);

  bench.in_loop([its = &pipe] { its->write("answer"); });
  EXPECT_EQ(peer.receive(), "answer");
  // What was left is presented when it is wanted, and then the end is told again.
  script.on_input = [](TestPipe&, Bytes& input) { input = input.last(0); };
  pipe.input_wanted();
  bench.turn();
  EXPECT_EQ(script.inputs.back(), "rest");
  EXPECT_EQ(script.input_ends, 2);
}

TEST(Pipe, ReadsALongInputInPartsAndInOrder) {
  Script script;
  PipeBench bench;
  std::string got;
  script.on_input = [&](TestPipe&, Bytes& input) {
    got += as_text(input);
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  const std::string sent = pattern(1'000'000);
  for (std::size_t at = 0; at < sent.size(); at += 50'000) {
    peer.send(std::string_view(sent).substr(at, 50'000));
    bench.turn();
  }
  EXPECT_EQ(got, sent);
}

// ---------------------------------------------------------------------------- output

TEST(Pipe, AnswersAllThatOneInputAsksForWithOneSend) {
  Script script;
  PipeBench bench;
  script.on_input = [](TestPipe& its, Bytes& input) {
    for (const char* text : {"a", "b", "c"}) its.write(text);
    EXPECT_EQ(its.buffered_bytes(), 3u);
    EXPECT_TRUE(its.answering());
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script, SOCK_SEQPACKET);
  peer.send("?");
  bench.turn();
  EXPECT_EQ(peer.receive(), "abc");
  EXPECT_EQ(peer.packets, (std::vector<std::size_t>{3}));
  EXPECT_FALSE(pipe.answering());
}

TEST(Pipe, SendsAtTheEndOfTheIterationWhatIsNoAnswer) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script, SOCK_SEQPACKET);
  bench.in_loop([its = &pipe, other = &peer] {
    its->write("a");
    its->send(shared("b"));
    its->write("c");
    EXPECT_EQ(other->receive(), "");
    EXPECT_EQ(its->buffered_bytes(), 3u);
  });
  EXPECT_EQ(peer.receive(), "abc");
  EXPECT_EQ(peer.packets, (std::vector<std::size_t>{3}));
  EXPECT_EQ(pipe.buffered_bytes(), 0u);
}

TEST(Pipe, SendsInTheOrderOfWritingWhateverTheForm) {
  const std::string large = pattern(50'000);
  const auto speak = [&](TestPipe& pipe) {
    pipe.write("a");
    pipe.send(shared("b"));
    pipe.write("c");
    pipe.send_large(as_bytes(large));
    pipe.write("d");
    pipe.send_large(as_bytes(large));
    pipe.send_large(as_bytes(large));
    pipe.send(shared("e"));
    pipe.send(shared("f"));
    pipe.write("g");
  };
  const std::string expected = "abc" + large + "d" + large + large + "efg";
  for (const bool answering : {false, true}) {
    SCOPED_TRACE(answering);
    Script script;
    PipeBench bench;
    script.on_input = [&](TestPipe& its, Bytes& input) {
      input = input.last(0);
      speak(its);
    };
    auto [pipe, peer] = bench.connect(script);
    if (answering) {
      peer.send("?");
    } else {
      bench.loop.inbox()->post([&speak, its = &pipe] { speak(*its); });
    }
    std::string got;
    ASSERT_TRUE(bench.until([&, other = &peer] {
      got += other->receive();
      return got.size() >= expected.size();
    }));
    EXPECT_EQ(got, expected);
  }
}

TEST(Pipe, SendsWhatItHasReadFromThereAndLeavesTheRestAsItWas) {
  const std::string read = pattern(100'000);
  const std::string longer_than_a_header(17, '#');
  std::string expected;
  Script script;
  PipeBench bench;
  script.on_input = [&](TestPipe& its, Bytes& input) {
    if (input.size() < read.size()) return;
    const auto send = [&](std::string_view front, std::size_t from, std::size_t size) {
      if (!front.empty()) its.write(front);
      its.send_large(input.subspan(from, size));
      expected += front;
      expected += read.substr(from, size);
      EXPECT_EQ(as_text(input), read);
    };
    send("head", 8, 20'000);
    send("head", 4, 10'000);
    send("head", 3, 10'000);  // has not the room
    send("head", 0, 10'000);
    send("", 0, 10'000);
    send(longer_than_a_header, 50, 10'000);
    // More than the socket takes.
    for (std::size_t i = 0; i < 5; ++i) send("header", 16 + i, read.size() - 16 - i);
    EXPECT_TRUE(its.blocked());
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send(read);
  std::string got;
  ASSERT_TRUE(bench.until([&, other = &peer] {
    got += other->receive();
    return !expected.empty() && got.size() >= expected.size();
  }));
  EXPECT_EQ(got, expected);
}

TEST(Pipe, SendsToAnotherWhatItHasRead) {
  const std::string read = pattern(50'000);
  Script script;
  Script others;
  PipeBench bench;
  auto [other, receiver] = bench.connect(others);
  script.on_input = [&, other_pipe = &other](TestPipe&, Bytes& input) {
    if (input.size() < read.size()) return;
    other_pipe->send_large(input);
    EXPECT_EQ(as_text(input), read);
    input = input.last(0);
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send(read);
  std::string got;
  ASSERT_TRUE(bench.until([&, its = &receiver] {
    got += its->receive();
    return got.size() >= read.size();
  }));
  EXPECT_EQ(got, read);
}

TEST(Pipe, SendsALongAnswerBeforeItHasAllOfIt) {
  Script script;
  PipeBench bench;
  std::size_t most = 0;
  script.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    for (int i = 0; i < 100; ++i) {
      its.write(std::string(1'000, 'x'));
      most = std::max(most, its.buffered_bytes());
    }
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("?");
  bench.turn();
  EXPECT_EQ(peer.receive().size(), 100'000u);
  EXPECT_LT(most, 66'000u);
}

TEST(Pipe, SendsPartsOfFilesInTheirPlace) {
  auto file = std::make_shared<const net::Descriptor>(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_TRUE(*file);
  ASSERT_EQ(::write(file->number(), "0123456789", 10), 10);
  Script script;
  PipeBench bench;
  script.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.write("head ");
    its.send_file({file, 2, 3});
    its.write(" tail");
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("?");
  bench.turn();
  EXPECT_EQ(peer.receive(), "head 234 tail");
}

TEST(Pipe, KeepsWhatThePeerDoesNotTakeAndTellsOfRoom) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  const std::string content = pattern(3'000'000);
  bench.in_loop([&, its = &pipe] { its->write(content); });
  EXPECT_TRUE(pipe.blocked());
  const std::size_t first = pipe.buffered_bytes();
  EXPECT_GT(first, 0u);
  EXPECT_LT(first, content.size());

  const int rooms = script.rooms;
  std::string got = peer.receive();
  ASSERT_TRUE(bench.until([&, its = &pipe] { return its->buffered_bytes() < first; }));
  EXPECT_GT(script.rooms, rooms);
  // What is written meanwhile does not overtake.
  bench.in_loop([its = &pipe] { its->send(shared("end")); });
  ASSERT_TRUE(bench.until([&, other = &peer] {
    got += other->receive();
    return got.size() >= content.size() + 3;
  }));
  EXPECT_EQ(got, content + "end");
  ASSERT_TRUE(bench.until([its = &pipe] { return !its->blocked(); }));
  EXPECT_EQ(pipe.buffered_bytes(), 0u);
}

TEST(Pipe, AsksItsProtocolForMoreAsLongAsThereIsRoom) {
  Script script;
  PipeBench bench;
  int left = 200;
  script.on_room = [&](TestPipe& its) {
    while (left > 0 && its.buffered_bytes() < 100'000) {
      its.write(std::string(10'000, static_cast<char>('a' + left % 26)));
      --left;
    }
  };
  auto [pipe, peer] = bench.connect(script);
  pipe.input_wanted();
  std::size_t got = 0;
  ASSERT_TRUE(
      bench.until([&, other = &peer] { return (got += other->receive().size()) >= 2'000'000; }));
  EXPECT_EQ(got, 2'000'000u);
}

TEST(Pipe, LetsOthersHaveTheirTurn) {
  Script busy;
  busy.on_room = [](TestPipe& its) { its.input_wanted(); };
  Script other;
  PipeBench bench;
  auto [busy_pipe, busy_peer] = bench.connect(busy);
  auto [other_pipe, other_peer] = bench.connect(other);
  busy_pipe.input_wanted();
  bench.turn();
  const int after_one = busy.rooms;
  EXPECT_LT(after_one, 10);
  other_peer.send("x");
  bench.turn();
  EXPECT_EQ(other.inputs, (std::vector<std::string>{"x"}));
  EXPECT_GT(busy.rooms, after_one) << "but its work is not forgotten";
}

// ---------------------------------------------------------------------------- the end

TEST(Pipe, SendsAllBeforeItFinishesAndThenWaitsForThePeer) {
  Script script;
  PipeBench bench;
  const std::string content = pattern(2'000'000);
  script.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.write(content);
    its.finish();
    EXPECT_TRUE(its.finishing());
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("?");
  bench.turn();
  EXPECT_TRUE(pipe.is_open());
  std::string got;
  ASSERT_TRUE(bench.until([&, other = &peer] {
    got += other->receive();
    return other->at_end;
  }));
  EXPECT_EQ(got, content);
  EXPECT_EQ(script.closes, 0) << "closing now might reset the connection";
  peer.send("too late");
  bench.turn();
  EXPECT_EQ(script.inputs.size(), 1u);
  EXPECT_EQ(script.closes, 0);

  peer.go();
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
  EXPECT_TRUE(script.destroyed);
  EXPECT_EQ(bench.hub.pipe_count(), 0u);
}

TEST(Pipe, ClosesAtOnceWhenThePeerHasSaidItsLast) {
  Script script;
  PipeBench bench;
  const std::string content = pattern(2'000'000);
  script.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.note_last_input();
    its.write(content);
    its.finish();
  };
  auto [pipe, peer] = bench.connect(script);
  peer.send("?");
  bench.turn();
  EXPECT_TRUE(pipe.is_open()) << "not all is sent";
  std::string got;
  ASSERT_TRUE(bench.until([&, other = &peer] {
    got += other->receive();
    return other->at_end;
  }));
  EXPECT_EQ(got, content);
  bench.turn();
  EXPECT_EQ(script.closes, 1);
  EXPECT_EQ(bench.hub.pipe_count(), 0u);
}

TEST(Pipe, WaitsForAPeerThatSendsMoreThanItSaid) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  script.on_input = [sender = &peer](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.note_last_input();
    its.write("bye");
    its.finish();
    sender->send("more");
  };
  peer.send("?");
  ASSERT_TRUE(bench.until([&, other = &peer] { return other->receive(), other->at_end; }));
  EXPECT_EQ(script.closes, 0) << "unread, it would reset the connection";
  peer.go();
  EXPECT_TRUE(bench.until([&] { return script.closes > 0; }));
}

TEST(Pipe, WaitsForThePeersEndOnlySoLong) {
  Script script;
  PipeBench bench({.linger_ms_max = 30});
  auto [pipe, peer] = bench.connect(script);
  const std::uint64_t began = bench.loop.now_ms();
  bench.in_loop([its = &pipe] { its->finish(); });
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
  EXPECT_GE(bench.loop.now_ms(), began + 30);
}

TEST(Pipe, FinishesAtOnceBehindThePeersEnd) {
  Script script;
  PipeBench bench;
  script.on_input_end = [](TestPipe& its) {
    its.write("bye");
    its.finish();
  };
  auto [pipe, peer] = bench.connect(script);
  peer.end_sending();
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
  EXPECT_EQ(peer.receive(), "bye");
  EXPECT_TRUE(peer.at_end);
  EXPECT_EQ(script.closes, 1);
}

TEST(Pipe, GivesUpAPeerThatTakesNothing) {
  Script script;
  PipeBench bench({.stalled_write_ms_max = 40});
  auto [pipe, peer] = bench.connect(script);
  bench.in_loop([its = &pipe] { its->write(std::string(2'000'000, 'x')); });
  ASSERT_TRUE(pipe.blocked());
  const std::uint64_t began = bench.loop.now_ms();
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
  EXPECT_GE(bench.loop.now_ms(), began + 40);
}

TEST(Pipe, GivesUpAStalledPeerWhileFinishingToo) {
  Script script;
  PipeBench bench({.stalled_write_ms_max = 40});
  auto [pipe, peer] = bench.connect(script);
  bench.in_loop([its = &pipe] {
    its->write(std::string(2'000'000, 'x'));
    its->finish();
  });
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
}

TEST(Pipe, IsPatientWithAPeerThatIsOnlySlow) {
  Script script;
  PipeBench bench({.stalled_write_ms_max = 100});
  auto [pipe, peer] = bench.connect(script);
  bench.in_loop([its = &pipe] { its->write(std::string(64'000'000, 'x')); });
  const std::uint64_t began = bench.loop.now_ms();
  while (bench.loop.now_ms() < began + 400) {
    peer.receive(200'000);
    bench.loop.run_once(5);
    ASSERT_EQ(script.closes, 0);
  }
}

TEST(Pipe, AsksItsProtocolWhenTheTimeHasComeThatItNamed) {
  Script script;
  PipeBench bench;
  std::vector<std::uint64_t> asked;
  script.on_time = [&](TestPipe&, std::uint64_t now) {
    asked.push_back(now);
    return asked.size() < 4 ? now + 30 : UINT64_MAX;
  };
  auto [pipe, peer] = bench.connect(script);
  ASSERT_TRUE(bench.until([&] { return asked.size() == 4; }));
  for (std::size_t i = 1; i < asked.size(); ++i) EXPECT_GE(asked[i], asked[i - 1] + 30);
  for (int i = 0; i < 10; ++i) bench.loop.run_once(5);
  EXPECT_EQ(asked.size(), 4u);
}

TEST(Pipe, IsWokenByTheEarliestTimeThatWasAskedFor) {
  Script script;
  PipeBench bench;
  int asked = 0;
  script.on_time = [&](TestPipe&, std::uint64_t now) {
    ++asked;
    return now + 3'600'000;
  };
  auto [pipe, peer] = bench.connect(script);
  pipe.wake_by(pipe.now_ms() + 1'800'000);
  pipe.wake_by(pipe.now_ms() + 1);
  pipe.wake_by(pipe.now_ms() + 7'200'000);
  ASSERT_TRUE(bench.until([&] { return asked == 2; }));
}

TEST(Pipe, TellsWhyThePeerIsGone) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  bench.in_loop([its = &pipe] { its->write("unread"); });
  peer.go();  // with unread bytes: a reset
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
}

TEST(Pipe, RestsWhenInputIsWantedThatCannotBeTaken) {
  for (const bool finishing : {false, true}) {
    SCOPED_TRACE(finishing);
    PipeBench bench;
    Script script;
    script.on_room = [](TestPipe& its) { its.input_wanted(); };
    auto [pipe, peer] = bench.connect(script);
    bench.in_loop([its = &pipe, finishing] {
      if (finishing) {
        its->write(pattern(4'000'000));  // more than the peer takes
        its->finish();
      } else {
        its->set_paused(true);
      }
    });
    for (int i = 0; i < 10; ++i) bench.turn();
    const int rooms = script.rooms;
    for (int i = 0; i < 100; ++i) bench.turn();
    EXPECT_LE(script.rooms, rooms) << "a core is busy with nothing";
  }
}

TEST(Pipe, NoticesThatThePeerIsGoneWhilePaused) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  bench.in_loop([its = &pipe] { its->set_paused(true); });
  peer.go();
  ASSERT_TRUE(bench.until([&] { return script.closes > 0; }));
  EXPECT_EQ(script.closes, 1);
}

TEST(Pipe, EndsWhenASendFails) {
  for (const bool large : {false, true}) {
    Script script;
    PipeBench bench;
    script.on_input = [&](TestPipe& its, Bytes& input) {
      input = input.last(0);
      if (large) {
        its.send_large(as_bytes(pattern(30'000)));
      } else {
        its.write(pattern(100'000));
      }
      EXPECT_FALSE(its.is_open());
      its.write("nobody hears this");
      its.send(shared("nor this"));
      its.send_large(as_bytes("nor this"));
      its.finish();
      EXPECT_EQ(script.ends, 1);
      EXPECT_EQ(script.closes, 0) << "users are told when none of their code is running";
    };
    auto [pipe, peer] = bench.connect(script);
    peer.send("?");
    peer.go();
    ASSERT_TRUE(bench.until([&] { return script.destroyed; }));
    EXPECT_EQ(script.closes, 1);
    EXPECT_TRUE(bench.loop.cork().empty());
    EXPECT_TRUE(bench.hub.scratch().empty());
  }
}

// ---------------------------------------------------------------------------- closing anywhere

TEST(Pipe, MayBeClosedInsideAnyOfItsCalls) {
  for (const int where : {0, 1, 2, 3}) {
    SCOPED_TRACE(where);
    Script script;
    PipeBench bench;
    const auto close = [&](TestPipe& its) {
      its.write("unsent");
      its.abort();
      its.abort();
      EXPECT_FALSE(its.is_open());
      EXPECT_FALSE(script.destroyed) << "closing marks; the hub frees";
    };
    if (where == 0) {
      script.on_input = [&](TestPipe& its, Bytes&) { close(its); };
    } else if (where == 1) {
      script.on_input_end = close;
    } else if (where == 2) {
      script.on_room = close;
    } else {
      script.on_time = [&](TestPipe& its, std::uint64_t now) {
        if (script.rooms == 0) return now + 1;
        close(its);
        return UINT64_MAX;
      };
    }
    auto [pipe, peer] = bench.connect(script);
    peer.send("?");
    peer.end_sending();
    ASSERT_TRUE(bench.until([&] { return script.destroyed; }));
    EXPECT_EQ(script.closes, 1);
    EXPECT_EQ(bench.hub.pipe_count(), 0u);
    EXPECT_TRUE(bench.loop.cork().empty());
  }
}

TEST(Pipe, MayBeClosedByAnotherWhoseEventCameFirst) {
  Script first;
  Script second;
  PipeBench bench;
  auto [first_pipe, first_peer] = bench.connect(first);
  auto [second_pipe, second_peer] = bench.connect(second);
  first.on_input = [its = &second_pipe](TestPipe&, Bytes&) { its->abort(); };
  second.on_input = [its = &first_pipe](TestPipe&, Bytes&) { its->abort(); };
  // Both are ready in one iteration; whoever is first ends the other.
  first_peer.send("x");
  second_peer.send("x");
  bench.turn();
  EXPECT_EQ(first.inputs.size() + second.inputs.size(), 1u);
  EXPECT_EQ(bench.hub.pipe_count(), 1u);
  EXPECT_NE(first.destroyed, second.destroyed);
}

TEST(Pipe, MayWriteToAnotherWhileItsOwnInputIsWorkedOn) {
  Script first;
  Script second;
  PipeBench bench;
  auto [first_pipe, first_peer] = bench.connect(first);
  auto [second_pipe, second_peer] = bench.connect(second);
  first.on_input = [other = &second_pipe](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.write("own 1 ");
    other->write("other 1 ");
    its.write("own 2");
    other->write("other 2");
  };
  first_peer.send("?");
  bench.turn();
  EXPECT_EQ(first_peer.receive(), "own 1 own 2");
  EXPECT_EQ(second_peer.receive(), "other 1 other 2");
}

// ---------------------------------------------------------------------------- handles

TEST(Pipe, StaysInMemoryWhileSomebodyHoldsIt) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  pipe.retain();
  pipe.retain();
  EXPECT_FALSE(pipe.peer().empty());
  pipe.abort();
  bench.turn();
  EXPECT_FALSE(script.destroyed);
  EXPECT_EQ(bench.hub.pipe_count(), 0u);
  EXPECT_EQ(pipe.peer(), "");
  pipe.write("nothing");
  pipe.set_paused(true);
  pipe.input_wanted();
  bench.turn();
  pipe.release();
  bench.turn();
  EXPECT_FALSE(script.destroyed);
  bench.in_loop([&script, its = &pipe] {
    its->release();
    EXPECT_FALSE(script.destroyed) << "whoever releases it may belong to it";
  });
  EXPECT_TRUE(script.destroyed);
  EXPECT_EQ(script.discards, 0);
}

TEST(Pipe, IsNotFreedByTheLastHandleWhileItIsOpen) {
  Script script;
  PipeBench bench;
  auto [pipe, peer] = bench.connect(script);
  pipe.retain();
  pipe.release();
  EXPECT_FALSE(script.destroyed);
  pipe.retain();
  pipe.abort();
  pipe.release();
  EXPECT_FALSE(script.destroyed) << "the iteration has not ended";
  bench.turn();
  EXPECT_TRUE(script.destroyed);
}

TEST(Pipe, OutlivesItsHubWhileSomebodyHoldsIt) {
  for (const bool closed_before : {false, true}) {
    Script script;
    TestPipe* kept = nullptr;
    {
      PipeBench bench;
      auto [pipe, peer] = bench.connect(script);
      kept = &pipe;
      pipe.retain();
      if (closed_before) pipe.abort();
      bench.turn();
    }
    EXPECT_EQ(script.closes, 1);
    EXPECT_EQ(script.discards, 1);
    ASSERT_FALSE(script.destroyed);
    EXPECT_FALSE(kept->is_open());
    kept->release();
    EXPECT_TRUE(script.destroyed);
  }
}

}  // namespace
}  // namespace duplex::connection
