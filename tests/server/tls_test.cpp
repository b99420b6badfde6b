#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/certificate_files.hpp"
#include "tests/server/request_support.hpp"
#include "tests/server/tcp_client.hpp"
#include "tests/server/tls_client.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/duplex.hpp>
#include <duplex/tls/authority.hpp>

// A server that encrypts, and clients that are not ours.

namespace duplex::server {
namespace {

using connection::Message;
using connection::WebSocket;
using websocket::Opcode;
using websocket::test::frame;
using namespace std::chrono_literals;

template <class Condition>
bool until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class EncryptedServer : public testing::Test {
 protected:
  void SetUp() override {
    options_.threads = 2;
    options_.log = [this](LogLevel level, std::string_view sentence) {
      log_.write(level, sentence);
    };
  }

  ListenOptions listen_options() const { return {.tls = files_.options()}; }
  Server& server() {
    if (!server_) server_.emplace(options_);
    return *server_;
  }

  CertificateFiles files_;
  TestLog log_;
  ServerOptions options_;
  std::optional<Server> server_;
};

// ---------------------------------------------------------------------------- requests

TEST_F(EncryptedServer, AnswersAndTellsHandlersWhatWasAgreedOn) {
  server().get("/", [](const Request& request) {
    const auto session = request.tls();
    if (!request.secure() || !session) return Response::text("in clear");
    return Response::text(
        "over " + std::string(session->protocol) + " for " + std::string(session->server_name) +
        (session->peer_certificate != nullptr ? " with" : " without") + " a certificate");
  });
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  TlsClient client(trust, port);
  client.send(ParsedRequest::text("GET", "/"));
  EXPECT_TRUE(client.receive_until("over TLSv1.3 for localhost without a certificate"))
      << client.text;
  EXPECT_EQ(client.text.find("Strict-Transport-Security"), std::string::npos);
  EXPECT_TRUE(log_.has(LogLevel::info, "is encrypted: for localhost until 2"));
}

TEST_F(EncryptedServer, TellsHandlersWhoTheClientIs) {
  server().get("/", [](const Request& request) {
    return Response::text("hello " + request.tls()->peer_certificate->subject + "\n");
  });
  ListenOptions options = listen_options();
  options.tls.client_ca = files_.authority.certificate;
  const std::uint16_t port = server().listen(options);
  server().start();
  TlsClientContext device(files_.authority);
  device.show(files_.issue({.common_name = "device 7", .client = true}));
  TlsClient client(device, port);
  client.send(ParsedRequest::text("GET", "/"));
  EXPECT_TRUE(client.receive_until("hello CN=device 7\n")) << client.text;

  const TlsClientContext nobody(files_.authority);
  try {
    TlsClient refused(nobody, port);
    refused.send(ParsedRequest::text("GET", "/"));
    refused.receive_all();
    EXPECT_EQ(refused.text, "");
  } catch (const std::runtime_error&) {  // told at once, or with the first read
  }
  EXPECT_TRUE(until([&] { return server().statistics().tls_failures == 1; }));
  EXPECT_TRUE(log_.has(LogLevel::info, "the TLS handshake with 127.0.0.1:"));
}

TEST_F(EncryptedServer, CountsHandshakesAndResumptions) {
  server().get("/", [](const Request&) { return Response::text("hello"); });
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  SSL_SESSION* session = nullptr;
  for (int i = 0; i < 3; ++i) {
    TlsClient client(trust, port, session);
    EXPECT_EQ(client.resumed(), session != nullptr);
    client.send(ParsedRequest::text("GET", "/"));
    ASSERT_TRUE(client.receive_until("hello"));
    SSL_SESSION_free(session);
    session = client.session();
  }
  SSL_SESSION_free(session);
  EXPECT_EQ(server().statistics().tls_handshakes, 3u);
  EXPECT_EQ(server().statistics().tls_resumptions, 2u);
  EXPECT_EQ(server().statistics().tls_failures, 0u);
}

TEST_F(EncryptedServer, SaysToWhoComesInClearThatItIsTheWrongDoor) {
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  TcpClient client(port);
  client.send(ParsedRequest::text("GET", "/"));
  client.receive_all();
  EXPECT_TRUE(client.text.starts_with("HTTP/1.1 400 ")) << client.text;
  EXPECT_NE(client.text.find("https://"), std::string::npos);
  EXPECT_NE(client.text.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(until([&] { return server().statistics().connections_open == 0; }));
  EXPECT_EQ(server().statistics().tls_failures, 1u);
  EXPECT_EQ(server().statistics().requests, 0u);
}

TEST_F(EncryptedServer, HangsUpOnOneConnectionTooMany) {
  options_.connections_max = 1;
  server().get("/", [](const Request&) { return Response::text("hello"); });
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  TlsClient first(trust, port);
  first.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(first.receive_until("hello"));
  TcpClient second(port);
  second.receive_all();
  EXPECT_EQ(second.text, "");
  EXPECT_TRUE(until([&] { return server().statistics().connections_refused == 1; }));
}

TEST_F(EncryptedServer, ClosesWhoDoesNotShakeHandsInTime) {
  options_.time_limits.handshake_ms_max = 20;
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  TcpClient client(port);
  client.receive_all();
  EXPECT_TRUE(until([&] { return server().statistics().tls_failures == 1; }));
}

// ---------------------------------------------------------------------------- WebSocket

TEST_F(EncryptedServer, CarriesWebSocketsAndKnowsTheOriginOfItsOwnPages) {
  server().websocket(
      "/ws", {.on_message = [](WebSocket& socket, Message message) {
        socket.send(std::string(socket.secure() ? "wss " : "ws ") + std::string(message.text()));
      }});
  ListenOptions options = listen_options();
  options.strict_transport = StrictTransport{.max_age = 600s};
  const std::uint16_t port = server().listen(options);
  server().start();
  const TlsClientContext trust(files_.authority);
  const auto lines = [](std::string_view origin) {
    std::vector<std::string_view> all(upgrade_lines.begin(), upgrade_lines.end());
    all.push_back(origin);
    return all;
  };
  TlsClient page(trust, port);
  page.send(ParsedRequest::text("GET", "/ws", lines("Origin: https://example.com")));
  ASSERT_TRUE(page.receive_until("\r\n\r\n"));
  EXPECT_TRUE(page.text.starts_with("HTTP/1.1 101 ")) << page.text;
  EXPECT_NE(page.text.find("Strict-Transport-Security: max-age=600\r\n"), std::string::npos);
  page.send(frame(Opcode::text, "hello"));
  EXPECT_TRUE(page.receive_until("wss hello"));

  TlsClient in_clear(trust, port);
  in_clear.send(ParsedRequest::text("GET", "/ws", lines("Origin: http://example.com")));
  ASSERT_TRUE(in_clear.receive_until("\r\n\r\n"));
  EXPECT_TRUE(in_clear.text.starts_with("HTTP/1.1 403 ")) << in_clear.text;
}

// ---------------------------------------------------------------------------- HSTS, redirection

TEST_F(EncryptedServer, TellsBrowsersToComeEncryptedWithEveryResponse) {
  server().get("/", [](const Request&) { return Response::text("hello"); });
  server().get("/own", [](const Request&) {
    return Response().add_field("Strict-Transport-Security", "max-age=0");
  });
  server().get("/fails", [](const Request&) -> Response { throw std::runtime_error("no"); });
  server().files("/files", {.folder = files_.folder()});
  ListenOptions options = listen_options();
  options.strict_transport = StrictTransport{.max_age = 600s, .include_subdomains = true};
  const std::uint16_t port = server().listen(options);
  const std::uint16_t clear_port = server().listen({.port = 0});
  server().start();
  const TlsClientContext trust(files_.authority);
  const std::string own = "Strict-Transport-Security: max-age=0\r\n";
  const std::string standing = "Strict-Transport-Security: max-age=600; includeSubDomains\r\n";
  for (const char* target : {"/", "/own", "/fails", "/none", "/files/cert.pem", "no-target"}) {
    SCOPED_TRACE(target);
    TlsClient client(trust, port);
    client.send(ParsedRequest::text("GET", target, {"Connection: close"}));
    client.receive_all();
    const bool has_own = std::string_view(target) == "/own";
    EXPECT_EQ(client.text.find(own) != std::string::npos, has_own) << client.text;
    EXPECT_EQ(client.text.find(standing) != std::string::npos, !has_own) << client.text;
  }
  TcpClient clear(clear_port);
  clear.send(ParsedRequest::text("GET", "/", {"Connection: close"}));
  clear.receive_all();
  EXPECT_TRUE(clear.text.starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(clear.text.find("Strict-Transport"), std::string::npos);
}

TEST_F(EncryptedServer, WithdrawsWhatBrowsersWereTold) {
  server().get("/", [](const Request&) { return Response::text("hello"); });
  ListenOptions options = listen_options();
  options.strict_transport = StrictTransport{.max_age = 0s};
  const std::uint16_t withdrawn = server().listen(options);
  const std::uint16_t silent = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  for (const std::uint16_t port : {withdrawn, silent}) {
    TlsClient client(trust, port);
    client.send(ParsedRequest::text("GET", "/", {"Connection: close"}));
    client.receive_all();
    EXPECT_TRUE(client.text.starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(client.text.find("Strict-Transport-Security: max-age=0\r\n") != std::string::npos,
              port == withdrawn);
  }
}

TEST_F(EncryptedServer, SendsRequestsInClearElsewhereBeforeAnythingSeesThem) {
  std::atomic<int> logged = 0;
  options_.access_log = [&](const AccessRecord& record) {
    EXPECT_EQ(record.target, "/form");
    EXPECT_EQ(http::code(record.status), 308);
    ++logged;
  };
  server().use([](const Request&) -> std::optional<Response> { return Response::text("seen"); });
  const std::uint16_t port = server().listen({.redirect_to_https = 8443});
  server().start();
  TcpClient client(port);
  for (int i = 0; i < 2; ++i) {
    client.send(ParsedRequest::text("POST", "/form", {"Content-Length: 3"}) + "a=b");
    ASSERT_TRUE(client.receive_until("\r\n\r\n"));
    EXPECT_TRUE(client.text.starts_with("HTTP/1.1 308 ")) << client.text;
    EXPECT_NE(client.text.find("Location: https://example.com:8443/form\r\n"), std::string::npos);
    client.text.clear();
  }
  EXPECT_TRUE(until([&] { return logged == 2; }));
}

// ---------------------------------------------------------------------------- certificates anew

TEST_F(EncryptedServer, TakesNewCertificatesWithoutTouchingOpenConnections) {
  server().get("/", [](const Request&) { return Response::text("hello"); });
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  TlsClient before(trust, port);
  files_.renew({"localhost", "new.test"});
  ASSERT_TRUE(server().reload_certificates());
  EXPECT_TRUE(log_.has(LogLevel::info, "new.test"));
  TlsClient after(trust, port);
  EXPECT_NE(before.server_serial(), after.server_serial());
  for (TlsClient* client : {&before, &after}) {
    client->send(ParsedRequest::text("GET", "/"));
    EXPECT_TRUE(client->receive_until("hello"));
  }
  const std::string current = after.server_serial();

  // The certificate of one key, and another key.
  files_.write("cert-key.pem", files_.issue({.names = {"localhost"}}).key);
  const auto bad = server().reload_certificates();
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().find("127.0.0.1:" + std::to_string(port)), std::string::npos);
  EXPECT_NE(bad.error().find("cert-key.pem"), std::string::npos) << bad.error();
  EXPECT_TRUE(log_.has(LogLevel::error, bad.error()));
  EXPECT_EQ(TlsClient(trust, port).server_serial(), current);
}

TEST_F(EncryptedServer, TakesAllNewCertificatesOrNone) {
  files_.renew({"localhost"}, "other");
  const std::uint16_t first = server().listen(listen_options());
  server().listen({.tls = files_.options("other")});
  server().start();
  const TlsClientContext trust(files_.authority);
  const std::string serial = TlsClient(trust, first).server_serial();
  files_.renew({"localhost"});
  files_.remove("other.pem");
  EXPECT_FALSE(server().reload_certificates());
  EXPECT_EQ(TlsClient(trust, first).server_serial(), serial);
  files_.renew({"localhost"}, "other");
  EXPECT_TRUE(server().reload_certificates());
  EXPECT_NE(TlsClient(trust, first).server_serial(), serial);
}

TEST_F(EncryptedServer, ReloadsNothingWhereNothingIsEncrypted) {
  server().listen({.port = 0});
  EXPECT_TRUE(server().reload_certificates());
}

TEST_F(EncryptedServer, MayBeToldToReloadByManyThreads) {
  server().get("/", [](const Request&) { return Response::text("hello"); });
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!over) EXPECT_TRUE(server().reload_certificates());
    });
  }
  const TlsClientContext trust(files_.authority);
  for (int i = 0; i < 30; ++i) {
    TlsClient client(trust, port);
    client.send(ParsedRequest::text("GET", "/"));
    EXPECT_TRUE(client.receive_until("hello"));
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(EncryptedServer, SeesThatItsFilesHaveChanged) {
  const std::uint16_t port = server().listen(listen_options());
  server().start();
  const TlsClientContext trust(files_.authority);
  const std::string serial = TlsClient(trust, port).server_serial();
  files_.renew({"localhost", "new.test"});
  EXPECT_TRUE(until([&] { return log_.has(LogLevel::info, "new.test"); }));
  EXPECT_NE(TlsClient(trust, port).server_serial(), serial);
}

// ---------------------------------------------------------------------------- what is refused

TEST_F(EncryptedServer, RefusesToListenWithWhatCanNotBeUsed) {
  ListenOptions options = listen_options();
  options.redirect_to_https = 443;
  EXPECT_THROW(server().listen(options), std::invalid_argument);
  files_.remove("cert-key.pem");
  try {
    server().listen(listen_options());
    ADD_FAILURE() << "it listens";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string_view(error.what()).find("cert-key.pem"), std::string_view::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace duplex::server
