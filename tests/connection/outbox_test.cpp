#include "connection/outbox.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/socket.hpp"

namespace duplex::connection {
namespace {

struct Pair {
  net::Descriptor sender;
  net::Descriptor receiver;

  Pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    sender.reset(ends[0]);
    receiver.reset(ends[1]);
  }

  /// What has arrived, up to `bytes_max`.
  std::string read(std::size_t bytes_max = SIZE_MAX) const {
    std::string text;
    std::array<std::byte, 4096> buffer;
    while (text.size() < bytes_max) {
      const std::size_t wanted = std::min(buffer.size(), bytes_max - text.size());
      const net::Transferred received =
          net::receive(receiver.number(), Bytes(buffer).first(wanted));
      if (received.state != net::Transfer::ok) break;
      text += as_text(ConstBytes(buffer).first(received.bytes));
    }
    return text;
  }
};

std::shared_ptr<const net::Descriptor> file_of(std::string_view content) {
  const auto file = std::make_shared<net::Descriptor>(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file->number(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  return file;
}

SharedBytes shared(std::string_view text) {
  return SharedBytes::copy_of(as_bytes(text));
}

/// Different everywhere, so that nothing that is lost, doubled or swapped goes unnoticed.
std::string pattern(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& character : text) character = static_cast<char>(random());
  return text;
}

TEST(Outbox, IsEmptyAtFirstAndHasNothingToSend) {
  Pair pair;
  Outbox outbox;
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.size_bytes(), 0u);
  EXPECT_EQ(outbox.held_bytes(), 0u);
  EXPECT_EQ(outbox.flush(pair.sender.number()), true);
  std::array<iovec, 2> spans;
  EXPECT_EQ(outbox.next_spans(spans), 0u);
  EXPECT_EQ(outbox.next_file(), nullptr);
}

TEST(Outbox, TakesEmptyPiecesForNothing) {
  Outbox outbox;
  outbox.append(ConstBytes());
  outbox.append(SharedBytes());
  outbox.append(shared("abc"), 3);
  outbox.append(file_of("abc"), 1, 0);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, SendsAllKindsInOrder) {
  Pair pair;
  Outbox outbox;
  outbox.append(as_bytes("one "));
  outbox.append(as_bytes("two "));
  outbox.append(shared("--three "), 2);
  outbox.append(as_bytes("four "));
  outbox.append(file_of("xxfive xx"), 2, 5);
  outbox.append(file_of("six "), 0, 4);
  outbox.append(as_bytes("seven "));
  outbox.append(shared("eight"));
  EXPECT_EQ(outbox.size_bytes(), 39u);
  EXPECT_EQ(outbox.held_bytes(), 30u);
  EXPECT_EQ(outbox.flush(pair.sender.number()), true);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(pair.read(), "one two three four five six seven eight");
}

TEST(Outbox, OffersOwnBytesThatFollowOneAnotherAsOneSpan) {
  Outbox outbox;
  const std::string long_one(100, 'e');
  outbox.append(as_bytes("ab"));
  outbox.append(as_bytes("cd"));
  outbox.append(shared(long_one));
  outbox.append(as_bytes("gh"));
  std::array<iovec, 8> spans;
  ASSERT_EQ(outbox.next_spans(spans), 3u);
  const auto text = [&](std::size_t i) {
    return std::string_view(static_cast<const char*>(spans[i].iov_base), spans[i].iov_len);
  };
  EXPECT_EQ(text(0), "abcd");
  EXPECT_EQ(text(1), long_one);
  EXPECT_EQ(text(2), "gh");
  EXPECT_EQ(outbox.next_spans(std::span(spans).first(2)), 2u);

  outbox.consume(3);
  ASSERT_EQ(outbox.next_spans(spans), 3u);
  EXPECT_EQ(text(0), "d");
  outbox.consume(2);
  ASSERT_EQ(outbox.next_spans(spans), 2u);
  EXPECT_EQ(text(0), long_one.substr(1));
  EXPECT_EQ(outbox.size_bytes(), 101u);
  outbox.consume(101);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, CopiesSharedBytesThatTakeLessThanAReferenceAndWait) {
  Outbox outbox;
  outbox.append(shared("alone, it may leave at once"));
  for (int i = 0; i < 1000; ++i) outbox.append(shared("."), 0);
  std::array<iovec, 8> spans;
  ASSERT_EQ(outbox.next_spans(spans), 2u);
  EXPECT_EQ(spans[1].iov_len, 1000u);
}

TEST(Outbox, CountsTheFilesThatItKeepsOpen) {
  Outbox outbox;
  EXPECT_EQ(outbox.files(), 0u);
  for (int i = 0; i < 3; ++i) outbox.append(file_of("0123456789"), 0, 4);
  EXPECT_EQ(outbox.files(), 3u);
  outbox.consume(5);
  EXPECT_EQ(outbox.files(), 2u);
  outbox.clear();
  EXPECT_EQ(outbox.files(), 0u);
}

TEST(Outbox, OffersAFileWhereItsTurnComes) {
  Outbox outbox;
  const auto file = file_of("0123456789");
  outbox.append(as_bytes("head"));
  outbox.append(file, 2, 6);
  outbox.append(as_bytes("tail"));
  std::array<iovec, 8> spans;
  EXPECT_EQ(outbox.next_spans(spans), 1u);
  EXPECT_EQ(outbox.next_file(), nullptr);
  outbox.consume(6);
  EXPECT_EQ(outbox.next_spans(spans), 0u);
  const FileRange* range = outbox.next_file();
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(range->file, file);
  EXPECT_EQ(range->offset, 4u);
  EXPECT_EQ(range->length, 4u);
  outbox.consume(4);
  EXPECT_EQ(file.use_count(), 1);
  EXPECT_EQ(outbox.next_file(), nullptr);
  EXPECT_EQ(outbox.next_spans(spans), 1u);
  EXPECT_EQ(outbox.size_bytes(), 4u);
}

TEST(Outbox, ReferencesSharedBytesAndLetsThemGoWhenSent) {
  Outbox outbox;
  const SharedBytes message = shared("message");
  outbox.append(message);
  outbox.append(as_bytes("more"));
  std::array<iovec, 2> spans;
  ASSERT_EQ(outbox.next_spans(spans), 2u);
  EXPECT_EQ(spans[0].iov_base, message.bytes().data());
}

TEST(Outbox, DropsEverythingWhenCleared) {
  Outbox outbox;
  const auto file = file_of("0123456789");
  outbox.append(as_bytes("head"));
  outbox.append(file, 0, 10);
  outbox.append(shared("message"));
  outbox.clear();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.size_bytes(), 0u);
  EXPECT_EQ(file.use_count(), 1);
  outbox.append(as_bytes("again"));
  Pair pair;
  EXPECT_EQ(outbox.flush(pair.sender.number()), true);
  EXPECT_EQ(pair.read(), "again");
}

