#include "client/tunnel.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "net/socket.hpp"

namespace duplex::client {
namespace {

using namespace std::string_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Result = std::expected<net::Descriptor, TunnelError>;

const std::string socks_connected = "\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38"s;
constexpr std::string_view http_connected = "HTTP/1.1 200 Connection established\r\n\r\n";

bool run_until(net::EventLoop& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.run_once(100);
  }
  return true;
}

/// Two ends of a connection.
struct Ends {
  Ends() {
    std::array<int, 2> numbers{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers.data()) != 0) {
      std::abort();
    }
    client.reset(numbers[0]);
    proxy.reset(numbers[1]);
  }
  net::Descriptor client;
  net::Descriptor proxy;
};

void send(const net::Descriptor& socket, std::string_view text) {
  ASSERT_EQ(net::send(socket.number(), as_bytes(text)).bytes, text.size());
}

/// What is there.
std::string receive(const net::Descriptor& socket) {
  std::array<std::byte, 65536> buffer{};
  const auto received = net::receive(socket.number(), buffer);
  return std::string(as_text(ConstBytes(buffer).first(received.bytes)));
}

/// A tunnel in the making, and the proxy's end of its connection.
class Making {
 public:
  explicit Making(std::string_view proxy, const TunnelOptions& options = {},
                  std::string_view url = "https://example.com/")
      : Making(Ends(), proxy, options, url) {}

  Making(Ends ends, std::string_view proxy, const TunnelOptions& options = {},
         std::string_view url = "https://example.com/")
      : peer(std::move(ends.proxy)),
        tunnel(std::in_place, loop, std::move(ends.client), Proxy::parse(proxy).value(),
               http::Url::parse(url).value(), options, [this](Result told) {
                 ++calls;
                 result.emplace(std::move(told));
               }) {
    EXPECT_EQ(calls, 0) << "called from within the constructor";
  }

  /// Waits until the client has sent so much, and returns it.
  std::string wait_for(std::size_t size) {
    std::string text;
    EXPECT_TRUE(run_until(loop, [&] { return (text += receive(peer)).size() >= size; }));
    return text;
  }

  /// Waits until the end was told.
  Result& wait() {
    EXPECT_TRUE(run_until(loop, [this] { return calls > 0; }));
    EXPECT_EQ(calls, 1);
    return *result;
  }

  /// Waits for a failure.
  TunnelError wait_for_error() {
    if (wait()) {
      ADD_FAILURE() << "the tunnel is open";
      return {};
    }
    return result->error();
  }

  net::EventLoop loop;
  int calls = 0;
  std::optional<Result> result;
  net::Descriptor peer;
  std::optional<Tunnel> tunnel;
};

TEST(Tunnel, OpensThroughSocks5) {
  Making making("socks5h://user:secret@proxy");
  EXPECT_EQ(making.wait_for(4), "\x05\x02\x00\x02"s);
  send(making.peer, "\x05\x02");
  EXPECT_EQ(making.wait_for(13), "\x01\x04user\x06secret"s);
  send(making.peer, "\x01\x00"s);
  EXPECT_EQ(making.wait_for(18), "\x05\x01\x00\x03\x0b"s + "example.com\x01\xbb"s);
  EXPECT_EQ(making.calls, 0);
  send(making.peer, socks_connected);
  ASSERT_TRUE(making.wait()) << making.result->error().message;
}

TEST(Tunnel, OpensThroughHttp) {
  Making making("http://user:secret@proxy");
  EXPECT_THAT(making.wait_for(100), StartsWith("CONNECT example.com:443 HTTP/1.1\r\n"));
  EXPECT_EQ(making.calls, 0);
  send(making.peer, http_connected);
  ASSERT_TRUE(making.wait()) << making.result->error().message;
}

TEST(Tunnel, HandsTheConnectionOn) {
  net::EventLoop loop;
  const auto listener = net::Listener::open(*net::SocketAddress::parse("127.0.0.1:0")).value();
  std::optional<net::Dialed> dialed;
  net::Dialer dialer(loop, {}, [&](auto result) { dialed = std::move(result.value()); });
  dialer.add(std::array{listener.address()});
  ASSERT_TRUE(run_until(loop, [&] { return dialed.has_value(); }));
  const net::Descriptor peer = std::move(net::accept_next(listener.descriptor()).value().socket);
  const int number = dialed->socket.number();

  std::optional<Result> result;
  std::optional<Tunnel> tunnel(std::in_place, loop, std::move(dialed->socket),
                               *Proxy::parse("http://proxy"), *http::Url::parse("ws://example.com"),
                               TunnelOptions{},
                               [&](Result told) { result.emplace(std::move(told)); });
  ASSERT_TRUE(run_until(loop, [&] { return receive(peer).ends_with("\r\n\r\n"); }));
  send(peer, http_connected);
  ASSERT_TRUE(run_until(loop, [&] { return result.has_value(); }));
  ASSERT_TRUE(*result) << result->error().message;
  tunnel.reset();

  const net::Descriptor socket = std::move(result->value());
  EXPECT_EQ(socket.number(), number);
  send(socket, "there");
  ASSERT_TRUE(run_until(loop, [&] { return receive(peer) == "there"; }));
  send(peer, "back");
  ASSERT_TRUE(run_until(loop, [&] { return receive(socket) == "back"; }));
  // The loop watches it no more.
  struct Nothing final : net::Pollable {
    void on_ready(net::Readiness) noexcept override {}
  } nothing;
  EXPECT_FALSE(loop.watch(socket.number(), {.readable = true}, nothing));
  loop.unwatch(socket.number(), nothing);
}

