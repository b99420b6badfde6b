#include "tls/stream.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/tls/record_support.hpp"
#include "tests/tls/stream_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

class Streams : public ::testing::Test {
 protected:
  static const Issued& own() {
    static const Issued issued = issue_by({});
    return issued;
  }
  static const Issued& trusted() {
    static const Issued issued = authority("Clients");
    return issued;
  }
  static ServerOptions with_clients(ClientCertificates demand) {
    ServerOptions options = own().options();
    options.client_ca = trusted().pem();
    options.client_certificates = demand;
    return options;
  }

  std::shared_ptr<const Context> context_ = context_of(own().options());
  Workspace workspace_;
};

// ---------------------------------------------------------------------------- the handshake

struct Kind {
  const char* name;
  int version;
  const char* suite;
  bool by_record_layer;
};

class StreamOf : public Streams, public ::testing::WithParamInterface<Kind> {
 protected:
  PeerOptions options() const {
    PeerOptions options{.version_min = GetParam().version, .version_max = GetParam().version};
    if (GetParam().version == TLS1_3_VERSION) {
      options.suites_1_3 = GetParam().suite;
    } else {
      options.cipher_list = GetParam().suite;
    }
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(
    All, StreamOf,
    ::testing::Values(Kind{"Aes128", TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", true},
                      Kind{"Aes256", TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", true},
                      Kind{"ChaCha20", TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", true},
                      Kind{"Tls12Aes128", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", false},
                      Kind{"Tls12ChaCha20", TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305",
                           false}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(StreamOf, CarriesDataBothWays) {
  Meeting meeting(*context_, workspace_, options());
  ASSERT_TRUE(meeting.shake_hands());
  EXPECT_NE(meeting.client.session(), nullptr) << "the tickets have come";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(meeting.up("question " + std::to_string(i)), "question " + std::to_string(i));
    EXPECT_EQ(meeting.down("answer " + std::to_string(i)), "answer " + std::to_string(i));
  }
  const std::string large = counted(200'000);
  EXPECT_EQ(meeting.up(large), large);
  EXPECT_EQ(meeting.down(large), large);
  EXPECT_EQ(meeting.down(""), "");
}

TEST_P(StreamOf, ResumesASession) {
  Meeting first(*context_, workspace_, options());
  ASSERT_TRUE(first.shake_hands());
  ASSERT_TRUE(first.talk());
  EXPECT_FALSE(first.server.stream().info()->resumed);
  PeerOptions again = options();
  again.session = first.client.session();
  Meeting second(*context_, workspace_, again);
  ASSERT_TRUE(second.shake_hands());
  EXPECT_TRUE(second.talk());
  EXPECT_TRUE(second.server.stream().info()->resumed);
}

TEST_P(StreamOf, ShakesHandsHoweverTheCiphertextIsCut) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
    Meeting meeting(*context_, workspace_, options());
    std::string heard;
    meeting.client.shake_hands();
    const auto feed = [&] {
      const std::string question = meeting.client.take();
      for (std::size_t at = 0; at < question.size(); at += piece) {
        heard += meeting.server.hear(std::string_view(question).substr(at, piece));
        ASSERT_FALSE(meeting.server.failure);
      }
      meeting.client.hear(meeting.server.take());
    };
    for (int round = 0; round < 4; ++round) feed();
    ASSERT_TRUE(meeting.client.ready() && meeting.server.stream().established());
    meeting.client.write("one");
    meeting.client.write("two");
    meeting.client.end();
    feed();
    EXPECT_EQ(heard, "onetwo") << piece;
    EXPECT_TRUE(meeting.server.ended);
  }
}

// What a client says at once behind its Finished is in the same packet.
TEST_P(StreamOf, TakesDataThatCameWithTheEndOfTheHandshake) {
  Meeting meeting(*context_, workspace_, options());
  meeting.client.shake_hands();
  std::string heard;
  for (int round = 0; round < 4 && !meeting.client.ready(); ++round) {
    meeting.server.hear(meeting.client.take());
    meeting.client.hear(meeting.server.take());
  }
  ASSERT_TRUE(meeting.client.ready());
  meeting.client.write("with ");
  meeting.client.write("it");
  meeting.client.end();
  EXPECT_EQ(meeting.server.hear(meeting.client.take()), "with it");
  EXPECT_TRUE(meeting.server.ended);
  EXPECT_TRUE(meeting.server.stream().established());
  EXPECT_EQ(meeting.down("answer"), "answer");
}

TEST_P(StreamOf, EndsBothDirectionsOneByOne) {
  Meeting meeting(*context_, workspace_, options());
  ASSERT_TRUE(meeting.shake_hands());
  meeting.client.write("last");
  meeting.client.end();
  EXPECT_EQ(meeting.server.hear(meeting.client.take()), "last");
  EXPECT_TRUE(meeting.server.ended);
  EXPECT_FALSE(meeting.client.ended());
  EXPECT_EQ(meeting.down("answer"), "answer");
  meeting.server.end();
  meeting.server.end();
  const std::string leave = meeting.server.take();
  EXPECT_EQ(records_in(leave).size(), 1u) << "it is said once";
  EXPECT_EQ(meeting.client.hear(leave), "");
  EXPECT_TRUE(meeting.client.ended());
  EXPECT_EQ(meeting.client.error(), 0);
}

TEST_P(StreamOf, RefusesWhatWasChanged) {
  for (const std::size_t place : {1U, 3U, 5U, 12U, 20U}) {
    Meeting meeting(*context_, workspace_, options());
    ASSERT_TRUE(meeting.shake_hands());
    meeting.client.write("some text");
    std::string record = meeting.client.take();
    record[place] = static_cast<char>(record[place] ^ 1);
    EXPECT_EQ(meeting.server.hear(record + std::string(300, 'x')), "");
    ASSERT_TRUE(meeting.server.failure) << place;
    // OpenSSL takes another version for another protocol.
    const bool is_version = place == 1 && !GetParam().by_record_layer;
    EXPECT_EQ(meeting.server.failure->kind, is_version ? TlsError::not_tls : TlsError::broken);
    // OpenSSL has other words for it: so it is told who has opened the record.
    EXPECT_EQ(meeting.server.failure->sentence == "a record was changed on its way",
              GetParam().by_record_layer)
        << meeting.server.failure->sentence;
    // The alert, which the client understands.
    meeting.client.hear(meeting.server.take());
    EXPECT_GE(meeting.client.error(), SSL_AD_REASON_OFFSET) << place;
    // From here on, nothing is said at all, let alone in clear.
    meeting.server.write("secret");
    meeting.server.end();
    EXPECT_EQ(meeting.server.take(), "");
    EXPECT_EQ(meeting.server.failure->kind, TlsError::internal);
  }
}

TEST_P(StreamOf, TellsWhichAlertThePeerGaveUpWith) {
  Meeting meeting(*context_, workspace_, options());
  ASSERT_TRUE(meeting.shake_hands());
  meeting.server.write("answer");
  std::string record = meeting.server.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  meeting.client.hear(record);
  meeting.server.hear(meeting.client.take());
  ASSERT_TRUE(meeting.server.failure);
  EXPECT_EQ(meeting.server.failure->kind, TlsError::alert);
  EXPECT_EQ(meeting.server.failure->sentence,
            "the peer gave up, with the alert \"bad record mac\"");
}

TEST_P(StreamOf, TellsWhatWasAgreedOnEvenWhenItIsClosed) {
  PeerOptions wanted = options();
  wanted.server_name = "example.test";
  wanted.alpn = "\x08http/1.1";
  Meeting meeting(*context_, workspace_, wanted);
  EXPECT_FALSE(meeting.server.stream().info());
  ASSERT_TRUE(meeting.shake_hands());
  for (int round = 0; round < 2; ++round) {
    const auto info = meeting.server.stream().info();
    ASSERT_TRUE(info);
    EXPECT_EQ(info->protocol, SSL_get_version(meeting.client.native()));
    EXPECT_EQ(info->cipher,
              SSL_CIPHER_standard_name(SSL_get_current_cipher(meeting.client.native())));
    EXPECT_EQ(info->application_protocol, "http/1.1");
    EXPECT_EQ(info->server_name, "example.test");
    EXPECT_EQ(info->peer_certificate, nullptr);
    meeting.server.stream().close();
  }
  meeting.server.write("secret");
  EXPECT_TRUE(meeting.server.failure);
  EXPECT_EQ(meeting.server.take(), "");
}

TEST_P(StreamOf, KnowsTheClientsCertificate) {
  const auto context = context_of(with_clients(ClientCertificates::required));
  const Issued device = issue_by({.common_name = "device 7",
                                  .alternative_names = {},
                                  .issuer = &trusted(),
                                  .extended_key_usage = "clientAuth"});
  PeerOptions known = options();
  known.certificate = &device;
  Meeting first(*context, workspace_, known);
  ASSERT_TRUE(first.shake_hands());
  EXPECT_TRUE(first.talk());
  ASSERT_NE(first.server.stream().info()->peer_certificate, nullptr);
  EXPECT_EQ(first.server.stream().info()->peer_certificate->subject, "CN=device 7");

  known.session = first.client.session();
  Meeting again(*context, workspace_, known);
  ASSERT_TRUE(again.shake_hands());
  EXPECT_TRUE(again.talk());
  EXPECT_TRUE(again.server.stream().info()->resumed);
  ASSERT_NE(again.server.stream().info()->peer_certificate, nullptr);
  EXPECT_EQ(again.server.stream().info()->peer_certificate->subject, "CN=device 7");
}

TEST_P(StreamOf, RefusesClientsWithoutAGoodCertificate) {
  const auto context = context_of(with_clients(ClientCertificates::required));
  Meeting without(*context, workspace_, options());
  EXPECT_FALSE(without.shake_hands());
  ASSERT_TRUE(without.server.failure);
  EXPECT_EQ(without.server.failure->kind, TlsError::certificate);

  const Issued stranger = issue_by({.common_name = "stranger"});
  PeerOptions unknown = options();
  unknown.certificate = &stranger;
  Meeting with(*context, workspace_, unknown);
  EXPECT_FALSE(with.shake_hands());
  ASSERT_TRUE(with.server.failure);
  EXPECT_EQ(with.server.failure->kind, TlsError::self_signed);
  EXPECT_TRUE(with.server.failure->sentence.starts_with("the peer's certificate was refused: "));

  // Of the right name, signed by somebody else: the signature's failure is noted by a part of
  // OpenSSL below the protocol, whose numbers mean something else.
  const Issued impostor = authority("Clients");
  const Issued forged = issue_by({.common_name = "device 7", .issuer = &impostor});
  unknown.certificate = &forged;
  Meeting third(*context, workspace_, unknown);
  EXPECT_FALSE(third.shake_hands());
  ASSERT_TRUE(third.server.failure);
  EXPECT_EQ(third.server.failure->kind, TlsError::certificate);
  EXPECT_EQ(third.server.failure->sentence,
            "the peer's certificate was refused: certificate signature failure");
}

TEST_P(StreamOf, TellsAHandshakeThatThePeerLeaves) {
  Meeting meeting(*context_, workspace_, options());
  meeting.client.shake_hands();
  meeting.server.hear(meeting.client.take());
  meeting.server.take();
  // close_notify, in clear.
  meeting.server.hear(std::string("\x15\x03\x03\x00\x02\x01\x00", 7));
  ASSERT_TRUE(meeting.server.failure);
  EXPECT_EQ(meeting.server.failure->kind, TlsError::truncated) << meeting.server.failure->sentence;
}

TEST_P(StreamOf, KeepsToShortRecordsForWhomAsksForThem) {
  Meeting meeting(*context_, workspace_, options());
  SSL_set_tlsext_max_fragment_length(meeting.client.native(), TLSEXT_max_fragment_length_512);
  ASSERT_TRUE(meeting.shake_hands());
  meeting.server.write(counted(5000));
  const std::string ciphertext = meeting.server.take();
  for (const std::string& record : records_in(ciphertext)) EXPECT_LE(record.size(), 600u);
  EXPECT_EQ(meeting.client.hear(ciphertext), counted(5000));
  EXPECT_EQ(meeting.up(counted(5000)), counted(5000));
}

// ---------------------------------------------------------------------------- TLS 1.3's ways

class Tls13Stream : public StreamOf {};

INSTANTIATE_TEST_SUITE_P(
    All, Tls13Stream,
    ::testing::Values(Kind{"Aes128", TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", true},
                      Kind{"Aes256", TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", true},
                      Kind{"ChaCha20", TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", true}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(Tls13Stream, IsReadyBehindAHelloRetryRequest) {
  // The client guesses a group that the server has not.
  PeerOptions guessing = options();
  guessing.groups = "P-521:P-256:X25519";
  Meeting meeting(*context_, workspace_, guessing);
  meeting.client.shake_hands();
  meeting.server.hear(meeting.client.take());
  const std::string retry = meeting.server.take();
  EXPECT_EQ(static_cast<unsigned char>(retry[11]), 0xCFU) << "the random number of a retry request";
  meeting.client.hear(retry);
  ASSERT_TRUE(meeting.shake_hands());
  EXPECT_TRUE(meeting.talk());
}

TEST_P(Tls13Stream, UpdatesKeysWhenTheClientDoes) {
  Meeting meeting(*context_, workspace_, options());
  ASSERT_TRUE(meeting.shake_hands());
  for (int round = 0; round < 3; ++round) {
    for (const bool both : {false, true}) {
      meeting.client.update_keys(both);
      EXPECT_TRUE(meeting.talk()) << round << both;
      EXPECT_FALSE(meeting.server.failure);
    }
  }
}

// OpenSSL has numbered the records that carry session tickets.
TEST_P(Tls13Stream, GoesOnWithTheNumberOfTheRecordThatIsNext) {
  for (const std::size_t tickets : {0U, 1U, 2U, 5U}) {
    SSL_CTX_set_num_tickets(context_->native(), tickets);
    Meeting meeting(*context_, workspace_, options());
    ASSERT_TRUE(meeting.shake_hands());
    EXPECT_EQ(meeting.client.session() != nullptr, tickets > 0);
    EXPECT_TRUE(meeting.talk()) << tickets;
    if (tickets == 0) continue;
    PeerOptions again = options();
    again.session = meeting.client.session();
    Meeting second(*context_, workspace_, again);
    ASSERT_TRUE(second.shake_hands());
    EXPECT_TRUE(second.server.stream().info()->resumed);
    EXPECT_TRUE(second.talk()) << tickets;
  }
}

TEST_P(Tls13Stream, IsHandedOverForEveryName) {
  const Issued other = issue_by({.common_name = "b.test", .alternative_names = "DNS:b.test"});
  ServerOptions two = own().options();
  two.more = {other.credential()};
  const auto context = context_of(two);
  for (const char* name : {"example.test", "b.test", "unknown.test"}) {
    PeerOptions wanted = options();
    wanted.server_name = name;
    Meeting meeting(*context, workspace_, wanted);
    ASSERT_TRUE(meeting.shake_hands());
    EXPECT_TRUE(meeting.talk());
    EXPECT_EQ(meeting.server.stream().info()->server_name, name);
  }
}

TEST_P(Tls13Stream, RefusesToBeginAnew) {
  Meeting meeting(*context_, workspace_, options());
  ASSERT_TRUE(meeting.shake_hands());
  OpensslClient another(options());
  another.shake_hands();
  meeting.server.hear(another.take());
  ASSERT_TRUE(meeting.server.failure);
  EXPECT_EQ(meeting.server.failure->kind, TlsError::broken);
}

TEST_F(Streams, RefusesToRenegotiateTls12) {
  Meeting meeting(*context_, workspace_, {.version_max = TLS1_2_VERSION});
  ASSERT_TRUE(meeting.shake_hands());
  SSL_renegotiate(meeting.client.native());
  SSL_do_handshake(meeting.client.native());
  EXPECT_EQ(meeting.server.hear(meeting.client.take()), "");
  EXPECT_FALSE(meeting.server.take().empty()) << "a warning";
}

// ---------------------------------------------------------------------------- what is no TLS

TEST_F(Streams, TakesOnlySoLongAGreeting) {
  // A record with the beginning of a ClientHello, which says how long it is.
  const auto greeting = [](std::uint32_t length) {
    std::string record("\x16\x03\x01\x00\x05\x01", 6);
    for (const unsigned shift : {16U, 8U, 0U}) record += static_cast<char>(length >> shift);
    return record + '\x03';
  };
  constexpr std::uint32_t length_max = 131'396;  // OpenSSL's
  StreamEnd patient(*context_, workspace_);
  patient.hear(greeting(length_max));
  EXPECT_FALSE(patient.failure);
  StreamEnd server(*context_, workspace_);
  server.hear(greeting(length_max + 1));
  ASSERT_TRUE(server.failure);
  EXPECT_NE(server.failure->sentence.find("excessive message size"), std::string::npos)
      << server.failure->sentence;
}

TEST_F(Streams, KnowsHttpInClear) {
  for (const char* text : {"GET / HTTP/1.1\r\n\r\n", "P", "OPTIONS * HTTP/1.1\r\n"}) {
    StreamEnd server(*context_, workspace_);
    server.hear(text);
    ASSERT_TRUE(server.failure);
    EXPECT_EQ(server.failure->kind, TlsError::clear_http);
    EXPECT_EQ(server.take(), "") << "an alert would be garbage in front of the answer";
  }
}

TEST_F(Streams, RefusesWhatIsNoTls) {
  for (const std::string& text :
       {std::string("hello, world"), std::string(100, '\0'), std::string(100, '\xFF'),
        std::string("SSH-2.0-OpenSSH_9.2\r\n").insert(0, 1, ' '), std::string("\r\n\r\n\r\n\r\n"),
        std::string("\x16\x03\x01\xFF\xFF") + std::string(100, 'x'),
        std::string("\x80\x2E\x01\x00\x02") + std::string(100, 'x')}) {
    StreamEnd server(*context_, workspace_);
    server.hear(text);
    ASSERT_TRUE(server.failure) << text;
    EXPECT_FALSE(server.failure->sentence.empty());
    EXPECT_NE(server.failure->kind, TlsError::clear_http);
    EXPECT_NE(server.failure->kind, TlsError::internal) << server.failure->sentence;
  }
}

TEST_F(Streams, TellsWhatIsNotInCommon) {
  struct Case {
    PeerOptions options;
    TlsError kind;
  };
  for (const Case& each : std::vector<Case>{
           {{.version_max = TLS1_1_VERSION}, TlsError::no_common_version},
           {{.version_max = TLS1_2_VERSION, .cipher_list = "AES128-SHA:@SECLEVEL=0"},
            TlsError::no_common_cipher},
           {{.version_min = TLS1_3_VERSION, .groups = "P-521"}, TlsError::no_common_cipher},
           {{.alpn = "\x02h2"}, TlsError::no_common_protocol}}) {
    Meeting meeting(*context_, workspace_, each.options);
    EXPECT_FALSE(meeting.shake_hands());
    ASSERT_TRUE(meeting.server.failure);
    EXPECT_EQ(meeting.server.failure->kind, each.kind) << meeting.server.failure->sentence;
    EXPECT_GE(meeting.client.error(), SSL_AD_REASON_OFFSET) << "it was told by an alert";
  }
}

TEST_F(Streams, SaysNothingBeforeTheHandshakeHasEnded) {
  StreamEnd server(*context_, workspace_);
  server.end();
  server.write("secret");
  EXPECT_TRUE(server.failure);
  EXPECT_EQ(server.take(), "");
}

// ---------------------------------------------------------------------------- the workspace

TEST_F(Streams, SharesAWorkspaceWithOthers) {
  std::vector<std::unique_ptr<Meeting>> meetings;
  for (int i = 0; i < 12; ++i) {
    PeerOptions options;
    if (i % 4 == 3) options.version_max = TLS1_2_VERSION;
    meetings.push_back(std::make_unique<Meeting>(*context_, workspace_, options));
  }
  // Step by step, all at once; one of them gives up in the middle.
  for (const auto& meeting : meetings) meeting->client.shake_hands();
  for (int round = 0; round < 6; ++round) {
    for (const auto& meeting : meetings) meeting->server.hear(meeting->client.take());
    for (const auto& meeting : meetings) meeting->client.hear(meeting->server.take());
    if (round == 0) meetings.erase(meetings.begin() + 5);
  }
  for (int round = 0; round < 3; ++round) {
    for (const auto& meeting : meetings) EXPECT_TRUE(meeting->talk());
  }
}

TEST_F(Streams, OutlivesItsWorkspaceToBeDestroyed) {
  std::vector<std::unique_ptr<Meeting>> meetings;
  {
    Workspace workspace;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      meetings.push_back(
          std::make_unique<Meeting>(*context_, workspace, PeerOptions{.version_max = version}));
      ASSERT_TRUE(meetings.back()->shake_hands());
    }
    meetings.push_back(std::make_unique<Meeting>(*context_, workspace));
    meetings.back()->client.shake_hands();
    meetings.back()->server.hear(meetings.back()->client.take());
  }
  for (const auto& meeting : meetings) meeting->server.stream().info();
}

TEST_F(Streams, OutlivesItsContext) {
  Meeting meeting(*context_, workspace_);
  context_.reset();
  ASSERT_TRUE(meeting.shake_hands());
  EXPECT_TRUE(meeting.talk());
}

}  // namespace
}  // namespace duplex::tls
