#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/tls/client_support.hpp"
#include "tests/tls/record_support.hpp"

/// The client's end of a `Stream`, with each version of TLS.
namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::HasSubstr;

class ClientStreams : public ::testing::TestWithParam<int> {
 protected:
  using Meeting = Encounter<OpensslServer>;

  static const Issued& root() {
    static const Issued made = authority("Root");
    return made;
  }
  static const Issued& own() {
    static const Issued made = issue_by(
        {.alternative_names = "DNS:example.test,DNS:other.test,IP:192.0.2.1", .issuer = &root()});
    return made;
  }
  static bool is_tls_1_3() { return GetParam() == TLS1_3_VERSION; }

  OpensslServerOptions server_options() const {
    return {.certificate = &own(), .version_max = GetParam()};
  }
  std::unique_ptr<Meeting> meet(const ClientTarget& target = {.host = "example.test"}) {
    return meet(target, server_options());
  }
  std::unique_ptr<Meeting> meet(const ClientTarget& target, OpensslServerOptions options) {
    auto meeting =
        std::make_unique<Meeting>(*context_, workspace_, target, OpensslServer(std::move(options)));
    meeting->shake_hands();
    return meeting;
  }
  /// Meets the same server once more, which opens the tickets that it has sealed.
  std::unique_ptr<Meeting> meet_again(const Meeting& earlier, const ClientTarget& target) {
    auto meeting = std::make_unique<Meeting>(
        *context_, workspace_, target, OpensslServer(server_options(), earlier.server.context()));
    meeting->shake_hands();
    return meeting;
  }

  std::shared_ptr<const Context> context_ = client_of({.ca = root().pem()});
  Workspace workspace_;
};

INSTANTIATE_TEST_SUITE_P(Versions, ClientStreams, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& each) {
                           return std::string(each.param == TLS1_2_VERSION ? "Tls12" : "Tls13");
                         });

/// What TLS 1.2 has not.
class Tls13ClientStreams : public ClientStreams {};

INSTANTIATE_TEST_SUITE_P(Versions, Tls13ClientStreams, ::testing::Values(TLS1_3_VERSION),
                         [](const auto& /*each*/) { return std::string("Tls13"); });

// ---------------------------------------------------------------------------- data

TEST_P(ClientStreams, CarryDataBothWays) {
  const auto meeting = meet();
  ASSERT_TRUE(meeting->client.ready());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(meeting->up("question " + std::to_string(i)), "question " + std::to_string(i));
    EXPECT_EQ(meeting->down("answer " + std::to_string(i)), "answer " + std::to_string(i));
  }
  const std::string large = counted(200'000);
  EXPECT_EQ(meeting->up(large), large);
  EXPECT_EQ(meeting->down(large), large);
}

