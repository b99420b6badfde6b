#include "tls/session_tickets.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/tls/handshake_support.hpp"
#include "tls/context.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

class SessionTickets : public ::testing::TestWithParam<int> {
 protected:
  Issued server_ = issue_by({});
  std::shared_ptr<TicketKeys> keys_ = std::make_shared<TicketKeys>();

  static std::shared_ptr<const Context> made_of(const ServerOptions& options,
                                                const std::shared_ptr<TicketKeys>& keys) {
    auto context = Context::for_server(options, keys);
    if (!context) throw std::runtime_error(context.error());
    return *context;
  }
  std::shared_ptr<const Context> context() const { return made_of(server_.options(), keys_); }

  static std::unique_ptr<Handshake> meet(const Context& context, SSL_SESSION* session,
                                         const std::string& name = {},
                                         const Issued* certificate = nullptr) {
    return shake_hands(context, {.server_name = name,
                                 .version_max = GetParam(),
                                 .certificate = certificate,
                                 .session = session});
  }
  /// Whether a session of `first` is resumed by `second`.
  static bool resumes(const Context& first, const Context& second, const std::string& name = {},
                      const Issued* certificate = nullptr) {
    const auto before = meet(first, nullptr, name, certificate);
    EXPECT_TRUE(before->done);
    EXPECT_FALSE(before->resumed());
    EXPECT_NE(before->session, nullptr);
    const auto after = meet(second, before->session.get(), name, certificate);
    return after->done && after->resumed();
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, SessionTickets,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(SessionTickets, ResumeWithTheSameContext) {
  const auto one = context();
  EXPECT_TRUE(resumes(*one, *one));
}

TEST_P(SessionTickets, ResumeWithAnotherContextOfTheSameKeys) {
  EXPECT_TRUE(resumes(*context(), *context()));
  // Also when its certificate was renewed.
  EXPECT_TRUE(resumes(*context(), *made_of(issue_by({}).options(), keys_)));
}

TEST_P(SessionTickets, AreUnreadableWithOtherKeys) {
  EXPECT_FALSE(resumes(*context(), *made_of(server_.options(), std::make_shared<TicketKeys>())));
}

TEST_P(SessionTickets, ResumeForANameThatSwitchesTheContext) {
  ServerOptions options = server_.options();
  options.more = {
      issue_by({.common_name = "b.test", .alternative_names = "DNS:b.test"}).credential()};
  const auto both = made_of(options, keys_);
  EXPECT_TRUE(resumes(*both, *both, "b.test"));
  EXPECT_TRUE(resumes(*both, *both, "unknown.test"));
}

TEST_P(SessionTickets, AreNoRecordOfWhatTheyWereSealedWith) {
  const auto hands = meet(*context(), nullptr);
  const unsigned char* ticket = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_ticket(hands->session.get(), &ticket, &length);
  const auto key = keys_->sealing(std::chrono::steady_clock::now()).value();
  ASSERT_GT(length, key.name.size());
  EXPECT_EQ(std::memcmp(ticket, key.name.data(), key.name.size()), 0);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(hands->session.get()),
            static_cast<unsigned long>(TicketKeys::period.count()));
  const std::string_view text(reinterpret_cast<const char*>(ticket), length);
  const std::string_view secret(reinterpret_cast<const char*>(key.cipher_key.data()), 32);
  EXPECT_EQ(text.find(secret), std::string_view::npos);
}

TicketKeys::Time made_up_time;

/// Of the ticket that a client has in the end.
std::string key_name_of(const Handshake& hands) {
  const unsigned char* ticket = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_ticket(SSL_get0_session(hands.client.get()), &ticket, &length);
  return {reinterpret_cast<const char*>(ticket), std::min<std::size_t>(length, 16)};
}

TEST_P(SessionTickets, AreRenewedWhileTheirKeyOpensOnly) {
  const auto one = context();
  made_up_time = TicketKeys::Time(std::chrono::hours(1000));
  offer_tickets(*one->native(), keys_, [] { return made_up_time; });
  const auto before = meet(*one, nullptr);
  ASSERT_TRUE(before->done);
  const auto unused = meet(*one, nullptr);

  made_up_time += TicketKeys::period - std::chrono::seconds(1);
  const auto early = meet(*one, before->session.get());
  EXPECT_TRUE(early->resumed());
  EXPECT_EQ(key_name_of(*early), key_name_of(*before));

  made_up_time += std::chrono::seconds(1);
  const auto late = meet(*one, SSL_get0_session(early->client.get()));
  EXPECT_TRUE(late->resumed());
  EXPECT_NE(key_name_of(*late), key_name_of(*before));

  made_up_time += TicketKeys::period;
  EXPECT_FALSE(meet(*one, unused->session.get())->resumed());
  EXPECT_TRUE(meet(*one, SSL_get0_session(late->client.get()))->resumed());
}

std::chrono::system_clock::time_point made_up_date;

/// Both clocks go on.
void let_pass(std::chrono::seconds time) {
  made_up_time += time;
  made_up_date += time;
}

/// Makes `context` believe in made-up times, which begin now.
void with_made_up_times(const Context& context, const std::shared_ptr<TicketKeys>& keys) {
  made_up_time = TicketKeys::Time(std::chrono::hours(1000));
  made_up_date = std::chrono::system_clock::now();
  offer_tickets(*context.native(), keys, [] { return made_up_time; }, [] { return made_up_date; });
}

/// A client's session in the end, of which OpenSSL makes nothing any more once `hands` have gone.
SSL_SESSION* session_of(const Handshake& hands) {
  return SSL_get0_session(hands.client.get());
}

TEST_P(SessionTickets, DoNotResumeForEverByAChainOfResumptions) {
  const auto one = context();
  with_made_up_times(*one, keys_);
  std::vector<std::unique_ptr<Handshake>> all;
  all.push_back(meet(*one, nullptr));
  for (int life = 0; life < 2; ++life) {
    for (auto age = session_life_max / 8; age < session_life_max; age += session_life_max / 8) {
      let_pass(session_life_max / 8);
      all.push_back(meet(*one, session_of(*all.back())));
      EXPECT_TRUE(all.back()->done);
      EXPECT_TRUE(all.back()->resumed()) << age.count();
    }
    let_pass(session_life_max / 8);
    all.push_back(meet(*one, session_of(*all.back())));  // which begins another life
    EXPECT_TRUE(all.back()->done);
    EXPECT_FALSE(all.back()->resumed());
  }
}

TEST_P(SessionTickets, ResumeToTheLastSecondOfASession) {
  const auto one = context();
  with_made_up_times(*one, keys_);
  const auto first = meet(*one, nullptr);
  let_pass(TicketKeys::period);
  const auto second = meet(*one, session_of(*first));
  let_pass(session_life_max - TicketKeys::period - std::chrono::seconds(1));
  EXPECT_TRUE(meet(*one, session_of(*second))->resumed());
  let_pass(std::chrono::seconds(1));
  EXPECT_FALSE(meet(*one, session_of(*second))->resumed());
}

TEST_P(SessionTickets, AreIgnoredWhenTheClockWasPutBack) {
  const auto one = context();
  with_made_up_times(*one, keys_);
  const auto before = meet(*one, nullptr);
  made_up_date -= std::chrono::hours(24);
  EXPECT_FALSE(meet(*one, before->session.get())->resumed());
}

TEST_P(SessionTickets, EndWithTheCertificateThatTheClientHasShown) {
  const Issued root = authority("Root");
  const Issued brief_root = issue_by({.common_name = "Brief",
                                      .alternative_names = {},
                                      .ends_in = std::chrono::hours(2),
                                      .authority = true});
  const Issued brief =
      issue_by({.common_name = "device-7", .issuer = &root, .ends_in = std::chrono::hours(2)});
  const Issued of_brief_root = issue_by({.common_name = "device-8", .issuer = &brief_root});
  ServerOptions options = server_.options();
  options.client_ca = root.pem() + brief_root.pem();
  const auto one = made_of(options, keys_);
  for (const Issued* client : {&brief, &of_brief_root}) {
    with_made_up_times(*one, keys_);
    const auto first = meet(*one, nullptr, {}, client);
    ASSERT_TRUE(first->done);
    // What the client is told: no longer than it is of use.
    EXPECT_LE(SSL_SESSION_get_ticket_lifetime_hint(first->session.get()), 2 * 3600UL);
    let_pass(std::chrono::hours(1));
    const auto second = meet(*one, first->session.get(), {}, client);
    EXPECT_TRUE(second->resumed());
    let_pass(std::chrono::hours(1));
    EXPECT_FALSE(meet(*one, session_of(*second), {}, client)->resumed());
  }
}

TEST_P(SessionTickets, AreGivenAnewAtEachUseWithTls13) {
  const auto one = context();
  const auto before = meet(*one, nullptr);
  const auto after = meet(*one, before->session.get());
  ASSERT_TRUE(after->resumed());
  EXPECT_EQ(after->session != nullptr, GetParam() == TLS1_3_VERSION);
}

TEST_P(SessionTickets, ThatWereChangedAreIgnored) {
  const auto one = context();
  const auto before = meet(*one, nullptr);
  unsigned char* bytes = nullptr;
  const int length = i2d_SSL_SESSION(before->session.get(), &bytes);
  ASSERT_GT(length, 0);
  std::string encoded(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  const unsigned char* ticket = nullptr;
  std::size_t ticket_length = 0;
  SSL_SESSION_get0_ticket(before->session.get(), &ticket, &ticket_length);
  const std::size_t place =
      encoded.find(std::string(reinterpret_cast<const char*>(ticket), ticket_length));
  ASSERT_NE(place, std::string::npos);
  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{20}, std::size_t{60}, ticket_length - 1}) {
    std::string changed = encoded;
    changed[place + offset] = static_cast<char>(changed[place + offset] ^ 1);
    const auto* in = reinterpret_cast<const unsigned char*>(changed.data());
    const SessionPointer session(d2i_SSL_SESSION(nullptr, &in, length));
    ASSERT_NE(session, nullptr);
    const auto after = meet(*one, session.get());
    EXPECT_TRUE(after->done);
    EXPECT_FALSE(after->resumed()) << offset;
  }
}