TEST(Outbox, MovesAndLeavesNothingBehind) {
  Outbox outbox;
  outbox.append(as_bytes("text"));
  Outbox moved = std::move(outbox);
  EXPECT_EQ(moved.size_bytes(), 4u);
  outbox = std::move(moved);
  EXPECT_EQ(outbox.size_bytes(), 4u);
}

TEST(Outbox, WaitsForASlowReaderAndLosesNothing) {
  Pair pair;
  Outbox outbox;
  std::string expected;
  const std::string content = pattern(700'000, 1);
  const auto file = file_of(content);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::string own = pattern(300'000, 10 + i);
    const std::string common = pattern(400'000, 20 + i);
    outbox.append(as_bytes(own));
    outbox.append(shared(common));
    outbox.append(file, i * 1'000, 500'000);
    expected += own + common + content.substr(i * 1'000, 500'000);
  }
  std::string received;
  int waits = 0;
  while (true) {
    const auto done = outbox.flush(pair.sender.number());
    ASSERT_TRUE(done);
    EXPECT_EQ(outbox.empty(), *done);
    if (*done) break;
    ++waits;
    received += pair.read(50'000);
    ASSERT_LE(received.size(), expected.size());
  }
  received += pair.read();
  EXPECT_TRUE(received == expected);
  EXPECT_GT(waits, 10);
}

TEST(Outbox, SendsManySmallPartsInAFewCalls) {
  Pair pair;
  Outbox outbox;
  std::string expected;
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = std::to_string(i) + " ";
    outbox.append(shared(text));
    expected += text;
  }
  std::string received;
  while (!outbox.flush(pair.sender.number()).value()) received += pair.read();
  received += pair.read();
  EXPECT_EQ(received, expected);
}

TEST(Outbox, SendsNoMoreThanItsFairShareAtOnce) {
  // A receiver that takes all at once: a file, which costs no memory on the way.
  Outbox outbox;
  const auto source = std::make_shared<net::Descriptor>(::memfd_create("source", MFD_CLOEXEC));
  const std::size_t size = 3 * Outbox::flush_bytes_max;
  ASSERT_EQ(::ftruncate(source->number(), static_cast<off_t>(size)), 0);
  outbox.append(source, 0, size);
  const net::Descriptor sink(::memfd_create("sink", MFD_CLOEXEC));
  EXPECT_EQ(outbox.flush(sink.number()), false);
  EXPECT_EQ(outbox.size_bytes(), 2 * Outbox::flush_bytes_max);
  EXPECT_EQ(outbox.flush(sink.number()), false);
  EXPECT_EQ(outbox.flush(sink.number()), true);
}

TEST(Outbox, FailsOnAFileThatIsShorterThanPromised) {
  Pair pair;
  Outbox outbox;
  outbox.append(as_bytes("head "));
  outbox.append(file_of("short"), 0, 6);
  outbox.append(as_bytes("never"));
  std::expected<bool, std::error_code> done = false;
  while (done && !*done) done = outbox.flush(pair.sender.number());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), std::errc::io_error);
  EXPECT_EQ(pair.read(), "head short");
}

