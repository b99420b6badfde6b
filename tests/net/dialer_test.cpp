#include "net/dialer.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/listener.hpp"
#include "net/resolver.hpp"
#include "net/socket.hpp"
#include "tests/net/name_server_support.hpp"

namespace duplex::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Result = std::expected<Dialed, DialError>;

SocketAddress address(std::string_view text) {
  return SocketAddress::parse(text).value();
}

bool run_until(EventLoop& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.run_once(100);
  }
  return true;
}

Listener listen(std::string_view where) {
  return std::move(Listener::open(address(where)).value());
}

/// An address at which connections are refused.
SocketAddress refusing(std::string_view where) {
  return listen(where).address();
}

/// A listener whose queue is full: who connects hears nothing.
class DeadListener {
 public:
  explicit DeadListener(const SocketAddress& where)
      : socket_(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (::bind(socket_.number(), where.raw(), where.raw_length()) != 0) std::abort();
    if (::listen(socket_.number(), 0) != 0) std::abort();
    address_ = SocketAddress::of_local(socket_.number());
    for (int i = 0; i < 4; ++i) {
      fillers_.emplace_back(
          ::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(fillers_.back().number(), address_.raw(), address_.raw_length());
    }
  }
  const SocketAddress& address() const { return address_; }
  /// Makes room for one.
  void accept_one() const { const Descriptor one(::accept(socket_.number(), nullptr, nullptr)); }

 private:
  Descriptor socket_;
  SocketAddress address_;
  std::vector<Descriptor> fillers_;
};

/// A new folder, removed with all that is in it.
class Folder {
 public:
  Folder() { path_ = ::mkdtemp(path_.data()); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  SocketAddress socket(std::string_view name) const {
    return net::address("unix:" + path_ + "/" + std::string(name));
  }

 private:
  std::string path_ = "/tmp/duplex_dialer_XXXXXX";
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

/// A dialer and what it told.
struct Dial {
  explicit Dial(EventLoop& event_loop, const DialerOptions& options = {})
      : loop(event_loop), dialer(std::in_place, loop, options, [this](Result told) {
          ++calls;
          result.emplace(std::move(told));
        }) {}

  /// Dials `addresses` and returns when the end was told.
  Result& run(const std::vector<SocketAddress>& addresses) {
    dialer->add(addresses);
    dialer->finish();
    EXPECT_EQ(calls, 0) << "called from within add or finish";
    EXPECT_TRUE(run_until(loop, [this] { return calls > 0; }));
    return *result;
  }

  EventLoop& loop;
  int calls = 0;
  std::optional<Result> result;
  std::optional<Dialer> dialer;
};

std::vector<SocketAddress> addresses_of(const std::vector<FailedAttempt>& attempts) {
  std::vector<SocketAddress> addresses;
  for (const FailedAttempt& attempt : attempts) addresses.push_back(attempt.address);
  return addresses;
}

TEST(Dialer, ConnectsByEachFamily) {
  const Folder folder;
  for (const std::string& where :
       {std::string("127.0.0.1:0"), std::string("[::1]:0"), folder.socket("s").to_string()}) {
    EventLoop loop;
    const Listener listener = listen(where);
    Dial dial(loop);
    const Result& result = dial.run({listener.address()});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->address, listener.address());
    EXPECT_TRUE(result->failed.empty());

    const int socket = result->socket.number();
    EXPECT_TRUE((::fcntl(socket, F_GETFL) & O_NONBLOCK) != 0);
    EXPECT_TRUE((::fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
    if (!listener.address().is_unix()) {
      int no_delay = 0;
      socklen_t length = sizeof no_delay;
      ASSERT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
      EXPECT_EQ(no_delay, 1);
    }
    const auto accepted = accept_next(listener.descriptor());
    ASSERT_TRUE(accepted);
    EXPECT_EQ(send(socket, ConstBytes(reinterpret_cast<const std::byte*>("x"), 1)).bytes, 1u);
    // The loop watches it no more.
    struct Nothing final : Pollable {
      void on_ready(Readiness) noexcept override {}
    } nothing;
    EXPECT_FALSE(loop.watch(socket, {.readable = true}, nothing));
    loop.unwatch(socket, nothing);
  }
}

TEST(Dialer, GoesOnAtOnceAfterAFailure) {
  EventLoop loop;
  const Listener listener = listen("127.0.0.1:0");
  const SocketAddress refused = refusing("[::1]:0");
  Dial dial(loop, {.next_attempt_ms = 1'000'000});
  const Result& result = dial.run({refused, listener.address()});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->address, listener.address());
  ASSERT_THAT(addresses_of(result->failed), ElementsAre(refused));
  EXPECT_EQ(result->failed[0].error, std::errc::connection_refused);
}

TEST(Dialer, DoesNotWaitForADeadAddress) {
  EventLoop loop;
  const DeadListener dead(address("[::1]:0"));
  const Listener listener = listen("127.0.0.1:0");
  const std::size_t descriptors = open_descriptors();
  loop.run_once(0);
  const std::uint64_t start_ms = loop.now_ms();
  Dial dial(loop, {.next_attempt_ms = 30});
  const Result& result = dial.run({dead.address(), listener.address()});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->address, listener.address());
  EXPECT_TRUE(result->failed.empty());
  EXPECT_GE(loop.now_ms(), start_ms + 30) << "the first one has its chance";
  EXPECT_LT(loop.now_ms(), start_ms + 5'000);
  EXPECT_EQ(open_descriptors(), descriptors + 1) << "the loser is closed";
}

TEST(Dialer, LeavesTheFirstAddressItsTime) {
  EventLoop loop;
  const Listener first = listen("127.0.0.1:0");
  const Listener second = listen("[::1]:0");
  Dial dial(loop);
  const Result& result = dial.run({first.address(), second.address()});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->address, first.address());
  EXPECT_EQ(accept_next(second.descriptor()).error(), std::errc::operation_would_block);
}

TEST(Dialer, TakesOneOfTwoConnections) {
  EventLoop loop;
  const Listener first = listen("127.0.0.1:0");
  const Listener second = listen("[::1]:0");
  const std::size_t descriptors = open_descriptors();
  // Both are under way before either is looked at.
  Dial dial(loop, {.next_attempt_ms = 0});
  const Result& result = dial.run({first.address(), second.address()});
  ASSERT_TRUE(result);
  for (int i = 0; i < 5; ++i) loop.run_once(0);
  EXPECT_EQ(dial.calls, 1);
  EXPECT_EQ(open_descriptors(), descriptors + 1);
}

TEST(Dialer, LetsTheFamiliesTakeTurns) {
  EventLoop loop;
  const SocketAddress a6 = refusing("[::1]:0");
  const SocketAddress b6 = refusing("[::1]:0").with_port(a6.port() == 1 ? 2 : 1);
  const SocketAddress a4 = refusing("127.0.0.1:0");
  const SocketAddress b4 = a4.with_port(1);
  Dial dial(loop);
  const Result& result = dial.run({a6, b6, a4, b4});
  ASSERT_FALSE(result);
  EXPECT_THAT(addresses_of(result.error().attempts), ElementsAre(a6, a4, b6, b4));
}

TEST(Dialer, ListsEachAttemptWhenAllFail) {
  EventLoop loop;
  const SocketAddress first = refusing("[::1]:0");
  const SocketAddress second = refusing("127.0.0.1:0");
  const Folder folder;
  const std::size_t descriptors = open_descriptors();
  Dial dial(loop);
  const Result& result = dial.run({first, second, folder.socket("missing")});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error, std::errc::connection_refused);
  EXPECT_EQ(result.error().attempts.size(), 3u);
  EXPECT_EQ(result.error().untried, 0u);
  const std::string message = result.error().message();
  EXPECT_THAT(message, HasSubstr(first.to_string() + ": Connection refused; "));
  EXPECT_THAT(message, HasSubstr(second.to_string() + ": Connection refused"));
  EXPECT_THAT(message, HasSubstr("missing: No such file or directory"));
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(Dialer, NamesTheFailureThatTellsMost) {
  // There is never a way to a multicast address by TCP.
  const SocketAddress unreachable = address("[ff02::1]:80");
  EventLoop loop;
  const SocketAddress refused = refusing("127.0.0.1:0");
  Dial both(loop);
  const Result& refusal = both.run({unreachable, refused});
  ASSERT_FALSE(refusal);
  ASSERT_THAT(addresses_of(refusal.error().attempts), ElementsAre(unreachable, refused));
  EXPECT_EQ(refusal.error().attempts[0].error, std::errc::network_unreachable);
  EXPECT_EQ(refusal.error().error, std::errc::connection_refused);

  Dial one(loop);
  const Result& nowhere = one.run({unreachable});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().error, std::errc::network_unreachable);
}

TEST(Dialer, LimitsEachAttempt) {
  EventLoop loop;
  const DeadListener first(address("127.0.0.1:0"));
  const DeadListener second(address("[::1]:0"));
  Dial dial(loop, {.next_attempt_ms = 1'000'000, .attempt_ms_max = 20});
  const Result& result = dial.run({first.address(), second.address()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error, std::errc::timed_out);
  ASSERT_THAT(addresses_of(result.error().attempts),
              ElementsAre(first.address(), second.address()));
  EXPECT_EQ(result.error().attempts[1].error, std::errc::timed_out);
}

TEST(Dialer, LimitsTheWhole) {
  EventLoop loop;
  const DeadListener dead(address("127.0.0.1:0"));
  const SocketAddress refused = refusing("[::1]:0");
  const Listener listener = listen("127.0.0.1:0");
  Dial dial(loop, {.next_attempt_ms = 1'000'000, .dial_ms_max = 20});
  const Result& result =
      dial.run({refused, dead.address(), listener.address(), listener.address()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error, std::errc::timed_out);
  EXPECT_EQ(result.error().untried, 2u);
  EXPECT_EQ(result.error().message(), refused.to_string() + ": Connection refused; " +
                                          dead.address().to_string() +
                                          ": Connection timed out; 2 more not tried");
}

TEST(Dialer, TakesAddressesThatComeLater) {
  EventLoop loop;
  const DeadListener dead(address("[::1]:0"));
  const Listener listener = listen("127.0.0.1:0");
  Dial dial(loop, {.next_attempt_ms = 1});
  dial.dialer->add(std::vector{dead.address()});
  for (int i = 0; i < 5; ++i) loop.run_once(2);
  EXPECT_EQ(dial.calls, 0);
  const Result& result = dial.run({listener.address()});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->address, listener.address());
}

TEST(Dialer, WaitsForMoreWhenAllHaveFailed) {
  EventLoop loop;
  const SocketAddress refused = refusing("127.0.0.1:0");
  const Listener listener = listen("127.0.0.1:0");
  Dial dial(loop, {.next_attempt_ms = 1'000'000});
  dial.dialer->add(std::vector{refused});
  for (int i = 0; i < 5; ++i) loop.run_once(1);
  EXPECT_EQ(dial.calls, 0);
  const Result& result = dial.run({listener.address()});
  ASSERT_TRUE(result);
  EXPECT_THAT(addresses_of(result->failed), ElementsAre(refused));
}

TEST(Dialer, EndsWhenNoMoreComesAfterAllHaveFailed) {
  EventLoop loop;
  const SocketAddress refused = refusing("127.0.0.1:0");
  Dial dial(loop);
  dial.dialer->add(std::vector{refused});
  for (int i = 0; i < 5; ++i) loop.run_once(1);
  EXPECT_EQ(dial.run({}).error().error, std::errc::connection_refused);
}

TEST(Dialer, SaysThatThereWasNoAddress) {
  EventLoop loop;
  Dial dial(loop);
  const Result& result = dial.run({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error, ResolveError::no_addresses);
  EXPECT_EQ(result.error().message(), std::error_code(ResolveError::no_addresses).message());
}

TEST(Dialer, IgnoresWhatComesAfterTheEnd) {
  EventLoop loop;
  const Listener listener = listen("127.0.0.1:0");
  Dial dial(loop);
  ASSERT_TRUE(dial.run({listener.address()}));
  dial.dialer->add(std::vector{listener.address()});
  dial.dialer->finish();
  for (int i = 0; i < 5; ++i) loop.run_once(1);
  EXPECT_EQ(dial.calls, 1);
}

TEST(Dialer, SaysWhyAUnixSocketCanNotBeReached) {
  EventLoop loop;
  const Folder folder;
  Dial missing(loop);
  EXPECT_EQ(missing.run({folder.socket("missing")}).error().error,
            std::errc::no_such_file_or_directory);

  const SocketAddress left_behind = folder.socket("left");
  const Descriptor bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(bound.number(), left_behind.raw(), left_behind.raw_length()), 0);
  Dial refused(loop);
  EXPECT_EQ(refused.run({left_behind}).error().error, std::errc::connection_refused);
}

TEST(Dialer, WaitsForRoomInAUnixListenersQueue) {
  EventLoop loop;
  const Folder folder;
  const DeadListener full(folder.socket("full"));
  Dial late(loop, {.attempt_ms_max = 50});
  EXPECT_EQ(late.run({full.address()}).error().error, std::errc::timed_out);

  Dial dial(loop);
  dial.dialer->add(std::vector{full.address()});
  for (int i = 0; i < 3; ++i) loop.run_once(1);
  EXPECT_EQ(dial.calls, 0);
  full.accept_one();
  EXPECT_TRUE(dial.run({}));
}

TEST(Dialer, CallsNothingAfterACancellation) {
  EventLoop loop;
  const Listener listener = listen("127.0.0.1:0");
  const DeadListener dead(address("127.0.0.1:0"));
  const SocketAddress refused = refusing("127.0.0.1:0");
  const std::size_t descriptors = open_descriptors();
  for (const SocketAddress& where : {listener.address(), dead.address(), refused}) {
    // At each iteration on the way, from before the first on.
    for (int iterations = 0; iterations < 5; ++iterations) {
      Dial dial(loop);
      dial.dialer->add(std::vector{where});
      for (int i = 0; i < iterations; ++i) loop.run_once(0);
      const int calls = dial.calls;
      dial.dialer.reset();
      dial.result.reset();
      for (int i = 0; i < 3; ++i) loop.run_once(0);
      EXPECT_EQ(dial.calls, calls);
      EXPECT_EQ(open_descriptors(), descriptors);
    }
  }
}

TEST(Dialer, MayBeDestroyedByWhatItCalls) {
  EventLoop loop;
  const Listener listener = listen("127.0.0.1:0");
  for (const SocketAddress& where : {listener.address(), refusing("127.0.0.1:0")}) {
    int calls = 0;
    std::unique_ptr<Dialer> dialer;
    const std::string large(1000, 'x');
    dialer = std::make_unique<Dialer>(loop, DialerOptions{}, [&, large](Result) {
      dialer.reset();
      calls += large.size() == 1000 ? 1 : 100;
    });
    dialer->add(std::vector{where});
    dialer->finish();
    ASSERT_TRUE(run_until(loop, [&] { return calls > 0; }));
    for (int i = 0; i < 3; ++i) loop.run_once(0);
    EXPECT_EQ(calls, 1);
  }
}

TEST(Dialer, DialsWhatAResolverFindsAsItComes) {
  EventLoop loop;
  const Listener listener = listen("127.0.0.1:0");
  const std::uint16_t port = listener.address().port();
  // The IPv6 address is not listened at, and comes first; IPv4 follows by and by.
  std::optional<DnsQuery> held;
  FakeNameServer server(loop, [&](const DnsQuery& query) -> std::vector<std::string> {
    if (query.ipv6) return DnsAnswer(query).address("::1");
    held = query;
    return {};
  });
  Resolver resolver(loop, {.servers = {server.address()}});
  Dial dial(loop);
  int answers = 0;
  const Resolver::Lookup lookup = resolver.resolve(
      "host.example", port, [&](std::expected<Resolution, std::error_code> resolution) {
        ++answers;
        dial.dialer->add(resolution.value().addresses);
        if (resolution->complete) dial.dialer->finish();
      });
  ASSERT_TRUE(run_until(loop, [&] { return held && answers == 1; }));
  for (int i = 0; i < 3; ++i) loop.run_once(0);
  server.send(DnsAnswer(*held).address("127.0.0.1").message());
  ASSERT_TRUE(run_until(loop, [&] { return dial.calls > 0; }));
  ASSERT_TRUE(*dial.result) << dial.result->error().message();
  EXPECT_EQ((*dial.result)->address, listener.address());
  EXPECT_THAT(addresses_of((*dial.result)->failed),
              ElementsAre(address("[::1]:0").with_port(port)));
}

}  // namespace
}  // namespace duplex::net