TEST_P(SessionTickets, KeepWhatTheClientHasShown) {
  const Issued root = authority("Root");
  const Issued client = issue_by({.common_name = "device-7", .issuer = &root});
  ServerOptions options = server_.options();
  options.client_ca = root.pem();
  const auto one = made_of(options, keys_);
  const auto before = meet(*one, nullptr, {}, &client);
  ASSERT_TRUE(before->done);
  const auto after = meet(*one, before->session.get(), {}, &client);
  ASSERT_TRUE(after->done);
  ASSERT_TRUE(after->resumed());
  EXPECT_EQ(common_name(*SSL_get0_peer_certificate(after->server.get())), "device-7");
  EXPECT_EQ(SSL_get_verify_result(after->server.get()), X509_V_OK);
}

TEST_P(SessionTickets, AreVoidOnceOthersAreLetIn) {
  const Issued root = authority("Root");
  const Issued other = authority("Other");
  const Issued client = issue_by({.common_name = "device-7", .issuer = &root});
  const auto with = [&](const std::string& ca, ClientCertificates demand) {
    ServerOptions options = server_.options();
    options.client_ca = ca;
    options.client_certificates = demand;
    return made_of(options, keys_);
  };
  const auto open = context();
  const auto optional = with(root.pem(), ClientCertificates::optional);
  const auto required = with(root.pem(), ClientCertificates::required);
  const auto more = with(root.pem() + other.pem(), ClientCertificates::optional);
  EXPECT_TRUE(resumes(*required, *with(root.pem(), ClientCertificates::required), {}, &client));
  EXPECT_FALSE(resumes(*open, *required, {}, &client));
  EXPECT_FALSE(resumes(*open, *optional, {}, &client));
  EXPECT_FALSE(resumes(*optional, *required, {}, &client));
  EXPECT_FALSE(resumes(*optional, *more, {}, &client));
  EXPECT_FALSE(resumes(*required, *open, {}, &client));
}

}  // namespace
}  // namespace duplex::tls