TEST(Tunnel, TakesAnAnswerThatComesByteByByte) {
  for (const auto& [proxy, answer] :
       {std::pair{"socks5://proxy"s, "\x05\x00"s + socks_connected},
        std::pair{"http://proxy"s,
                  "HTTP/1.1 100 Continue\r\n\r\n" + std::string(http_connected)}}) {
    Making making(proxy);
    for (const char byte : answer) {
      EXPECT_EQ(making.calls, 0);
      send(making.peer, {&byte, 1});
      making.loop.run_once(0);
    }
    EXPECT_TRUE(making.wait()) << proxy;
  }
}

TEST(Tunnel, WaitsForRoomToSend) {
  Ends ends;
  const std::string filling(1024, 'x');
  std::size_t filled = 0;
  for (;;) {
    const auto sent = net::send(ends.client.number(), as_bytes(filling));
    if (sent.state != net::Transfer::ok) break;
    filled += sent.bytes;
  }
  Making making(std::move(ends), "http://proxy");
  making.loop.run_once(0);
  making.loop.run_once(0);
  const std::string request = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n";
  EXPECT_EQ(making.wait_for(filled + request.size()).substr(filled), request);
  send(making.peer, http_connected);
  EXPECT_TRUE(making.wait());
}

TEST(Tunnel, TellsWhyTheProxyRefuses) {
  Making http("http://user:secret@proxy:3128");
  send(http.peer, "HTTP/1.1 403 Filtered\r\nContent-Length: 9\r\n\r\nforbidden");
  const TunnelError refused = http.wait_for_error();
  EXPECT_EQ(refused.error, ProxyError::tunnel_refused);
  EXPECT_EQ(refused.message, "http://proxy:3128: the proxy refused to connect: 403 Filtered");
  EXPECT_EQ(refused.status, http::Status::forbidden);
  EXPECT_EQ(refused.content, "forbidden");
  EXPECT_EQ(receive(http.peer),
            "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n");

  Making socks("socks5://proxy");
  send(socks.peer, "\x05\x00\x05\x05"s);
  const TunnelError unreached = socks.wait_for_error();
  EXPECT_EQ(unreached.error, ProxyError::connection_refused);
  EXPECT_EQ(unreached.error, std::errc::connection_refused);
  EXPECT_THAT(unreached.message, StartsWith("socks5://proxy:1080: the server refused"));
  EXPECT_EQ(unreached.status, std::nullopt);
}

TEST(Tunnel, ClosesTheConnectionThatIsOfNoUse) {
  Making making("http://proxy");
  making.wait_for(10);
  send(making.peer, "SSH-2.0-OpenSSH\r\n");
  const TunnelError error = making.wait_for_error();
  EXPECT_EQ(error.error, ProxyError::malformed_response);
  EXPECT_THAT(error.message, HasSubstr("status line"));
  std::array<std::byte, 1> byte{};
  EXPECT_EQ(net::receive(making.peer.number(), byte).state, net::Transfer::closed);
}

TEST(Tunnel, TellsARefusalThatTheProxySentBeforeItClosed) {
  for (const bool before : {true, false}) {
    Ends ends;
    if (before) {
      send(ends.proxy, "HTTP/1.0 403 No\r\n\r\nnot you");
      ends.proxy.reset();
    }
    Making making(std::move(ends), "http://proxy");
    if (!before) {
      making.wait_for(10);
      send(making.peer, "HTTP/1.0 403 No\r\n\r\nnot you");
      making.peer.reset();
    }
    const TunnelError error = making.wait_for_error();
    EXPECT_EQ(error.error, ProxyError::tunnel_refused) << before << error.message;
    EXPECT_EQ(error.content, "not you");
  }
}

