#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection/pipe.hpp"
#include "tests/connection/pipe_support.hpp"
#include "tests/tls/record_support.hpp"
#include "tests/tls/stream_support.hpp"

/// Pipes whose connection is encrypted, and OpenSSL's client at the other end.
namespace duplex::connection {
namespace {

using tls::testing::OpensslClient;
using tls::testing::PeerOptions;

const tls::Context& context() {
  static const auto made = tls::testing::context_of(tls::testing::issue_by({}).options());
  return *made;
}

class EncryptedPipe : public ::testing::TestWithParam<int> {
 protected:
  struct Ends {
    TestPipe& pipe;
    Peer peer;
    OpensslClient client;
    std::string plaintext = {};  // what the client has heard

    /// Sends what the client has to say.
    void speak() {
      const std::string text = client.take();
      if (!text.empty()) peer.send(text);
    }
    /// Takes what has come, at most so much ciphertext.
    void listen(std::size_t bytes_max = SIZE_MAX) {
      plaintext += client.hear(peer.receive(bytes_max));
    }
    void send(std::string_view text) {
      client.write(text);
      speak();
    }
  };

  std::unique_ptr<Ends> connect() {
    auto [pipe, peer] =
        bench_->connect(script_, SOCK_STREAM,
                        std::make_unique<tls::Stream>(context(), bench_->hub.tls_workspace()));
    return std::unique_ptr<Ends>(
        new Ends{pipe, std::move(peer),
                 OpensslClient({.version_min = GetParam(), .version_max = GetParam()})});
  }
  void shake_hands(Ends& ends) {
    ends.client.shake_hands();
    for (int round = 0; round < 6; ++round) {
      ends.speak();
      bench_->turn();
      ends.listen();
    }
  }
  std::unique_ptr<Ends> connect_and_shake_hands() {
    auto ends = connect();
    shake_hands(*ends);
    EXPECT_TRUE(ends->client.ready());
    EXPECT_EQ(script_.secured, 1);
    return ends;
  }
  /// Iterates, and has the client take everything, until `condition` holds.
  template <class Condition>
  bool until(Ends& ends, Condition condition) {
    return bench_->until([&] {
      ends.listen();
      return condition();
    });
  }
  /// Hands every input back.
  void echo() {
    script_.on_input = [](TestPipe& its, Bytes& input) {
      its.write(as_text(input));
      input = input.last(0);
    };
  }

