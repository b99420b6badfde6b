#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "connection/pipe.hpp"
#include "tests/connection/pipe_support.hpp"
#include "tests/tls/client_support.hpp"

/// Pipes that begin the encryption themselves: clients.
namespace duplex::connection {
namespace {

using tls::TlsError;
using tls::testing::Issued;

const Issued& root() {
  static const Issued made = tls::testing::authority("Root");
  return made;
}

const tls::Context& client_context() {
  static const auto made = tls::testing::client_of({.ca = root().pem()});
  return *made;
}

std::shared_ptr<const tls::Context> server_context(int version) {
  auto made = tls::testing::context_of(tls::testing::issue_by({.issuer = &root()}).options());
  SSL_CTX_set_max_proto_version(made->native(), version);
  return made;
}

class ClientPipe : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<tls::Stream> client_stream(const std::string& host = "example.test") {
    return std::make_unique<tls::Stream>(client_context(), bench_->hub.tls_workspace(),
                                         tls::ClientTarget{.host = host, .session_key = "443"});
  }
  /// A client's pipe, and the other end of its socket.
  std::pair<TestPipe&, Peer> connect(const std::string& host = "example.test") {
    return bench_->connect(client_, SOCK_STREAM, client_stream(host));
  }
  /// A client's pipe and a server's, joined.
  std::pair<TestPipe&, TestPipe&> connect_both(const std::string& host = "example.test") {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    auto* const server =
        new TestPipe(bench_->hub, net::Descriptor(ends[1]), server_,
                     std::make_unique<tls::Stream>(*server_context_, bench_->hub.tls_workspace()));
    bench_->hub.adopt(*server);
    auto* const client =
        new TestPipe(bench_->hub, net::Descriptor(ends[0]), client_, client_stream(host));
    bench_->hub.adopt(*client);
    return {*client, *server};
  }
  std::pair<TestPipe&, TestPipe&> connect_both_and_shake_hands() {
    const auto pipes = connect_both();
    EXPECT_TRUE(bench_->until([&] { return client_.secured == 1 && server_.secured == 1; }));
    return pipes;
  }
  /// Has `script` collect what comes.
  static void collect(Script& script, std::string& heard) {
    script.on_input = [&heard](TestPipe&, Bytes& input) {
      heard += as_text(input);
      input = input.last(0);
    };
  }
  static void finish_behind_the_peer(Script& script) {
    script.on_input_end = [](TestPipe& its) { its.finish(); };
  }

  std::shared_ptr<const tls::Context> server_context_ = server_context(GetParam());
  Script client_;
  Script server_;
  // Destroys the pipes before their scripts.
  std::unique_ptr<PipeBench> bench_ = std::make_unique<PipeBench>();
};

INSTANTIATE_TEST_SUITE_P(Versions, ClientPipe, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& each) {
                           return std::string(each.param == TLS1_2_VERSION ? "Tls12" : "Tls13");
                         });

TEST_P(ClientPipe, GreetsAsSoonAsItIsAdopted) {
  auto [pipe, peer] = connect();
  const std::string greeting = peer.receive();
  ASSERT_GT(greeting.size(), 6u);
  EXPECT_EQ(greeting[0], 22) << "a record of the handshake";
  EXPECT_EQ(greeting[5], 1) << "a ClientHello";
  EXPECT_EQ(client_.secured, 0);
  EXPECT_TRUE(pipe.is_open());
}

TEST_P(ClientPipe, CarriesDataBothWays) {
  std::string at_client;
  std::string at_server;
  collect(client_, at_client);
  collect(server_, at_server);
  auto [client, server] = connect_both_and_shake_hands();
  EXPECT_EQ(client.tls()->info()->protocol, GetParam() == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
  EXPECT_EQ(client.tls()->info()->server_name, "example.test");
  const std::string up = pattern(2'000'000);
  const std::string down = pattern(1'500'000);
  bench_->in_loop([&] {
    client.write(up);
    server.write(down);
  });
  ASSERT_TRUE(bench_->until(
      [&] { return at_client.size() == down.size() && at_server.size() == up.size(); }));
  EXPECT_EQ(at_client, down);
  EXPECT_EQ(at_server, up);
}

TEST_P(ClientPipe, EndsWithCloseNotifyOnBothSides) {
  std::string at_server;
  collect(server_, at_server);
  finish_behind_the_peer(server_);
  finish_behind_the_peer(client_);
  auto [client, server] = connect_both_and_shake_hands();
  bench_->in_loop([&] {
    client.write("last");
    client.finish();
  });
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1 && server_.closes == 1; }));
  EXPECT_EQ(at_server, "last");
  EXPECT_TRUE(client_.failures.empty());
  EXPECT_TRUE(server_.failures.empty());
}

TEST_P(ClientPipe, ResumesTheSessionOfAnEarlierOne) {
  for (const bool resumed : {false, true}) {
    bench_ = std::make_unique<PipeBench>();
    client_ = {};
    server_ = {};
    std::string at_client;
    collect(client_, at_client);
    auto [client, server] = connect_both_and_shake_hands();
    // Tickets come before it, at the latest.
    bench_->in_loop([&server = server] { server.write("answer"); });
    ASSERT_TRUE(bench_->until([&] { return at_client == "answer"; }));
    EXPECT_EQ(client.tls()->info()->resumed, resumed);
    bench_.reset();
  }
}