TEST_P(ClientStreams, TalkToServersOfTheirOwnKind) {
  ServerOptions options = own().options();
  const auto server_context = context_of(options);
  ClientOptions client_options{.ca = root().pem()};
  if (is_tls_1_3()) {
    client_options.version_min = Version::tls_1_3;
  } else {
    SSL_CTX_set_max_proto_version(server_context->native(), TLS1_2_VERSION);
  }
  const auto context = client_of(client_options);
  for (const bool resumed : {false, true, true}) {
    Encounter<StreamEnd> meeting(*context, workspace_,
                                 {.host = "example.test", .session_key = "443"},
                                 StreamEnd(*server_context, workspace_));
    ASSERT_TRUE(meeting.shake_hands());
    ASSERT_TRUE(meeting.talk());
    const std::string large = counted(100'000);
    EXPECT_EQ(meeting.up(large), large);
    EXPECT_EQ(meeting.down(large), large);
    for (Stream* stream : {&meeting.client.stream(), &meeting.server.stream()}) {
      const auto info = stream->info();
      ASSERT_TRUE(info);
      EXPECT_EQ(info->protocol, is_tls_1_3() ? "TLSv1.3" : "TLSv1.2");
      EXPECT_EQ(info->application_protocol, "http/1.1");
      EXPECT_EQ(info->server_name, "example.test");
      EXPECT_EQ(info->resumed, resumed);
    }
    meeting.client.end();
    meeting.server.hear(meeting.client.take());
    EXPECT_TRUE(meeting.server.ended);
    meeting.server.end();
    meeting.client.hear(meeting.server.take());
    EXPECT_TRUE(meeting.client.ended);
  }
}

TEST_P(ClientStreams, ShakeHandsHoweverTheCiphertextIsCut) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
    Meeting meeting(*context_, workspace_, {.host = "example.test"},
                    OpensslServer(server_options()));
    std::string heard;
    meeting.client.begin();
    const auto feed = [&] {
      const std::string answer = meeting.server.take();
      for (std::size_t at = 0; at < answer.size(); at += piece) {
        heard += meeting.client.hear(std::string_view(answer).substr(at, piece));
        ASSERT_FALSE(meeting.client.failure);
      }
    };
    for (int round = 0; round < 4; ++round) {
      meeting.server.hear(meeting.client.take());
      feed();
    }
    ASSERT_TRUE(meeting.client.ready() && meeting.server.ready());
    meeting.server.write("one");
    meeting.server.write("two");
    meeting.server.end();
    feed();
    EXPECT_EQ(heard, "onetwo") << piece;
    EXPECT_TRUE(meeting.client.ended);
  }
}

TEST_P(ClientStreams, EndBothDirectionsOneByOne) {
  const auto meeting = meet();
  meeting->server.write("last");
  meeting->server.end();
  EXPECT_EQ(meeting->client.hear(meeting->server.take()), "last");
  EXPECT_TRUE(meeting->client.ended);
  EXPECT_EQ(meeting->up("more"), "more");
  meeting->client.end();
  meeting->client.end();
  const std::string leave = meeting->client.take();
  EXPECT_EQ(records_in(leave).size(), 1u) << "it is said once";
  meeting->server.hear(leave);
  EXPECT_TRUE(meeting->server.ended());
}

TEST_P(Tls13ClientStreams, FollowKeyUpdates) {
  const auto meeting = meet();
  for (const bool both : {false, true, true}) {
    meeting->server.update_keys(both);
    EXPECT_TRUE(meeting->talk());
  }
}

TEST_P(ClientStreams, RefuseWhatWasChanged) {
  const auto meeting = meet();
  meeting->server.write("some text");
  std::string record = meeting->server.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  EXPECT_EQ(meeting->client.hear(record), "");
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::broken);
  meeting->server.hear(meeting->client.take());
  EXPECT_EQ(meeting->server.error(), SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
  meeting->client.write("secret");
  meeting->client.end();
  EXPECT_EQ(meeting->client.take(), "");
}

TEST_P(ClientStreams, SayNothingBeforeTheHandshakeHasEnded) {
  StreamEnd client(*context_, workspace_, {.host = "example.test"});
  client.begin();
  EXPECT_FALSE(client.failure);
  EXPECT_NE(client.take(), "");
  client.end();
  client.write("secret");
  ASSERT_TRUE(client.failure);
  EXPECT_EQ(client.failure->kind, TlsError::internal);
  EXPECT_EQ(client.take(), "");
}

TEST_P(ClientStreams, OutliveTheirContext) {
  const auto meeting = std::make_unique<Meeting>(
      *context_, workspace_, ClientTarget{.host = "example.test", .session_key = "443"},
      OpensslServer(server_options()));
  context_.reset();
  EXPECT_TRUE(meeting->shake_hands());
  EXPECT_TRUE(meeting->talk());
  meeting->client.stream().close();
  EXPECT_EQ(meeting->client.stream().info()->server_name, "example.test");
  meeting->client.write("secret");
  EXPECT_EQ(meeting->client.take(), "");
}