  Script script_;
  // Destroys the pipes before their script.
  std::unique_ptr<PipeBench> bench_ = std::make_unique<PipeBench>();
};

INSTANTIATE_TEST_SUITE_P(Versions, EncryptedPipe, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& each) {
                           return std::string(each.param == TLS1_2_VERSION ? "Tls12" : "Tls13");
                         });

// ---------------------------------------------------------------------------- data

TEST_P(EncryptedPipe, AnswersInTheSameIteration) {
  echo();
  auto ends = connect_and_shake_hands();
  for (const char* text : {"a", "b", "c"}) {
    ends->send(text);
    bench_->turn();
    ends->listen();
  }
  EXPECT_EQ(ends->plaintext, "abc");
  EXPECT_EQ(script_.inputs, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_P(EncryptedPipe, PresentsWhatCameWithTheEndOfTheHandshake) {
  echo();
  auto ends = connect();
  ends->client.shake_hands();
  while (!ends->client.ready()) {
    ends->speak();
    bench_->turn();
    ends->listen();
  }
  ends->send("early");
  bench_->turn();
  ends->listen();
  EXPECT_EQ(ends->plaintext, "early");
  EXPECT_EQ(script_.secured, 1);
}

TEST_P(EncryptedPipe, PresentsInputThatWasLeftAgainWithMoreBehindIt) {
  script_.on_input = [](TestPipe&, Bytes& input) {
    const std::size_t end = as_text(input).rfind('\n');
    input = input.subspan(end == std::string_view::npos ? 0 : end + 1);
  };
  auto ends = connect_and_shake_hands();
  for (const char* text : {"on", "e\ntw", "o\n"}) {
    ends->send(text);
    bench_->turn();
  }
  EXPECT_EQ(script_.inputs, (std::vector<std::string>{"on", "one\ntw", "two\n"}));
}

TEST_P(EncryptedPipe, TakesRecordsThatComeByteByByte) {
  auto ends = connect_and_shake_hands();
  ends->client.write("one");
  ends->client.write("two");
  const std::string ciphertext = ends->client.take();
  for (const char byte : ciphertext) {
    ends->peer.send({&byte, 1});
    bench_->turn();
  }
  EXPECT_EQ(script_.inputs, (std::vector<std::string>{"one", "two"}));
}

TEST_P(EncryptedPipe, ReadsALongInputInPartsAndInOrder) {
  std::string got;
  script_.on_input = [&](TestPipe&, Bytes& input) {
    got += as_text(input);
    input = input.last(0);
  };
  auto ends = connect_and_shake_hands();
  const std::string sent = pattern(1'000'000);
  for (std::size_t at = 0; at < sent.size(); at += 50'000) {
    ends->send(std::string_view(sent).substr(at, 50'000));
    bench_->turn();
  }
  ASSERT_TRUE(bench_->until([&] { return got.size() == sent.size(); }));
  EXPECT_EQ(got, sent);
}

TEST_P(EncryptedPipe, PutsInputWhereItsProtocolHasIt) {
  std::vector<std::byte> room(std::size_t{64} * 1024);
  script_.input_room = room;
  std::string got;
  int placed = 0;
  script_.on_input = [&](TestPipe& its, Bytes& input) {
    got += as_text(input);
    EXPECT_LE(input.size(), room.size());
    if (input.data() == room.data()) ++placed;
    its.set_input_placed(1'000'000);
    input = input.last(0);
  };
  auto ends = connect_and_shake_hands();
  const std::string sent = pattern(1'000'000);
  for (std::size_t at = 0; at < sent.size(); at += 50'000) {
    ends->send(std::string_view(sent).substr(at, 50'000));
    bench_->turn();
  }
  ASSERT_TRUE(bench_->until([&] { return got.size() == sent.size(); }));
  EXPECT_EQ(got, sent);
  EXPECT_EQ(placed, static_cast<int>(script_.inputs.size()) - 1);
}

TEST_P(EncryptedPipe, LeavesInputToTheKernelWhilePaused) {
  auto ends = connect_and_shake_hands();
  ends->pipe.set_paused(true);
  ends->send("a");
  for (int i = 0; i < 3; ++i) bench_->turn();
  EXPECT_TRUE(script_.inputs.empty());
  ends->pipe.set_paused(false);
  ASSERT_TRUE(
      bench_->until([&] { return !script_.inputs.empty() && script_.inputs.back() == "a"; }));
}

TEST_P(EncryptedPipe, SendsALargeMessageToAPeerThatTakesItSlowly) {
  const std::string content = pattern(3'000'000);
  auto ends = connect_and_shake_hands();
  bench_->in_loop([&] {
    ends->pipe.write("head ");
    ends->pipe.send_large(as_bytes(content));
    ends->pipe.write(" tail");
  });
  EXPECT_TRUE(ends->pipe.blocked());
  // What waits is plaintext, but for a few records.
  EXPECT_GT(ends->pipe.buffered_bytes(), 2'000'000u);
  while (ends->plaintext.size() < content.size() + 10) {
    ends->listen(30'000);
    bench_->turn();
    ASSERT_TRUE(ends->pipe.is_open());
  }
  EXPECT_EQ(ends->plaintext, "head " + content + " tail");
  bench_->turn();
  EXPECT_EQ(ends->pipe.buffered_bytes(), 0u);
  EXPECT_FALSE(ends->pipe.blocked());
  EXPECT_GT(script_.rooms, 0);
}

TEST_P(EncryptedPipe, SendsALargeMessageOutOfAnInput) {
  const std::string content = pattern(2'000'000);
  script_.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.write("head ");
    its.send_large(as_bytes(content));
    its.send(SharedBytes::copy_of(as_bytes(" shared")));
    its.write(" tail");
  };
  auto ends = connect_and_shake_hands();
  ends->send("?");
  const std::string expected = "head " + content + " shared tail";
  ASSERT_TRUE(until(*ends, [&] { return ends->plaintext.size() >= expected.size(); }));
  EXPECT_EQ(ends->plaintext, expected);
}

TEST_P(EncryptedPipe, SendsWhatItHasReadAndLeavesTheRestAsItWas) {
  const std::string read = pattern(10'000);
  script_.on_input = [&](TestPipe& its, Bytes& input) {
    if (input.size() < read.size()) return;
    its.write("head");
    its.send_large(input.subspan(8));
    EXPECT_EQ(as_text(input), read);
    input = input.last(0);
  };
  auto ends = connect_and_shake_hands();
  ends->send(read);
  const std::string expected = "head" + read.substr(8);
  ASSERT_TRUE(until(*ends, [&] { return ends->plaintext.size() >= expected.size(); }));
  EXPECT_EQ(ends->plaintext, expected);
}

TEST_P(EncryptedPipe, SendsPartsOfFilesInTheirPlace) {
  auto file = std::make_shared<const net::Descriptor>(::memfd_create("test", MFD_CLOEXEC));
  const std::string content = pattern(500'000);
  ASSERT_EQ(::write(file->number(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  script_.on_input = [&](TestPipe& its, Bytes& input) {
    input = input.last(0);
    its.write("head ");
    its.send_file({file, 7, 400'000});
    its.write(" between ");
    its.send_file({file, 0, 5});
  };
  auto ends = connect_and_shake_hands();
  ends->send("?");
  const std::string expected =
      "head " + content.substr(7, 400'000) + " between " + content.substr(0, 5);
  ASSERT_TRUE(until(*ends, [&] { return ends->plaintext.size() >= expected.size(); }));
  EXPECT_EQ(ends->plaintext, expected);
}

TEST_P(EncryptedPipe, ClosesWhenAFileIsShorterThanPromised) {
  auto file = std::make_shared<const net::Descriptor>(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(::write(file->number(), "short", 5), 5);
  auto ends = connect_and_shake_hands();
  bench_->in_loop([&] { ends->pipe.send_file({file, 0, 10}); });
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
}

TEST_P(EncryptedPipe, PutsManySmallPiecesInOneRecord) {
  auto ends = connect_and_shake_hands();
  ends->peer.packets.clear();
  bench_->in_loop([&] {
    for (int i = 0; i < 200; ++i) {
      ends->pipe.send(SharedBytes::copy_of(as_bytes("piece " + std::to_string(i) + " ")));
    }
  });
  const std::string ciphertext = ends->peer.receive();
  EXPECT_LE(tls::testing::records_in(ciphertext).size(), 5u);
  EXPECT_TRUE(ends->client.hear(ciphertext).ends_with("piece 199 "));
}

// ---------------------------------------------------------------------------- the end

TEST_P(EncryptedPipe, FinishesWithCloseNotifyBehindWhatWasWritten) {
  auto ends = connect_and_shake_hands();
  const std::string content = pattern(1'000'000);
  bench_->in_loop([&] {
    ends->pipe.write(content);
    ends->pipe.finish();
  });
  ASSERT_TRUE(until(*ends, [&] { return ends->peer.at_end; }));
  EXPECT_EQ(ends->plaintext, content);
  EXPECT_TRUE(ends->client.ended()) << "the end is no truncation";
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  EXPECT_TRUE(script_.failures.empty());
}

TEST_P(EncryptedPipe, AnswersBehindThePeersCloseNotify) {
  script_.on_input_end = [](TestPipe& its) {
    its.write("bye");
    its.finish();
  };
  auto ends = connect_and_shake_hands();
  // Together with the last data, and alone.
  ends->client.write("last");
  ends->client.end();
  ends->speak();
  ASSERT_TRUE(until(*ends, [&] { return ends->peer.at_end; }));
  EXPECT_EQ(script_.inputs.back(), "last");
  EXPECT_EQ(script_.input_ends, 1);
  EXPECT_EQ(ends->plaintext, "bye");
  EXPECT_TRUE(ends->client.ended());
  EXPECT_TRUE(script_.failures.empty());
}

TEST_P(EncryptedPipe, TellsOnceThatThePeerSendsNoMore) {
  auto ends = connect_and_shake_hands();
  ends->client.end();
  ends->speak();
  ends->peer.end_sending();
  for (int i = 0; i < 5; ++i) bench_->turn();
  EXPECT_EQ(script_.input_ends, 1);
  EXPECT_TRUE(ends->pipe.is_open()) << "it may still answer";
  bench_->in_loop([&] { ends->pipe.write("answer"); });
  ends->listen();
  EXPECT_EQ(ends->plaintext, "answer");
}

TEST_P(EncryptedPipe, TakesAnEndWithoutCloseNotifyForATruncation) {
  auto ends = connect_and_shake_hands();
  ends->peer.end_sending();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  ASSERT_EQ(script_.failures.size(), 1u);
  EXPECT_EQ(script_.failures[0].kind, tls::TlsError::truncated);
  EXPECT_EQ(script_.input_ends, 0);
}

TEST_P(EncryptedPipe, ClosesWhenThePeerGoes) {
  auto ends = connect_and_shake_hands();
  bench_->in_loop([&] { ends->pipe.write(pattern(2'000'000)); });
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
}

TEST_P(EncryptedPipe, GivesUpAPeerThatTakesNothing) {
  bench_ = std::make_unique<PipeBench>(PipeLimits{.stalled_write_ms_max = 40});
  auto ends = connect_and_shake_hands();
  bench_->in_loop([&] { ends->pipe.write(std::string(2'000'000, 'x')); });
  ASSERT_TRUE(ends->pipe.blocked());
  const std::uint64_t began = bench_->loop.now_ms();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  EXPECT_GE(bench_->loop.now_ms(), began + 40);
}

// ---------------------------------------------------------------------------- failures

TEST_P(EncryptedPipe, GivesUpAHandshakeThatTakesTooLong) {
  bench_ = std::make_unique<PipeBench>(PipeLimits{.linger_ms_max = 20, .handshake_ms_max = 60});
  auto ends = connect();
  const std::uint64_t began = bench_->loop.now_ms();
  ends->client.shake_hands();
  const std::string hello = ends->client.take();
  // Somebody who sends a byte now and then gets no more time.
  std::size_t at = 0;
  ASSERT_TRUE(bench_->until([&] {
    if (at < hello.size() - 1 && ends->pipe.is_open()) ends->peer.send({&hello[at++], 1});
    return !script_.failures.empty();
  }));
  EXPECT_EQ(script_.failures[0].kind, tls::TlsError::timed_out);
  EXPECT_GE(bench_->loop.now_ms(), began + 60);
  EXPECT_LE(bench_->loop.now_ms(), began + 2000);
  EXPECT_EQ(script_.secured, 0);
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  EXPECT_EQ(script_.failures.size(), 1u);
}

TEST_P(EncryptedPipe, AsksItsProtocolForTheTimeOnlyWhenSecured) {
  int asked = 0;
  script_.on_time = [&](TestPipe&, std::uint64_t) {
    ++asked;
    return UINT64_MAX;
  };
  auto ends = connect();
  EXPECT_EQ(asked, 0);
  shake_hands(*ends);
  EXPECT_EQ(asked, 1);
}

TEST_P(EncryptedPipe, TellsWhoGoesDuringTheHandshake) {
  auto ends = connect();
  ends->client.shake_hands();
  ends->speak();
  bench_->turn();
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  EXPECT_EQ(script_.secured, 0);
}

TEST_P(EncryptedPipe, FinishesDuringTheHandshakeWithoutAWord) {
  auto ends = connect();
  bench_->in_loop([&] { ends->pipe.finish(); });
  EXPECT_EQ(ends->peer.receive(), "");
  EXPECT_TRUE(ends->peer.at_end);
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
}

TEST_P(EncryptedPipe, SaysWhatItWasToldToSayInClear) {
  script_.on_insecure = [](TestPipe& its, const tls::Failure& failure) {
    if (failure.kind == tls::TlsError::clear_http) its.write("speak TLS");
  };
  auto ends = connect();
  ends->peer.send("GET / HTTP/1.1\r\n\r\n");
  bench_->turn();
  EXPECT_EQ(ends->peer.receive(), "speak TLS");
  EXPECT_TRUE(ends->peer.at_end);
  EXPECT_TRUE(script_.inputs.empty());
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
  EXPECT_EQ(script_.failures.size(), 1u);
}

TEST_P(EncryptedPipe, TellsThePeerByAnAlertWhatIsWrong) {
  auto ends = connect();
  ends->peer.send(std::string("\x16\x03\x01\x00\x05\x07\x00\x00\x01\x00", 10));  // no ClientHello
  bench_->turn();
  const std::string alert = ends->peer.receive();
  ASSERT_EQ(alert.size(), 7u);
  EXPECT_EQ(alert[0], 21);
  EXPECT_TRUE(ends->peer.at_end);
  ends->peer.go();
  ASSERT_TRUE(bench_->until([&] { return script_.closes > 0; }));
}

/// Changes a bit of what the client says next.
std::string tampered(OpensslClient& client) {
  client.write("question");
  std::string record = client.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  return record;
}

// An attacker on the way needs but to change a bit, and to keep the alert from leaving.
TEST_P(EncryptedPipe, SendsNothingInClearWhenARecordWasChanged) {
  const std::string secret = "a secret ";
  std::string large;
  while (large.size() < 3'000'000) large += secret;
  auto ends = connect_and_shake_hands();
  // Full, so that even the alert has to wait.
  bench_->in_loop([&] { ends->pipe.write(large); });
  ASSERT_TRUE(ends->pipe.blocked());
  ends->peer.send(tampered(ends->client));
  ASSERT_TRUE(bench_->until([&] { return !script_.failures.empty(); }));
  EXPECT_EQ(script_.failures[0].kind, tls::TlsError::broken);
  ASSERT_TRUE(ends->pipe.is_open());
  // Users go on for a while before they hear of it.
  ends->pipe.retain();
  std::string taken;
  for (int round = 0; round < 200 && ends->pipe.is_open(); ++round) {
    bench_->in_loop([&] {
      if (!ends->pipe.is_open()) return;
      ends->pipe.write(secret);
      ends->pipe.send(SharedBytes::copy_of(as_bytes(secret)));
      ends->pipe.send_large(as_bytes(secret));
    });
    taken += ends->peer.receive();
  }
  EXPECT_FALSE(taken.empty());
  EXPECT_FALSE(taken.contains(secret));
  EXPECT_TRUE(ends->peer.at_end);
  ends->pipe.release();
}

TEST_P(EncryptedPipe, SendsNothingInClearFromInsideAFailure) {
  script_.on_insecure = [](TestPipe& its, const tls::Failure&) {
    its.write("a secret");
    its.send(SharedBytes::copy_of(as_bytes("a secret")));
  };
  auto ends = connect_and_shake_hands();
  ends->peer.send(tampered(ends->client));
  bench_->turn();
  const std::string taken = ends->peer.receive();
  EXPECT_FALSE(taken.contains("secret"));
  EXPECT_EQ(ends->client.hear(taken), "");
  EXPECT_GE(ends->client.error(), SSL_AD_REASON_OFFSET) << "the alert has come";
}

/// What TLS 1.2 has not.
class EncryptedPipeWithKeyUpdates : public EncryptedPipe {};

INSTANTIATE_TEST_SUITE_P(Versions, EncryptedPipeWithKeyUpdates, ::testing::Values(TLS1_3_VERSION),
                         [](const auto& /*each*/) { return std::string("Tls13"); });

TEST_P(EncryptedPipeWithKeyUpdates, GivesUpAPeerThatTakesNoAnswersOfTls) {
  bench_ = std::make_unique<PipeBench>(PipeLimits{.stalled_write_ms_max = 1'000'000});
  auto ends = connect_and_shake_hands();
  bench_->in_loop([&] { ends->pipe.write(std::string(2'000'000, 'x')); });
  ASSERT_TRUE(ends->pipe.blocked());
  for (int i = 0; i < 100'000 && script_.failures.empty(); ++i) {
    ends->client.update_keys(true);
    ends->client.write("x");
    ends->speak();
    bench_->turn();
  }
  ASSERT_EQ(script_.failures.size(), 1u);
  EXPECT_LT(ends->pipe.buffered_bytes(), 1'000'000u);
}

// ---------------------------------------------------------------------------- afterwards

TEST_P(EncryptedPipe, TellsWhatWasAgreedOnAsLongAsAHandleKeepsIt) {
  auto ends = connect_and_shake_hands();
  ends->pipe.retain();
  bench_->in_loop([&] { ends->pipe.abort(); });
  EXPECT_EQ(script_.closes, 1);
  ASSERT_FALSE(script_.destroyed);
  ASSERT_TRUE(ends->pipe.tls()->info());
  EXPECT_EQ(ends->pipe.tls()->info()->protocol, SSL_get_version(ends->client.native()));
  bench_.reset();
  EXPECT_TRUE(script_.destroyed || ends->pipe.tls()->info());
  if (!script_.destroyed) ends->pipe.release();
  EXPECT_TRUE(script_.destroyed);
}

TEST_P(EncryptedPipe, ServesManyAtOnce) {
  echo();
  std::vector<std::unique_ptr<Ends>> all;
  for (int i = 0; i < 20; ++i) all.push_back(connect());
  for (const auto& ends : all) ends->client.shake_hands();
  for (int round = 0; round < 8; ++round) {
    for (const auto& ends : all) ends->speak();
    bench_->turn();
    for (const auto& ends : all) ends->listen();
  }
  EXPECT_EQ(script_.secured, 20);
  for (int round = 0; round < 3; ++round) {
    for (const auto& ends : all) ends->send("text " + std::to_string(round));
    bench_->turn();
    for (const auto& ends : all) ends->listen();
  }
  for (const auto& ends : all) EXPECT_EQ(ends->plaintext, "text 0text 1text 2");
}

}  // namespace
}  // namespace duplex::connection
