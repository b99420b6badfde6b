#include "net/listener.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/event_loop.hpp"
#include "net/socket.hpp"

namespace duplex::net {
namespace {

SocketAddress address(std::string_view text) {
  return SocketAddress::parse(text).value();
}

/// A blocking client; none when nobody listens.
Descriptor connect_to(const SocketAddress& where) {
  Descriptor client(::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.number(), where.raw(), where.raw_length()) != 0) client.reset();
  return client;
}

bool would_block(const std::expected<Accepted, std::error_code>& accepted) {
  return !accepted && accepted.error() == std::errc::operation_would_block;
}

/// A new folder, removed with all that is in it.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/duplex_listener_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

TEST(Listener, TellsThePortThatTheSystemChose) {
  for (const std::string_view text : {"127.0.0.1:0", "[::1]:0", ":0"}) {
    const auto listener = Listener::open(address(text));
    ASSERT_TRUE(listener) << listener.error();
    EXPECT_NE(listener->address().port(), 0);
    EXPECT_EQ(listener->address().with_port(0), address(text));
    EXPECT_TRUE(connect_to(listener->address()));
  }
}

TEST(Listener, AcceptsNonBlockingSocketsWithoutDelay) {
  const auto listener = Listener::open(address("127.0.0.1:0"));
  ASSERT_TRUE(listener);
  EXPECT_TRUE(would_block(accept_next(listener->descriptor())));

  const Descriptor client = connect_to(listener->address());
  ASSERT_TRUE(client);
  const auto accepted = accept_next(listener->descriptor());
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->peer, SocketAddress::of_local(client.number()));
  EXPECT_EQ(SocketAddress::of_peer(client.number()), listener->address());
  const int socket = accepted->socket.number();
  EXPECT_NE(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t length = sizeof no_delay;
  ASSERT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
  EXPECT_NE(no_delay, 0);
  EXPECT_TRUE(would_block(accept_next(listener->descriptor())));
}

TEST(Listener, TakesIPv4AndIPv6ByOneSocketForEveryAddress) {
  const auto listener = Listener::open(address(":0"));
  ASSERT_TRUE(listener);
  const std::string port = std::to_string(listener->address().port());
  EXPECT_TRUE(connect_to(address("[::1]:" + port)));
  EXPECT_TRUE(accept_next(listener->descriptor()));
  const Descriptor client = connect_to(address("127.0.0.1:" + port));
  const auto accepted = accept_next(listener->descriptor());
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->peer.host(), "127.0.0.1");
}

TEST(Listener, KeepsAnExplicitIPv6AddressToIPv6) {
  const auto listener = Listener::open(address("[::]:0"));
  ASSERT_TRUE(listener);
  EXPECT_FALSE(connect_to(address("127.0.0.1:" + std::to_string(listener->address().port()))));
}

TEST(Listener, SaysWhatIsWrongAndWhatToDo) {
  const Folder folder;
  const auto taken = Listener::open(address("127.0.0.1:0"));
  ASSERT_TRUE(taken);
  const auto taken_path = Listener::open(address("unix:" + folder.file("taken")));
  ASSERT_TRUE(taken_path);
  std::ofstream(folder.file("text")) << "precious";
  struct Case {
    std::string where;
    std::string_view hint;
  };
  for (const Case& wrong :
       {Case{taken->address().to_string(), "another program listens there; stop it or choose"},
        Case{"192.0.2.1:8080", "this machine has no such address"},
        Case{"unix:" + folder.file("taken"), "choose another path"},
        Case{"unix:" + folder.file("none/socket"), "the folder does not exist"},
        Case{"unix:" + folder.file("text"), "a file that is not a socket"}}) {
    const auto listener = Listener::open(address(wrong.where));
    ASSERT_FALSE(listener) << wrong.where;
    EXPECT_TRUE(listener.error().starts_with("cannot listen on " + wrong.where + ": "));
    EXPECT_TRUE(listener.error().contains(wrong.hint)) << listener.error();
  }
  EXPECT_TRUE(connect_to(taken_path->address())) << "the other listener is unharmed";
  EXPECT_TRUE(std::filesystem::exists(folder.file("text")));
}