TEST(Stream, OfAServerHasNothingToBegin) {
  Workspace workspace;
  StreamEnd server(*context_of(issue_by({}).options()), workspace);
  server.begin();
  EXPECT_FALSE(server.failure);
  EXPECT_EQ(server.take(), "");
}

// ---------------------------------------------------------------------------- what is agreed on

TEST_P(ClientStreams, TellTheServersName) {
  for (const auto& [host, told] : std::vector<std::pair<std::string, std::optional<std::string>>>{
           {"example.test", "example.test"},
           {"Example.Test.", "example.test"},
           {"192.0.2.1", std::nullopt}}) {
    const auto meeting = meet({.host = host});
    ASSERT_TRUE(meeting->client.ready()) << host;
    EXPECT_EQ(meeting->server.server_name(), told) << host;
    EXPECT_EQ(meeting->client.stream().info()->server_name, told.value_or(""));
  }
}

TEST_P(ClientStreams, TellWhatWasAgreedOn) {
  OpensslServerOptions options = server_options();
  options.application_protocol = "http/1.1";
  const auto meeting = meet({.host = "example.test"}, options);
  const auto info = meeting->client.stream().info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->protocol, SSL_get_version(meeting->server.native()));
  EXPECT_EQ(info->cipher,
            SSL_CIPHER_standard_name(SSL_get_current_cipher(meeting->server.native())));
  EXPECT_EQ(info->application_protocol, "http/1.1");
  EXPECT_FALSE(info->resumed);
  ASSERT_NE(info->peer_certificate, nullptr);
  EXPECT_EQ(info->peer_certificate->dns_names,
            (std::vector<std::string>{"example.test", "other.test"}));
  EXPECT_EQ(meet()->client.stream().info()->application_protocol, "")
      << "the server does without ALPN";
}

TEST_P(ClientStreams, RefuseAProtocolThatTheyHaveNotOffered) {
  OpensslServerOptions options = server_options();
  options.application_protocol = "h2";
  const auto meeting = meet({.host = "example.test"}, options);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::broken);
  EXPECT_FALSE(meeting->client.stream().established());
}

TEST_P(ClientStreams, ShowTheirCertificateToWhoAsks) {
  const Issued clients = authority("Clients");
  const Issued device = issue_by({.common_name = "device 7",
                                  .alternative_names = {},
                                  .issuer = &clients,
                                  .extended_key_usage = "clientAuth"});
  OpensslServerOptions demanding = server_options();
  demanding.client_ca = &clients;
  context_ = client_of({.ca = root().pem(), .credential = device.credential()});
  const auto known = meet({.host = "example.test"}, demanding);
  ASSERT_TRUE(known->talk());
  EXPECT_EQ(common_name(*SSL_get0_peer_certificate(known->server.native())).size(), 0u)
      << "it has a blank";
  EXPECT_EQ(name_text(*X509_get_subject_name(SSL_get0_peer_certificate(known->server.native()))),
            "CN=device 7");
  const auto unasked = meet();
  ASSERT_TRUE(unasked->talk());
  EXPECT_EQ(SSL_get0_peer_certificate(unasked->server.native()), nullptr);
}

TEST_P(ClientStreams, AreToldWhenTheirCertificateIsMissing) {
  const Issued clients = authority("Clients");
  OpensslServerOptions demanding = server_options();
  demanding.client_ca = &clients;
  const auto meeting = meet({.host = "example.test"}, demanding);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::alert);
  // With TLS 1.3 it comes when the client has been ready for a while (RFC 8446 section 4.4.2.4).
  EXPECT_EQ(meeting->client.failure->sentence,
            is_tls_1_3() ? "the peer gave up, with the alert \"certificate required\""
                         : "the peer gave up, with the alert \"handshake failure\"");
}

TEST_P(ClientStreams, SpeakNoOlderVersionThanTheyAreTold) {
  context_ = client_of({.ca = root().pem(), .version_min = Version::tls_1_3});
  const auto meeting = meet();
  EXPECT_EQ(meeting->client.ready(), is_tls_1_3());
  if (is_tls_1_3()) return;
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::alert);
  EXPECT_THAT(meeting->client.failure->sentence, HasSubstr("protocol version"));
}