TEST_P(ClientPipe, TellsBothEndsWhenTheServerIsNotTheOneThatWasMeant) {
  connect_both("other.test");
  ASSERT_TRUE(
      bench_->until([&] { return !client_.failures.empty() && !server_.failures.empty(); }));
  EXPECT_EQ(client_.failures[0].kind, TlsError::wrong_host);
  EXPECT_EQ(client_.failures[0].sentence,
            "the certificate is for example.test, not for other.test");
  EXPECT_EQ(server_.failures[0].kind, TlsError::alert);
  EXPECT_EQ(client_.secured, 0);
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1 && server_.closes == 1; }));
  EXPECT_EQ(client_.failures.size(), 1u);
}

TEST_P(ClientPipe, FailsAtOnceWhenNoCertificateCanBeForItsHost) {
  auto [pipe, peer] = connect("no host");
  ASSERT_EQ(client_.failures.size(), 1u);
  EXPECT_EQ(client_.failures[0].kind, TlsError::wrong_host);
  bench_->turn();
  EXPECT_EQ(peer.receive(), "");
  EXPECT_TRUE(peer.at_end);
  peer.go();
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1; }));
}

TEST_P(ClientPipe, GivesUpAServerThatDoesNotShakeHandsInTime) {
  bench_ = std::make_unique<PipeBench>(PipeLimits{.linger_ms_max = 20, .handshake_ms_max = 60});
  const std::uint64_t began = bench_->loop.now_ms();
  auto [pipe, peer] = connect();
  ASSERT_TRUE(bench_->until([&] { return !client_.failures.empty(); }));
  EXPECT_EQ(client_.failures[0].kind, TlsError::timed_out);
  EXPECT_GE(bench_->loop.now_ms(), began + 60);
  EXPECT_EQ(client_.secured, 0);
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1; }));
  EXPECT_EQ(client_.failures.size(), 1u);
}

TEST_P(ClientPipe, SendsNothingInClearToAServerThatSpeaksHttpInClear) {
  client_.on_insecure = [](TestPipe& its, const tls::Failure&) {
    its.write("a secret");
    its.send(SharedBytes::copy_of(as_bytes("a secret")));
  };
  auto [pipe, peer] = connect();
  peer.receive();
  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(bench_->until([&] { return !client_.failures.empty(); }));
  EXPECT_EQ(client_.failures[0].kind, TlsError::not_tls);
  EXPECT_EQ(client_.failures[0].sentence, "the server speaks HTTP in clear, not TLS, on this port");
  bench_->turn();
  EXPECT_FALSE(peer.receive().contains("secret"));
  EXPECT_TRUE(peer.at_end);
  EXPECT_TRUE(client_.inputs.empty());
  peer.go();
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1; }));
}

TEST_P(ClientPipe, TellsAServerThatGoesDuringTheHandshake) {
  auto [pipe, peer] = connect();
  peer.receive();
  peer.go();
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1; }));
  ASSERT_EQ(client_.failures.size(), 1u);
  EXPECT_EQ(client_.failures[0].kind, TlsError::truncated);
  EXPECT_EQ(client_.failures[0].sentence, "the peer went away during the handshake");
}

TEST_P(ClientPipe, TakesAnEndWithoutCloseNotifyForATruncation) {
  std::string at_client;
  collect(client_, at_client);
  auto [client, server] = connect_both_and_shake_hands();
  bench_->in_loop([&server = server] { server.write("beginning"); });
  ASSERT_TRUE(bench_->until([&] { return at_client == "beginning"; }));
  bench_->in_loop([&server = server] { server.abort(); });
  ASSERT_TRUE(bench_->until([&] { return client_.closes == 1; }));
  ASSERT_EQ(client_.failures.size(), 1u);
  EXPECT_EQ(client_.failures[0].kind, TlsError::truncated);
  EXPECT_EQ(client_.input_ends, 0);
}

// A socket whose buffer is full takes not even the greeting.
TEST_P(ClientPipe, GreetsWhenTheSocketHasRoom) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  Peer peer{net::Descriptor(ends[1])};
  const std::string block(4096, 'x');
  while (::send(ends[0], block.data(), block.size(), MSG_NOSIGNAL) > 0) continue;
  while (::send(ends[0], block.data(), 1, MSG_NOSIGNAL) > 0) continue;
  auto* const pipe = new TestPipe(bench_->hub, net::Descriptor(ends[0]), client_, client_stream());
  bench_->hub.adopt(*pipe);
  EXPECT_TRUE(pipe->blocked());
  std::string taken;
  ASSERT_TRUE(bench_->until([&] {
    taken += peer.receive();
    return taken.find_first_not_of('x') != taken.npos;
  }));
  EXPECT_EQ(taken[taken.find_first_not_of('x')], 22);
  EXPECT_TRUE(client_.failures.empty());
}

}  // namespace
}  // namespace duplex::connection