TEST(Listener, RemovesItsFileAndReplacesAStaleOne) {
  const Folder folder;
  const SocketAddress where = address("unix:" + folder.file("socket"));
  {
    // Left behind, as by a program that was killed.
    const Descriptor stale(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(stale.number(), where.raw(), where.raw_length()), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(where.path()));
  {
    auto listener = Listener::open(where);
    ASSERT_TRUE(listener) << listener.error();
    Listener moved = std::move(*listener);
    const Descriptor client = connect_to(where);
    ASSERT_TRUE(client);
    const auto accepted = accept_next(moved.descriptor());
    ASSERT_TRUE(accepted);
    EXPECT_TRUE(accepted->peer.is_unix());
  }
  EXPECT_FALSE(std::filesystem::exists(where.path()));
}

TEST(Listener, OpensAGroupOnOnePortAndSpreadsConnections) {
  const auto group = Listener::open_group(address("127.0.0.1:0"), 3);
  ASSERT_TRUE(group) << group.error();
  ASSERT_EQ(group->size(), 3u);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(connect_to(group->front().address()));
  std::size_t accepted = 0;
  for (const Listener& listener : *group) {
    EXPECT_EQ(listener.address(), group->front().address());
    std::size_t mine = 0;
    while (accept_next(listener.descriptor())) ++mine;
    EXPECT_GT(mine, 0u);
    accepted += mine;
  }
  EXPECT_EQ(accepted, clients.size());
}

TEST(Listener, RefusesToJoinAGroupThatAnotherServerOpened) {
  const auto first = Listener::open_group(address("127.0.0.1:0"), 2);
  ASSERT_TRUE(first);
  const auto second = Listener::open_group(first->front().address(), 2);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().contains("another program listens there")) << second.error();
}

TEST(Listener, JoinsAGroupThatAnotherServerOpenedToBeShared) {
  const ListenOptions shared{.reuse_port = true};
  const auto first = Listener::open_group(address("127.0.0.1:0"), 1, shared);
  ASSERT_TRUE(first) << first.error();
  const auto second = Listener::open_group(first->front().address(), 2, shared);
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(second->size(), 2u);
  EXPECT_EQ(second->front().address(), first->front().address());
}

TEST(Listener, TellsThatAnotherServerDoesNotShareItsPort) {
  const auto first = Listener::open_group(address("127.0.0.1:0"), 1);
  ASSERT_TRUE(first) << first.error();
  const auto second = Listener::open_group(first->front().address(), 1, {.reuse_port = true});
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().contains("does not share the port")) << second.error();
}

TEST(Listener, OpensOneListenerForAllWhenTheAddressIsAPath) {
  const Folder folder;
  const auto group = Listener::open_group(address("unix:" + folder.file("socket")), 4);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->size(), 1u);
}

TEST(Listener, MayBeSharedByLoopsOfWhichOneIsWoken) {
  const auto listener = Listener::open(address("127.0.0.1:0"));
  ASSERT_TRUE(listener);
  class Acceptor final : public Pollable {
   public:
    void on_ready(Readiness) noexcept override { ++woken; }
    int woken = 0;
  };
  EventLoop first;
  EventLoop second;
  Acceptor acceptor;
  constexpr Interest shared = {.readable = true, .exclusive = true};
  constexpr Interest paused = {.exclusive = true};
  ASSERT_FALSE(first.watch(listener->descriptor(), shared, acceptor));
  ASSERT_FALSE(second.watch(listener->descriptor(), shared, acceptor));
  const Descriptor client = connect_to(listener->address());

  ASSERT_FALSE(first.change(listener->descriptor(), paused, acceptor));
  first.run_once(0);
  EXPECT_EQ(acceptor.woken, 0);
  second.run_once(1'000);
  EXPECT_EQ(acceptor.woken, 1);
  ASSERT_FALSE(first.change(listener->descriptor(), shared, acceptor));
  first.run_once(1'000);
  EXPECT_EQ(acceptor.woken, 2);
  first.unwatch(listener->descriptor(), acceptor);
  second.unwatch(listener->descriptor(), acceptor);
}

TEST(SpareDescriptor, TellsClientsThatNoDescriptorsAreLeft) {
  const auto listener = Listener::open(address("127.0.0.1:0"));
  ASSERT_TRUE(listener);
  SpareDescriptor spare;
  const Descriptor client = connect_to(listener->address());
  ASSERT_TRUE(client);

  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The next descriptor would be the lowest free number: a limit of that leaves none.
  const int next_free = Descriptor(::dup(client.number())).number();
  rlimit none_left = before;
  none_left.rlim_cur = static_cast<rlim_t>(next_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const auto accepted = accept_next(listener->descriptor());
  const bool refused = spare.refuse_waiting(listener->descriptor());
  const bool refused_again = spare.refuse_waiting(listener->descriptor());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error(), std::errc::too_many_files_open);
  EXPECT_TRUE(refused);
  EXPECT_TRUE(refused_again) << "the reserve is restored, and an empty queue is no failure";
  std::array<std::byte, 1> byte{};
  EXPECT_EQ(::recv(client.number(), byte.data(), byte.size(), 0), 0) << "closed by the server";
}

}  // namespace
}  // namespace duplex::net