// ---------------------------------------------------------------------------- what is no server

class StrangeServers : public ClientStreams {
 protected:
  /// What a client makes of `answer` to its greeting, which comes in pieces.
  Failure failure_of(std::string_view answer, std::size_t piece) {
    StreamEnd client(*context_, workspace_, {.host = "example.test"});
    client.begin();
    EXPECT_NE(client.take(), "");
    for (std::size_t at = 0; at < answer.size() && !client.failure; at += piece) {
      client.hear(answer.substr(at, piece));
    }
    if (!client.failure) return {};
    const Failure failure = *client.failure;
    client.take();
    client.write("secret");
    client.end();
    EXPECT_EQ(client.take(), "") << "nothing goes in clear";
    return failure;
  }
};

INSTANTIATE_TEST_SUITE_P(All, StrangeServers, ::testing::Values(TLS1_3_VERSION));

TEST_P(StrangeServers, ThatSpeakHttpInClearAreTold) {
  for (const std::size_t piece : {1U, 2U, 4U, 5U, 100U}) {
    const Failure failure = failure_of("HTTP/1.1 400 Bad Request\r\n\r\n", piece);
    EXPECT_EQ(failure.kind, TlsError::not_tls);
    EXPECT_EQ(failure.sentence, "the server speaks HTTP in clear, not TLS, on this port");
  }
}

TEST_P(StrangeServers, ThatSpeakNoTlsAreTold) {
  for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n", "220 mail.example.test ESMTP\r\n",
                           "HELLO, world\r\n", "GET / HTTP/1.1\r\n", "\r\n\r\n\r\n\r\n"}) {
    for (const std::size_t piece : {1U, 100U}) {
      const Failure failure = failure_of(text, piece);
      EXPECT_EQ(failure.kind, TlsError::not_tls) << text << ": " << failure.sentence;
      EXPECT_FALSE(failure.sentence.empty());
      EXPECT_THAT(failure.sentence, ::testing::Not(HasSubstr("in clear"))) << text;
    }
  }
}

TEST_P(StrangeServers, OfAnOldVersionAreRefused) {
  // A ServerHello of TLS 1.0 with a suite that the client has offered.
  std::string hello("\x16\x03\x01\x00\x2A\x02\x00\x00\x26\x03\x01", 11);
  hello += std::string(32, 'r') + std::string("\x00\xC0\x2B\x00", 4);
  const Failure failure = failure_of(hello, hello.size());
  EXPECT_EQ(failure.kind, TlsError::no_common_version) << failure.sentence;
}

TEST_P(StrangeServers, ThatTakeTheirLeaveAreTold) {
  const Failure failure = failure_of(std::string_view("\x15\x03\x03\x00\x02\x01\x00", 7), 7);
  EXPECT_EQ(failure.kind, TlsError::truncated) << failure.sentence;
}

TEST_P(StrangeServers, ThatAnswerByAnAlertAreTold) {
  const Failure failure = failure_of(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7), 7);
  EXPECT_EQ(failure.kind, TlsError::alert);
  EXPECT_EQ(failure.sentence, "the peer gave up, with the alert \"handshake failure\"");
}

// ---------------------------------------------------------------------------- resumption

TEST_P(ClientStreams, ResumeASession) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const auto first = meet(target);
  ASSERT_TRUE(first->talk());
  EXPECT_FALSE(first->server.resumed());
  for (int i = 0; i < 3; ++i) {
    const auto again = meet_again(*first, target);
    ASSERT_TRUE(again->client.ready());
    ASSERT_TRUE(again->talk());
    EXPECT_TRUE(again->server.resumed());
    const auto info = again->client.stream().info();
    EXPECT_TRUE(info->resumed);
    EXPECT_EQ(info->server_name, "example.test");
    ASSERT_NE(info->peer_certificate, nullptr) << "it is the session's";
    EXPECT_EQ(info->peer_certificate->subject, "CN=example.test");
  }
}

