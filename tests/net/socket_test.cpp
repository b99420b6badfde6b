#include "net/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/listener.hpp"

namespace duplex::net {
namespace {

struct Pair {
  Descriptor left;
  Descriptor right;

  Pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    left.reset(ends[0]);
    right.reset(ends[1]);
  }
};

/// Connected over TCP on the loopback interface.
struct TcpPair {
  Descriptor client;
  Descriptor server;

  TcpPair() {
    const Listener listener = Listener::open(*SocketAddress::parse("127.0.0.1:0")).value();
    client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.number(), listener.address().raw(), listener.address().raw_length()) !=
        0) {
      throw std::system_error(errno, std::system_category());
    }
    server = std::move(accept_next(listener.descriptor()).value().socket);
  }
};

Descriptor file_of(std::string_view content) {
  Descriptor file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.number(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  return file;
}

std::string read_all(int socket) {
  std::string text;
  std::array<std::byte, 4096> buffer;
  while (true) {
    const Transferred received = receive(socket, buffer);
    if (received.state != Transfer::ok) return text;
    text += as_text(ConstBytes(buffer).first(received.bytes));
  }
}

TEST(Socket, ReceivesWhatIsThereAndThenWouldBlockAndThenTheEnd) {
  Pair pair;
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(receive(pair.left.number(), buffer).state, Transfer::would_block);
  EXPECT_EQ(send(pair.right.number(), as_bytes("hello")).bytes, 5u);
  const Transferred received = receive(pair.left.number(), buffer);
  EXPECT_EQ(received.state, Transfer::ok);
  EXPECT_EQ(as_text(ConstBytes(buffer).first(received.bytes)), "hello");

  shutdown_write(pair.right.number());
  EXPECT_EQ(receive(pair.left.number(), buffer).state, Transfer::closed);
  EXPECT_EQ(send(pair.left.number(), as_bytes("half open")).bytes, 9u);
  EXPECT_EQ(read_all(pair.right.number()), "half open");
}

TEST(Socket, GathersSpansAlsoMoreThanTheSystemTakesAtOnce) {
  Pair pair;
  std::string text = "abc";
  std::vector<iovec> spans(1500, iovec{text.data(), text.size()});
  const Transferred sent = send(pair.left.number(), spans);
  EXPECT_EQ(sent.state, Transfer::ok);
  EXPECT_EQ(sent.bytes, 1024 * text.size());
  EXPECT_EQ(read_all(pair.right.number()).size(), sent.bytes);
}

TEST(Socket, SendsAPrefixWhenFullAndThenWouldBlock) {
  Pair pair;
  const std::string large(8 << 20, 'x');
  const Transferred sent = send(pair.left.number(), as_bytes(large));
  EXPECT_EQ(sent.state, Transfer::ok);
  EXPECT_LT(sent.bytes, large.size());
  EXPECT_EQ(send(pair.left.number(), as_bytes(large)).state, Transfer::would_block);
  const Descriptor file = file_of(large);
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 0, 10).state, Transfer::would_block);
}

TEST(Socket, ReportsABrokenConnectionWithoutASignal) {
  Pair pair;
  pair.right.reset();
  const Descriptor file = file_of("content");
  // Any of these would end the test program by SIGPIPE.
  const Transferred sent = send(pair.left.number(), as_bytes("x"));
  EXPECT_EQ(sent.state, Transfer::failed);
  EXPECT_EQ(sent.error, std::errc::broken_pipe);
  std::string text = "x";
  const iovec span{text.data(), 1};
  EXPECT_EQ(send(pair.left.number(), {&span, 1}).error, std::errc::broken_pipe);
  const Transferred sent_file = send_file(pair.left.number(), file.number(), 0, 7);
  EXPECT_EQ(sent_file.state, Transfer::failed);
  EXPECT_EQ(sent_file.error, std::errc::broken_pipe);
}

TEST(Socket, RaisesNoSignalWhenTheConnectionBreaksInTheMiddleOfAFile) {
  const std::string content(4 << 20, 'x');
  const Descriptor file = file_of(content);
  // The system tells what it has sent before, and raises the signal all the same; when the peer
  // goes is chance, so that there are many rounds.
  for (int round = 0; round < 200; ++round) {
    Pair pair;
    std::thread reader([socket = std::move(pair.right), round] {
      std::array<std::byte, 65536> buffer;
      std::size_t left = 100'000 + static_cast<std::size_t>(round) * 5'000;
      while (left > 0) left -= std::min(left, receive(socket.number(), buffer).bytes);
    });
    Transferred sent;
    while (sent.state != Transfer::failed) {
      sent = send_file(pair.left.number(), file.number(), 0, content.size());
    }
    reader.join();
  }
}