TEST(Outbox, FailsWhenThePeerIsGone) {
  Pair pair;
  pair.receiver.reset();
  for (const bool from_file : {false, true}) {
    Outbox outbox;
    if (from_file) {
      outbox.append(file_of("text"), 0, 4);
    } else {
      outbox.append(as_bytes("text"));
    }
    const auto done = outbox.flush(pair.sender.number());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), std::errc::broken_pipe);
  }
}

TEST(Outbox, MayBeFilledInOneThreadAndEmptiedInAnother) {
  Pair pair;
  for (int round = 0; round < 10; ++round) {
    Outbox outbox;
    outbox.append(as_bytes("text"));
    outbox.append(shared("more"));
    std::jthread([&pair, moved = std::move(outbox)]() mutable {
      EXPECT_EQ(moved.flush(pair.sender.number()), true);
    }).join();
    EXPECT_EQ(pair.read(), "textmore");
  }
}

TEST(Outbox, OutlivesThePoolOfItsThread) {
  std::jthread([] {
    thread_local Outbox early;
    Outbox first;
    first.append(as_bytes("makes the pool, after the other was made"));
    early.append(as_bytes("text"));
  });
}

/// Appends, sends and consumes at random, beside a string that says what must be there.
TEST(Outbox, BehavesAsAString) {
  const std::string content = pattern(100'000, 7);
  const auto file = file_of(content);
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&](std::size_t limit) { return random() % (limit + 1); };
    Pair pair;
    Outbox outbox;
    std::string queued;
    std::string in_flight;
    std::size_t in_files = 0;
    for (std::uint32_t step = 0; step < 400; ++step) {
      const std::size_t size = up_to(std::size_t{1} << up_to(15));
      switch (random() % 6) {
        case 0: {
          const std::string text = pattern(size, step);
          outbox.append(as_bytes(text));
          queued += text;
          break;
        }
        case 1: {
          const std::string text = pattern(size, step);
          const std::size_t offset = up_to(size);
          outbox.append(shared(text), offset);
          queued += text.substr(offset);
          break;
        }
        case 2: {
          const std::size_t offset = up_to(content.size() - size);
          outbox.append(file, offset, size);
          queued += content.substr(offset, size);
          break;
        }
        case 3: {
          const auto done = outbox.flush(pair.sender.number());
          ASSERT_TRUE(done);
          const std::size_t sent = queued.size() - outbox.size_bytes();
          in_flight += queued.substr(0, sent);
          queued.erase(0, sent);
          ASSERT_EQ(*done, queued.empty());
          break;
        }
        case 4: {
          const std::string received = pair.read(size);
          ASSERT_TRUE(in_flight.starts_with(received)) << "seed " << seed << " step " << step;
          in_flight.erase(0, received.size());
          break;
        }
        default: {
          // As a cipher would: look, take a part, and consume it.
          std::array<iovec, 3> spans;
          const std::size_t count = outbox.next_spans(std::span(spans).first(1 + up_to(2)));
          std::string offered;
          for (const iovec& span : std::span(spans).first(count)) {
            offered.append(static_cast<const char*>(span.iov_base), span.iov_len);
          }
          ASSERT_TRUE(queued.starts_with(offered)) << "seed " << seed << " step " << step;
          ASSERT_EQ(offered.empty(), queued.empty() || outbox.next_file() != nullptr);
          const std::size_t taken = up_to(offered.size());
          outbox.consume(taken);
          queued.erase(0, taken);
        }
      }
      ASSERT_EQ(outbox.size_bytes(), queued.size());
      ASSERT_EQ(outbox.empty(), queued.empty());
      ASSERT_LE(outbox.held_bytes(), queued.size());
      ASSERT_TRUE(!queued.empty() || file.use_count() == 1);
      if (file.use_count() > 1) ++in_files;
    }
    EXPECT_GT(in_files, 0u);
  }
}

}  // namespace
}  // namespace duplex::connection