TEST_P(ClientStreams, ResumeNothingWithoutAKey) {
  const auto first = meet();
  ASSERT_TRUE(first->talk());
  EXPECT_EQ(policy_of(*context_).sessions.size(), 0u);
  EXPECT_FALSE(meet_again(*first, {.host = "example.test"})->server.resumed());
}

TEST_P(ClientStreams, ResumeNoSessionOfAnotherHostOrKey) {
  const auto first = meet({.host = "example.test", .session_key = "443"});
  ASSERT_TRUE(first->talk());
  EXPECT_FALSE(meet_again(*first, {.host = "other.test", .session_key = "443"})->server.resumed());
  EXPECT_FALSE(
      meet_again(*first, {.host = "example.test", .session_key = "8443"})->server.resumed());
  EXPECT_TRUE(
      meet_again(*first, {.host = "Example.Test.", .session_key = "443"})->server.resumed());
}

TEST_P(ClientStreams, ResumeNoSessionOfAnotherContext) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const auto first = meet(target);
  ASSERT_TRUE(first->talk());
  context_ = client_of({.ca = root().pem()});
  EXPECT_FALSE(meet_again(*first, target)->server.resumed());
}

TEST_P(ClientStreams, UseATicketOnceWithTls13) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  OpensslServerOptions options = server_options();
  options.tickets = 1;
  const auto first = meet(target, options);
  ASSERT_TRUE(first->talk());
  // Two at the same time: only one has a ticket, but a session of TLS 1.2 is for both.
  Meeting second(*context_, workspace_, target,
                 OpensslServer(server_options(), first->server.context()));
  Meeting third(*context_, workspace_, target,
                OpensslServer(server_options(), first->server.context()));
  second.client.begin();
  third.client.begin();
  for (Meeting* each : {&second, &third}) {
    for (int round = 0; round < 4; ++round) {
      each->server.hear(each->client.take());
      each->client.hear(each->server.take());
    }
    EXPECT_TRUE(each->client.ready());
  }
  EXPECT_TRUE(second.server.resumed());
  EXPECT_EQ(third.server.resumed(), !is_tls_1_3());
}

TEST_P(Tls13ClientStreams, KeepAFewTicketsOfAServer) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  OpensslServerOptions options = server_options();
  options.tickets = 10;
  const auto first = meet(target, options);
  ASSERT_TRUE(first->talk());
  ClientSessions& sessions = policy_of(*context_).sessions;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::size_t taken = 0;
  while (sessions.take("example.test 443", now)) ++taken;
  EXPECT_EQ(taken, ClientSessions::sessions_per_key_max);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_P(ClientStreams, HonourTheLifetimeOfATicket) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  OpensslServer server(server_options());
  SSL_CTX_set_timeout(server.context(), 1000);
  Meeting first(*context_, workspace_, target, OpensslServer(server_options(), server.context()));
  ASSERT_TRUE(first.shake_hands());
  ASSERT_TRUE(first.talk());
  static std::chrono::seconds ahead;
  policy_of(*context_).calendar = [] { return std::chrono::system_clock::now() + ahead; };
  ahead = std::chrono::seconds(900);
  EXPECT_TRUE(meet_again(first, target)->server.resumed());
  ahead = std::chrono::seconds(2000);
  EXPECT_FALSE(meet_again(first, target)->server.resumed());
}