TEST(Socket, KeepsThePipeSignalFromOneThreadForSomeTime) {
  Pair pair;
  pair.right.reset();
  const Descriptor file = file_of("content");
  const auto blocked = [] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, SIGPIPE) == 1;
  };
  std::thread([&] {
    {
      const PipeSignalBlock block;
      for (int i = 0; i < 2; ++i) {
        const Transferred sent = send_file(pair.left.number(), file.number(), 0, 7);
        EXPECT_EQ(sent.error, std::errc::broken_pipe);
        EXPECT_TRUE(blocked());
      }
    }
    // Had it not been taken back, the signal would have ended the program by now.
    EXPECT_FALSE(blocked());
  }).join();
  EXPECT_FALSE(blocked());
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 0, 7).error, std::errc::broken_pipe);
  EXPECT_FALSE(blocked());
}

TEST(Socket, TheBlockOfThePipeSignalLeavesOtherSignalsAlone) {
  sigset_t other;
  sigset_t mask;
  sigemptyset(&other);
  sigaddset(&other, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &other, nullptr);
  {
    const PipeSignalBlock block;
    pthread_sigmask(SIG_UNBLOCK, &other, nullptr);
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);
}

TEST(Socket, SendsPartsOfAFileAndTellsItsEnd) {
  Pair pair;
  const Descriptor file = file_of("0123456789");
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 2, 5).bytes, 5u);
  EXPECT_EQ(read_all(pair.right.number()), "23456");
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 8, 5).bytes, 2u);
  EXPECT_EQ(read_all(pair.right.number()), "89");
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 10, 5).state, Transfer::closed);
  EXPECT_EQ(send_file(pair.left.number(), file.number(), 0, 0).state, Transfer::ok);
  EXPECT_EQ(send_file(pair.left.number(), -1, 0, 1).error, std::errc::bad_file_descriptor);
}

TEST(Socket, SendsFilesThatTheSystemCanNotSendByItself) {
  // A pipe has no offset, so that neither way works; a device has no pages to send.
  Pair pair;
  const Descriptor zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(zeros);
  const Transferred sent = send_file(pair.left.number(), zeros.number(), 0, 100);
  EXPECT_EQ(sent.state, Transfer::ok);
  EXPECT_EQ(read_all(pair.right.number()), std::string(100, '\0'));
}

TEST(Socket, DiscardsUpToALimit) {
  Pair pair;
  const std::string text(100'000, 'x');
  ASSERT_EQ(send(pair.right.number(), as_bytes(text)).bytes, text.size());
  Transferred discarded = discard(pair.left.number(), 60'000);
  EXPECT_EQ(discarded.state, Transfer::ok);
  EXPECT_EQ(discarded.bytes, 60'000u);
  discarded = discard(pair.left.number(), 60'000);
  EXPECT_EQ(discarded.state, Transfer::would_block);
  EXPECT_EQ(discarded.bytes, 40'000u);
  pair.right.reset();
  EXPECT_EQ(discard(pair.left.number(), 1).state, Transfer::closed);
}

TEST(Socket, DeliversAnAnswerToAnUnreadRequestWhenInputIsDiscarded) {
  TcpPair pair;
  const std::string request(10'000, 'r');
  ASSERT_EQ(::send(pair.client.number(), request.data(), request.size(), 0), 10'000);
  ASSERT_EQ(send(pair.server.number(), as_bytes("answer")).bytes, 6u);
  shutdown_write(pair.server.number());
  while (discard(pair.server.number(), 10'000).bytes == 0) {
  }
  pair.server.reset();
  std::array<char, 16> buffer{};
  EXPECT_EQ(::recv(pair.client.number(), buffer.data(), buffer.size(), 0), 6);
  EXPECT_EQ(::recv(pair.client.number(), buffer.data(), buffer.size(), 0), 0);
}

TEST(Socket, ResetsWhenAskedTo) {
  TcpPair pair;
  set_no_delay(pair.client.number());
  reset_on_close(pair.server.number());
  pair.server.reset();
  std::array<std::byte, 1> byte{};
  EXPECT_EQ(::recv(pair.client.number(), byte.data(), 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace duplex::net
