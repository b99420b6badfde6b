#include "client/http_tunnel.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/client/tunnel_transcript.hpp"

namespace duplex::client {
namespace {

using enum ProxyError;

TunnelRequest ask(std::string host = "example.com", std::uint16_t port = 443) {
  TunnelRequest request = tunnel_request(0, ProxyProtocol::http);
  request.target.host = std::move(host);
  request.target.port = port;
  return request;
}

TunnelRequest ask_with_login(std::string user = "Aladdin") {
  TunnelRequest request = ask();
  request.proxy.credentials = {std::move(user), "open sesame"};
  return request;
}

/// What becomes of it, which is the same however the stream is cut.
TunnelTranscript read(const TunnelRequest& request, std::string_view stream) {
  TunnelTranscript whole = read_whole<HttpTunnel>(request, stream);
  EXPECT_EQ(read_byte_by_byte<HttpTunnel>(request, stream), whole);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(read_in_two<HttpTunnel>(request, stream, cut), whole) << "cut at " << cut;
  }
  return whole;
}

TEST(HttpTunnel, AsksForHostAndPort) {
  const struct {
    TunnelRequest request;
    std::string_view sent;
  } cases[] = {
      {ask(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"},
      {ask("192.0.2.1", 80), "CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n"},
      {ask("2001:db8::1"), "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"},
      {ask_with_login(),
       "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"
       "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
  };
  for (const auto& [request, sent] : cases) {
    const TunnelTranscript transcript = read(request, "HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_TRUE(transcript.open);
    EXPECT_EQ(transcript.sent, sent);
  }
}

TEST(HttpTunnel, IsOpenWithAnySuccess) {
  for (const std::string_view answer :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\nVia: a\r\n\r\n",
        "HTTP/1.1 299 \r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
        // RFC 9110 section 9.3.6: to be ignored
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_TRUE(read(ask(), answer).open) << answer;
    EXPECT_EQ(read(ask(), std::string(answer) + "behind").rest, "behind") << answer;
  }
}

TEST(HttpTunnel, TellsWhatTheProxySaysAboutItsRefusal) {
  const struct {
    std::string_view stream;
    std::string_view reason;
    std::string_view content;
    unsigned status;
    ProxyError error;
    bool ended;
  } cases[] = {
      {"HTTP/1.1 403 Filtered\r\nContent-Length: 9\r\n\r\nforbidden", "Filtered", "forbidden", 403,
       tunnel_refused, false},
      {"HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n", "", "", 403, tunnel_refused, false},
      {"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n4\r\nhost\r\n"
       "0\r\n\r\n",
       "Bad Gateway", "no host", 502, tunnel_refused, false},
      {"HTTP/1.0 503 Unavailable\r\n\r\nlater", "Unavailable", "later", 503, tunnel_refused, true},
      {"HTTP/1.1 500 x\r\nContent-Length: 10\r\n\r\ncut", "x", "cut", 500, tunnel_refused, true},
      {"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nwrong", "x", "abc", 500,
       tunnel_refused, false},
      {"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n",
       "Found", "", 302, tunnel_refused, false},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", "x", "", 404,
       tunnel_refused, false},
      {"HTTP/1.1 407 Log In\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 1\r\n\r\na",
       "Log In", "a", 407, authentication_required, false},
  };
  for (const auto& each : cases) {
    const TunnelTranscript transcript = read(ask(), each.stream);
    ASSERT_TRUE(transcript.failure) << each.stream;
    const ProxyFailure& failure = *transcript.failure;
    EXPECT_EQ(failure.error, each.error) << each.stream;
    EXPECT_EQ(http::code(failure.status.value()), each.status);
    EXPECT_EQ(failure.reason, each.reason);
    EXPECT_EQ(failure.content, each.content);
    EXPECT_EQ(failure.malformation, std::nullopt);
    EXPECT_EQ(transcript.ended, each.ended) << each.stream;
  }
}

TEST(HttpTunnel, TellsARefusedLoginFromOneThatIsMissing) {
  const std::string_view answer = "HTTP/1.1 407 Again\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read(ask(), answer).failure->error, authentication_required);
  EXPECT_EQ(read(ask_with_login(), answer).failure->error, authentication_refused);
  // What tinyproxy answers to a wrong login.
  const std::string_view unauthorized = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read(ask(), unauthorized).failure->error, tunnel_refused);
  EXPECT_EQ(read(ask_with_login(), unauthorized).failure->error, authentication_refused);
}

TEST(HttpTunnel, KeepsTheBeginningOfALongRefusal) {
  const std::string reason(HttpTunnel::reason_bytes_max + 1, 'r');
  const std::string content = std::string(HttpTunnel::content_bytes_max, 'c') + "d";
  const std::string stream = "HTTP/1.1 500 " + reason + "\r\nContent-Length: 1000000\r\n\r\n";
  const auto transcript = read_byte_by_byte<HttpTunnel>(ask(), stream + content);
  EXPECT_EQ(transcript, read_whole<HttpTunnel>(ask(), stream + content));
  ASSERT_TRUE(transcript.failure);
  EXPECT_FALSE(transcript.ended) << "does not wait for the rest";
  EXPECT_EQ(transcript.failure->reason, reason.substr(1));
  EXPECT_EQ(transcript.failure->content, content.substr(0, HttpTunnel::content_bytes_max));
}

TEST(HttpTunnel, RefusesWhatIsNotHttp) {
  std::string flood;
  for (int i = 0; i < 33; ++i) flood += "HTTP/1.1 102 x\r\n\r\n";
  const struct {
    std::string stream;
    http1::Error malformation;
  } cases[] = {
      {"\x05\xff", http1::Error::invalid_status_line},
      {"HTTP/1.1 200 OK\n\n", http1::Error::bare_line_feed},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", http1::Error::unexpected_upgrade},
      {flood, http1::Error::too_many_interim_responses},
      {"HTTP/1.1 200 OK\r\na: " + std::string(HttpTunnel::limits.head_bytes_max, 'a'),
       http1::Error::head_too_large},
  };
  for (const auto& [stream, malformation] : cases) {
    const TunnelTranscript transcript = read_byte_by_byte<HttpTunnel>(ask(), stream);
    EXPECT_EQ(transcript, read_whole<HttpTunnel>(ask(), stream));
    ASSERT_TRUE(transcript.failure);
    EXPECT_EQ(transcript.failure->error, malformed_response);
    EXPECT_EQ(transcript.failure->malformation, malformation);
  }
}

TEST(HttpTunnel, NoticesThatTheProxyCloses) {
  const std::string stream = "HTTP/1.1 200 OK\r\nVia: a\r\n\r\n";
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const TunnelTranscript transcript = read(ask(), stream.substr(0, size));
    ASSERT_TRUE(transcript.failure);
    EXPECT_EQ(*transcript.failure, ProxyFailure{closed_early}) << size;
    EXPECT_TRUE(transcript.ended);
  }
}

TEST(HttpTunnel, SendsNothingThatItCannotSay) {
  const auto refused = [](const TunnelRequest& request) {
    const TunnelTranscript transcript = read(request, "HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_FALSE(transcript.open);
    EXPECT_EQ(transcript.sent, "");
    return transcript.failure->error;
  };
  EXPECT_EQ(refused(ask("")), host_not_sayable);
  EXPECT_EQ(refused(ask("a b")), host_not_sayable);
  EXPECT_EQ(refused(ask("a\r\nb: c")), host_not_sayable);
  EXPECT_EQ(refused(ask("example.com", 0)), host_not_sayable);
  EXPECT_EQ(refused(ask_with_login("a:b")), login_not_sayable);
  EXPECT_EQ(refused(ask_with_login("a\nb")), login_not_sayable);
}

}  // namespace
}  // namespace duplex::client