// However often it is renewed, after twelve hours the server proves anew who it is.
TEST_P(ClientStreams, EndASessionSomeTimeAfterItsVerification) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  OpensslServer server(server_options());
  SSL_CTX_set_timeout(server.context(), 1'000'000);
  static std::chrono::seconds ahead;
  ahead = std::chrono::seconds(0);
  policy_of(*context_).calendar = [] { return std::chrono::system_clock::now() + ahead; };
  Meeting first(*context_, workspace_, target, OpensslServer(server_options(), server.context()));
  ASSERT_TRUE(first.shake_hands());
  ASSERT_TRUE(first.talk());
  for (const int hours : {4, 8, 11}) {
    ahead = std::chrono::hours(hours);
    EXPECT_TRUE(meet_again(first, target)->server.resumed()) << hours;
  }
  ahead = session_life_max + std::chrono::seconds(60);
  EXPECT_FALSE(meet_again(first, target)->server.resumed());
  EXPECT_TRUE(meet_again(first, target)->server.resumed()) << "it is a new session";
}

TEST_P(ClientStreams, EndASessionWithItsCertificate) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const Issued brief = issue_by({.issuer = &root(), .ends_in = std::chrono::hours(1)});
  OpensslServerOptions options = server_options();
  options.certificate = &brief;
  const auto first = meet(target, options);
  ASSERT_TRUE(first->talk());
  static std::chrono::seconds ahead;
  policy_of(*context_).calendar = [] { return std::chrono::system_clock::now() + ahead; };
  ahead = std::chrono::minutes(50);
  EXPECT_TRUE(meet_again(*first, target)->server.resumed());
  ahead = std::chrono::minutes(61);
  EXPECT_FALSE(meet_again(*first, target)->server.resumed());
}

TEST_P(ClientStreams, ResumeWithAPinnedKeyOnly) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const std::string pin = PublicKeyPin::of(*own().certificate).text();
  context_ = client_of({.ca = root().pem(), .pins = {pin}});
  const auto first = meet(target);
  ASSERT_TRUE(first->talk());
  EXPECT_TRUE(meet_again(*first, target)->server.resumed());
  // As no program can do it; but a session is not above the pins.
  policy_of(*context_).pins = {PublicKeyPin()};
  const auto meeting = meet_again(*first, target);
  EXPECT_FALSE(meeting->server.resumed());
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(meeting->client.failure->kind, TlsError::pin_mismatch);
}

TEST_P(ClientStreams, KeepNoSessionOfARefusedServer) {
  const ClientTarget target{.host = "wrong.test", .session_key = "443"};
  const auto meeting = meet(target);
  ASSERT_TRUE(meeting->client.failure);
  EXPECT_EQ(policy_of(*context_).sessions.size(), 0u);
}

TEST_P(ClientStreams, ForgetSessionsAfterAFailure) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const auto first = meet(target);
  ASSERT_TRUE(first->talk());
  EXPECT_EQ(policy_of(*context_).sessions.size(), 1u);
  first->server.write("some text");
  std::string record = first->server.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  first->client.hear(record);
  ASSERT_TRUE(first->client.failure);
  EXPECT_EQ(policy_of(*context_).sessions.size(), 0u);
  EXPECT_FALSE(meet_again(*first, target)->server.resumed());
}

TEST_P(ClientStreams, BeginAnewWhenTheServerHasForgottenThem) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const auto first = meet(target);
  ASSERT_TRUE(first->talk());
  const auto other = meet(target);  // with keys of its own
  ASSERT_TRUE(other->talk());
  EXPECT_FALSE(other->client.stream().info()->resumed);
}

// A context's sessions are for all threads of a program.
TEST_P(ClientStreams, ShareTheirSessionsAmongThreads) {
  const ClientTarget target{.host = "example.test", .session_key = "443"};
  const auto server_context = context_of(own().options());
  SSL_CTX_set_max_proto_version(server_context->native(), GetParam());
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> resumed = 0;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Workspace workspace;
      for (int round = 0; round < 20; ++round) {
        Encounter<StreamEnd> meeting(*context_, workspace, target,
                                     StreamEnd(*server_context, workspace));
        if (!meeting.shake_hands() || !meeting.talk()) {
          ++failed;
        } else if (meeting.client.stream().info()->resumed) {
          ++resumed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(resumed, 40);
}

}  // namespace
}  // namespace duplex::tls