TEST(Tunnel, TellsARefusalWhoseConnectionWasReset) {
  Making making("http://proxy");
  // What is unread when the proxy closes resets the connection.
  making.loop.run_once(0);
  send(making.peer, "HTTP/1.0 403 No\r\n\r\nnot you");
  making.peer.reset();
  const TunnelError error = making.wait_for_error();
  EXPECT_EQ(error.error, ProxyError::tunnel_refused) << error.message;
}

TEST(Tunnel, NoticesThatTheProxyCloses) {
  for (const std::string_view proxy : {"http://proxy", "socks5://proxy"}) {
    Making making(proxy);
    making.wait_for(3);
    making.peer.reset();
    EXPECT_EQ(making.wait_for_error().error, ProxyError::closed_early);
  }
}

TEST(Tunnel, NoticesThatTheConnectionFails) {
  Making making("http://proxy");
  making.loop.run_once(0);
  making.peer.reset();
  const TunnelError error = making.wait_for_error();
  EXPECT_EQ(error.error, std::errc::connection_reset);
  EXPECT_THAT(error.message, StartsWith("http://proxy:1080: "));
}

TEST(Tunnel, RefusesBytesBehindTheAnswer) {
  for (const auto& [proxy, answer] : {std::pair{"socks5://proxy"s, "\x05\x00"s + socks_connected},
                                      std::pair{"http://proxy"s, std::string(http_connected)}}) {
    Making making(proxy);
    making.wait_for(3);
    send(making.peer, answer + "x");
    EXPECT_EQ(making.wait_for_error().error, ProxyError::surplus_bytes);
  }
}

TEST(Tunnel, WaitsNoLongerThanItsLimit) {
  Making making("socks5://proxy", {.tunnel_ms_max = 20});
  making.wait_for(3);
  send(making.peer, "\x05\x00"s);
  const TunnelError error = making.wait_for_error();
  EXPECT_EQ(error.error, std::errc::timed_out);
  EXPECT_THAT(error.message, EndsWith("in time"));
  std::array<std::byte, 64> bytes{};
  EXPECT_NE(net::receive(making.peer.number(), bytes).state, net::Transfer::would_block);
}

TEST(Tunnel, TellsARefusalWhoseContentDoesNotEnd) {
  Making making("http://proxy", {.tunnel_ms_max = 20});
  send(making.peer, "HTTP/1.1 407 Log In\r\n\r\nplease");
  const TunnelError error = making.wait_for_error();
  EXPECT_EQ(error.error, ProxyError::authentication_required);
  EXPECT_EQ(error.content, "please");
}

TEST(Tunnel, SaysInTheLoopThatItCannotBegin) {
  const std::string url = "https://" + std::string(256, 'a') + "/";
  Making making("socks5://proxy", {}, url);
  EXPECT_EQ(making.wait_for_error().error, ProxyError::host_not_sayable);
  EXPECT_EQ(receive(making.peer), "");
}

TEST(Tunnel, SaysInTheLoopThatTheSystemRefuses) {
  Ends ends;
  ends.client.reset(::open(".", O_RDONLY | O_CLOEXEC));  // what epoll can't watch
  Making making(std::move(ends), "socks5://proxy");
  EXPECT_EQ(making.wait_for_error().error, std::errc::operation_not_permitted);
}

TEST(Tunnel, ClosesAndTellsNothingWhenItIsDestroyed) {
  for (const bool answered : {false, true}) {
    Making making("http://proxy");
    making.wait_for(10);
    if (answered) {
      send(making.peer, http_connected);
      making.loop.run_once(100);
    }
    const int calls = making.calls;
    making.tunnel.reset();
    making.loop.run_once(0);
    making.loop.run_once(1);
    EXPECT_EQ(making.calls, calls);
    if (calls == 0) {
      std::array<std::byte, 1> byte{};
      EXPECT_EQ(net::receive(making.peer.number(), byte).state, net::Transfer::closed);
    }
  }
}

TEST(Tunnel, MayBeDestroyedByWhomItTells) {
  for (const std::string_view answer :
       {http_connected, std::string_view("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")}) {
    net::EventLoop loop;
    Ends ends;
    std::unique_ptr<Tunnel> tunnel;
    bool told = false;
    tunnel = std::make_unique<Tunnel>(loop, std::move(ends.client), *Proxy::parse("http://proxy"),
                                      *http::Url::parse("ws://example.com"), TunnelOptions{},
                                      [&](const Result& result) {
                                        tunnel.reset();
                                        told = true;
                                        EXPECT_EQ(result.has_value(), answer == http_connected);
                                      });
    send(ends.proxy, answer);
    EXPECT_TRUE(run_until(loop, [&] { return told; }));
  }
}

}  // namespace
}  // namespace duplex::client
