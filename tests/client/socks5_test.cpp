#include "client/socks5.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/client/tunnel_transcript.hpp"

namespace duplex::client {
namespace {

using namespace std::string_literals;
using enum ProxyError;

const std::string greeting = "\x05\x01\x00"s;
const std::string greeting_with_login = "\x05\x02\x00\x02"s;
const std::string login = "\x01\x04user\x08password"s;
const std::string connect_to_name = "\x05\x01\x00\x03\x0b"s + "example.com\x01\xbb"s;

const std::string no_login = "\x05\x00"s;
const std::string login_wanted = "\x05\x02"s;
const std::string logged_in = "\x01\x00"s;
const std::string connected = "\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38"s;

TunnelRequest ask(bool logs_in, std::string host = "example.com", std::uint16_t port = 443) {
  TunnelRequest request = tunnel_request(logs_in ? 1 : 0, ProxyProtocol::socks5);
  request.target.host = std::move(host);
  request.target.port = port;
  return request;
}

/// What becomes of it, which is the same however the stream is cut.
TunnelTranscript read(const TunnelRequest& request, std::string_view stream) {
  TunnelTranscript whole = read_whole<Socks5>(request, stream);
  EXPECT_EQ(read_byte_by_byte<Socks5>(request, stream), whole);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(read_in_two<Socks5>(request, stream, cut), whole) << "cut at " << cut;
  }
  return whole;
}

TEST(Socks5, OpensATunnelWithoutALogin) {
  const TunnelTranscript transcript = read(ask(false), no_login + connected);
  EXPECT_TRUE(transcript.open);
  EXPECT_EQ(transcript.sent, greeting + connect_to_name);
}

TEST(Socks5, LogsInWhereTheProxyWantsIt) {
  const TunnelTranscript transcript = read(ask(true), login_wanted + logged_in + connected);
  EXPECT_TRUE(transcript.open);
  EXPECT_EQ(transcript.sent, greeting_with_login + login + connect_to_name);
}

TEST(Socks5, KeepsItsLoginWhereNoneIsWanted) {
  const TunnelTranscript transcript = read(ask(true), no_login + connected);
  EXPECT_TRUE(transcript.open);
  EXPECT_EQ(transcript.sent, greeting_with_login + connect_to_name);
}

TEST(Socks5, SaysOneThingAfterTheOther) {
  Socks5 socks(ask(true).proxy, ask(true).target);
  const auto exchange = [&socks](std::string answer) {
    ByteQueue out;
    Bytes input(reinterpret_cast<std::byte*>(answer.data()), answer.size());
    EXPECT_EQ(socks.next(input, out), false);
    EXPECT_TRUE(input.empty());
    return std::string(as_text(out.content()));
  };
  ByteQueue out;
  ASSERT_TRUE(socks.begin(out));
  EXPECT_EQ(as_text(out.content()), greeting_with_login);
  EXPECT_EQ(exchange(login_wanted), login);
  EXPECT_EQ(exchange(logged_in), connect_to_name);
}

TEST(Socks5, NamesTheServerAsTheUrlDoes) {
  const struct {
    std::string host;
    std::string address;
  } cases[] = {
      {"192.0.2.1", "\x01\xc0\x00\x02\x01"s},
      {"2001:db8::1", "\x04\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"},
      {"a",
       "\x03\x01"
       "a"},
      {"192.0.2.01",
       "\x03\x0a"
       "192.0.2.01"},
      {std::string(255, 'a'), "\x03\xff" + std::string(255, 'a')},
  };
  for (const auto& [host, address] : cases) {
    const TunnelTranscript transcript = read(ask(false, host, 8080), no_login + connected);
    EXPECT_TRUE(transcript.open);
    std::string sent = greeting + "\x05\x01\x00"s;
    sent.append(address).append("\x1f\x90");
    EXPECT_EQ(transcript.sent, sent) << host;
  }
}

TEST(Socks5, PassesOverTheAddressOfTheReply) {
  for (const std::string& address :
       {"\x01\x7f\x00\x00\x01"s, "\x04"s + std::string(16, '\xff'), "\x03\x00"s,
        "\x03\x03"s + "abc", "\x03\xff"s + std::string(255, 'a')}) {
    std::string stream = no_login + "\x05\x00\x00"s;
    stream.append(address).append("\x04\x38");
    EXPECT_TRUE(read(ask(false), stream).open);
    EXPECT_EQ(read(ask(false), stream + "behind").rest, "behind");
  }
}

TEST(Socks5, LeavesWhatCameThroughTheTunnel) {
  for (const std::string& behind : {"\x05"s, "\x00"s, "SSH-2.0-OpenSSH\r\n"s}) {
    std::string stream = no_login + connected;
    stream += behind;
    EXPECT_EQ(read(ask(false), stream).rest, behind);
  }
}

TEST(Socks5, SaysWhatIsWrongWithEachAnswer) {
  const auto reply = [](char code) {
    return no_login + "\x05"s + code + "\x00\x01"s + std::string(6, '\0');
  };
  const struct {
    std::string stream;
    bool logs_in;
    ProxyError error;
  } cases[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", false, not_socks5},
      {"\x04", false, not_socks5},
      {"\x05\xff", false, no_acceptable_method},
      {"\x05\xff", true, no_acceptable_method},
      {login_wanted, false, method_not_offered},
      {"\x05\x01", true, method_not_offered},
      {login_wanted + "\x05", true, invalid_login_version},
      {login_wanted + "\x01\x01", true, login_refused},
      {login_wanted + "\x01\xff", true, login_refused},
      {no_login + "\x04", false, not_socks5},
      {reply(1), false, general_failure},
      {reply(2), false, not_allowed},
      {reply(3), false, network_unreachable},
      {reply(4), false, host_unreachable},
      {reply(5), false, connection_refused},
      {reply(6), false, ttl_expired},
      {reply(7), false, command_not_supported},
      {reply(8), false, address_not_supported},
      {reply(9), false, unknown_reply},
      {reply('\xff'), false, unknown_reply},
      {no_login + "\x05\x05", false, connection_refused},
      {no_login + "\x05\x00\x01"s, false, reserved_byte_not_zero},
      {no_login + "\x05\x00\x00\x00"s, false, unknown_address_type},
      {no_login + "\x05\x00\x00\x02"s, false, unknown_address_type},
      {no_login + "\x05\x00\x00\x05"s, false, unknown_address_type},
  };
  for (const auto& [stream, logs_in, error] : cases) {
    const TunnelTranscript transcript = read(ask(logs_in), stream);
    ASSERT_TRUE(transcript.failure) << testing::PrintToString(stream);
    EXPECT_EQ(*transcript.failure, ProxyFailure{error}) << testing::PrintToString(stream);
    EXPECT_FALSE(transcript.ended);
  }
}

TEST(Socks5, NoticesThatTheProxyCloses) {
  const std::string stream = login_wanted + logged_in + connected;
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const TunnelTranscript transcript = read(ask(true), stream.substr(0, size));
    ASSERT_TRUE(transcript.failure);
    EXPECT_EQ(*transcript.failure, ProxyFailure{closed_early}) << size;
    EXPECT_TRUE(transcript.ended);
  }
}

TEST(Socks5, SendsNothingThatItCannotSay) {
  const auto refused = [](const TunnelRequest& request) {
    const TunnelTranscript transcript = read(request, no_login + connected);
    EXPECT_FALSE(transcript.open);
    EXPECT_EQ(transcript.sent, "");
    return transcript.failure->error;
  };
  EXPECT_EQ(refused(ask(false, std::string(256, 'a'))), host_not_sayable);
  EXPECT_EQ(refused(ask(false, "")), host_not_sayable);
  const std::string long_text(256, 'a');
  for (const ProxyCredentials& credentials :
       {ProxyCredentials{long_text, "a"}, ProxyCredentials{"a", long_text},
        ProxyCredentials{"", "a"}}) {
    TunnelRequest request = ask(true);
    request.proxy.credentials = credentials;
    EXPECT_EQ(refused(request), login_not_sayable);
  }
}

}  // namespace
}  // namespace duplex::client
