#include "log_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace duplex::app {
namespace {

/// A pipe, closed at the end.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    close_write_end();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  std::string read_all() {
    close_write_end();
    std::string all;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) {
      all.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(LogWriter, WritesAllLinesBeforeItEnds) {
  Pipe pipe;
  {
    LogWriter writer({.descriptor = pipe.write_end()});
    writer.write("one\n");
    writer.write("");
    writer.write("two\n");
  }
  EXPECT_EQ(pipe.read_all(), "one\ntwo\n");
}

TEST(LogWriter, KeepsTheLinesOfAllThreadsWholeAndInTheirOrder) {
  constexpr int threads = 4;
  constexpr int lines = 2000;
  Pipe pipe;
  std::string all;
  std::thread reader([&] {
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(pipe.read_end(), buffer.data(), buffer.size())) > 0;) {
      all.append(buffer.data(), static_cast<std::size_t>(n));
    }
  });
  {
    LogWriter writer({.descriptor = pipe.write_end()});
    std::vector<std::jthread> workers;
    for (int thread = 0; thread < threads; ++thread) {
      workers.emplace_back([&writer, thread] {
        for (int line = 0; line < lines; ++line) writer.write(fmt::format("{} {}\n", thread, line));
      });
    }
  }
  pipe.close_write_end();
  reader.join();

  std::array<int, threads> next{};
  int count = 0;
  for (std::size_t begin = 0; begin < all.size(); ++count) {
    const std::size_t end = all.find('\n', begin);
    const auto thread = static_cast<std::size_t>(all[begin] - '0');
    EXPECT_EQ(all.substr(begin + 2, end - begin - 2), std::to_string(next.at(thread)++));
    begin = end + 1;
  }
  EXPECT_EQ(count, threads * lines);
}

TEST(LogWriter, LosesAndCountsLinesThatFindAFullQueue) {
  Pipe pipe;
  {
    LogWriter writer({
        .descriptor = pipe.write_end(),
        .queue_bytes_max = 8,
        .describe_loss = [](std::uint64_t lost) { return fmt::format("lost {}\n", lost); },
    });
    writer.write("longer than the queue\n");
    writer.write("longer than the queue\n");
    writer.write("short\n");
  }
  EXPECT_THAT(pipe.read_all(), testing::AnyOf("short\nlost 2\n", "lost 2\nshort\n"));
}

TEST(LogWriter, EndsAlthoughNobodyReads) {
  Pipe pipe;
  LogWriter writer({.descriptor = pipe.write_end()});
  writer.write(std::string(1024 * 1024, 'x') + '\n');
}

TEST(LogWriter, EndsWhenItsReaderIsGone) {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  {
    LogWriter writer({.descriptor = ends[1]});
    writer.write("nobody sees this\n");
  }
  ::close(ends[1]);
}

}  // namespace
}  // namespace duplex::app
