#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "check/script.hpp"
#include "scripted_peer.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const Case opening{.id = "test/opening", .run = [](Script&) {}};

HttpHead client_request(std::string_view extensions = "") {
  HttpHead request{.start_line = "GET /runCase?case=1 HTTP/1.1",
                   .fields = {{"Host", "localhost"},
                              {"Upgrade", "websocket"},
                              {"Connection", "Upgrade"},
                              {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                              {"Sec-WebSocket-Version", "13"}}};
  if (!extensions.empty()) request.add("Sec-WebSocket-Extensions", std::string(extensions));
  return request;
}

TEST(CheckOpening, AsksAServerAsItShould) {
  const Finding finding = check_server_that(opening, [](ScriptedPeer& server) {
    const HttpHead request = server.read_head();
    EXPECT_EQ(request.start_line, "GET /echo HTTP/1.1");
    EXPECT_EQ(request.find("Host"), "example.com");
    EXPECT_EQ(what_is_wrong_with_request(request), "");
    EXPECT_FALSE(request.find("Sec-WebSocket-Extensions"));
    server.end();
  });
  EXPECT_EQ(finding.verdict, Verdict::wrong);
  EXPECT_EQ(finding.why, "it ended the connection without a response");
}

TEST(CheckOpening, FindsWrongResponsesWrong) {
  const struct {
    std::string_view response;
    std::string_view words;
  } cases[] = {
      {"HTTP/1.1 404 Not Found\r\n\r\n", "404 Not Found instead of 101"},
      {"HTTP/1.1 101 OK\r\n\r\n", "Upgrade"},
      {"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
       "Sec-WebSocket-Accept: wrong\r\n\r\n",
       "\"wrong\" instead of"},
      {"nonsense\r\n\x1b\r\n\r\n", "not HTTP"},
  };
  for (const auto& [response, words] : cases) {
    const Finding finding =
        check_server_that(opening, [&response = response](ScriptedPeer& server) {
          server.read_head();
          server.write(response);
        });
    EXPECT_EQ(finding.verdict, Verdict::wrong);
    EXPECT_THAT(finding.why, HasSubstr(words));
  }
}

TEST(CheckOpening, FindsWhatWasNotAskedForWrong) {
  for (const auto& [name, value, words] :
       {std::tuple("Sec-WebSocket-Extensions", "permessage-deflate", "not offered"),
        std::tuple("Sec-WebSocket-Protocol", "chat", "not asked for")}) {
    const Finding finding = check_server_that(
        opening,
        [&, name = name, value = value](ScriptedPeer& server) { server.accept({{name, value}}); });
    EXPECT_EQ(finding.verdict, Verdict::wrong);
    EXPECT_THAT(finding.why, HasSubstr(words));
  }
}

const Case compressed{
    .id = "test/compressed",
    .compression = Compression{.offer = "permessage-deflate; client_max_window_bits",
                               .answer = "permessage-deflate; client_max_window_bits=10"},
    .run = [](Script& script) {
      EXPECT_EQ(script.compression().from_client.window_bits, 10);
      script.send({.payload = script.compress("hello"), .reserved = rsv::one});
      script.expect_echo(text("hello"));
      script.close();
    }};

TEST(CheckOpening, AgreesOnCompressionWithAServer) {
  const Finding finding = check_server_that(compressed, [](ScriptedPeer& server) {
    server.accept({{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=10"}});
    server.send({.payload = Deflater({}).compress("hello"), .reserved = rsv::one});
    server.send_close(1000);
    server.end();
  });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckOpening, AgreesOnCompressionWithAClient) {
  const Finding finding = check_client_that(
      compressed, client_request("x-other, permessage-deflate; client_max_window_bits"),
      [](ScriptedPeer& client) {
        EXPECT_EQ(client.read_head().find("Sec-WebSocket-Extensions"),
                  "permessage-deflate; client_max_window_bits=10");
        client.send({.payload = "hello"});
        client.send_close(1000);
      });
  EXPECT_EQ(finding.verdict, Verdict::right) << finding.why;
}

TEST(CheckOpening, LeavesOutWhatThePeerDoesNotHave) {
  const Finding server = check_server_that(compressed, [](ScriptedPeer& peer) { peer.accept(); });
  EXPECT_EQ(server.verdict, Verdict::not_applicable);
  EXPECT_THAT(server.why, HasSubstr("declines"));
  for (const auto& [offer, words] :
       {std::pair("", "offers no compression"), std::pair("permessage-deflate", "it offers")}) {
    const Finding client = check_client_that(compressed, client_request(offer), [](auto&) {});
    EXPECT_EQ(client.verdict, Verdict::not_applicable);
    EXPECT_THAT(client.why, HasSubstr(words));
  }
}

TEST(CheckOpening, ChecksTheRequestOfAClient) {
  HttpHead request = client_request();
  request.remove("Sec-WebSocket-Version");
  const Finding finding = check_client_that(opening, request, [](auto&) {});
  EXPECT_EQ(finding.verdict, Verdict::wrong);
  EXPECT_THAT(finding.why, HasSubstr("Sec-WebSocket-Version"));
}

/// What a case that expects a refusal with 400, or 426 if need be, finds of this response.
Finding refusal(std::string_view response) {
  const Case what{.id = "test/refusal", .begin = Begin::connected, .run = [](Script& script) {
                    script.send_head(script.request().remove("Sec-WebSocket-Key"));
                    script.expect_refusal({400}, {500});
                  }};
  return check_server_that(what, [&response](ScriptedPeer& server) {
    server.read_head();
    server.write(response);
    server.end();
  });
}

TEST(CheckOpening, JudgesRefusals) {
  EXPECT_EQ(refusal("HTTP/1.1 400 Bad Request\r\n\r\n").verdict, Verdict::right);
  EXPECT_EQ(refusal("HTTP/1.1 426 Upgrade Required\r\n\r\n").verdict, Verdict::acceptable);
  EXPECT_EQ(refusal("HTTP/1.1 500 Oh\r\n\r\n").verdict, Verdict::acceptable);
  EXPECT_EQ(refusal("").verdict, Verdict::acceptable);
  EXPECT_EQ(refusal("HTTP/1.1 101 OK\r\n\r\n").verdict, Verdict::wrong);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\n\r\n").verdict, Verdict::wrong);
  EXPECT_EQ(refusal("HTTP/1.1 503 No\r\n\r\n").verdict, Verdict::wrong);
  EXPECT_EQ(refusal("nonsense: \x01\n\r\n\r\n").verdict, Verdict::wrong);
}

/// What a case that sends a wrong response finds of a client that does this.
Finding opening_failure(const std::function<void(ScriptedPeer&)>& act,
                        std::chrono::milliseconds limit = 20s) {
  const Case what{.id = "test/failure", .begin = Begin::connected, .run = [](Script& script) {
                    script.send_head(script.response().set("Sec-WebSocket-Accept", "wrong"));
                    script.expect_opening_failure();
                  }};
  return check_client_that(
      what, client_request(),
      [&act](ScriptedPeer& client) {
        client.read_head();
        act(client);
      },
      limit);
}

TEST(CheckOpening, JudgesWhatAClientDoesAboutAWrongResponse) {
  EXPECT_EQ(opening_failure([](ScriptedPeer& client) { client.end(); }).verdict, Verdict::right);
  EXPECT_EQ(opening_failure([](ScriptedPeer& client) {
              client.send_close(1002);
              client.end();
            }).verdict,
            Verdict::acceptable);
  EXPECT_EQ(opening_failure([](ScriptedPeer& client) { client.echo(); }).verdict, Verdict::wrong);
  const Finding silent = opening_failure(
      [](ScriptedPeer& client) {
        client.receive();
        client.receive();
      },
      100ms);
  EXPECT_EQ(silent.verdict, Verdict::wrong);
  EXPECT_THAT(silent.why, HasSubstr("kept the connection open"));
}

TEST(CheckOpening, AddsTheUsersFields) {
  auto [ours, theirs] = connected_wires();
  Script script(opening, std::move(ours),
                {.end = End::server,
                 .authority = "example.com",
                 .target = "/",
                 .fields = {{"Authorization", "Bearer x"}, {"Host", "other"}}},
                Wire::Clock::now() + 1s);
  const HttpHead request = script.request();
  EXPECT_EQ(request.find("Authorization"), "Bearer x");
  EXPECT_EQ(request.list("Host"), "other");
}

}  // namespace
}  // namespace duplex::app::check
