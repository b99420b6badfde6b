#include "check/wire.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>

#include "stop_pipe.hpp"

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;
using Wait = Wire::Wait;

/// A peer that always has more, and always takes a byte.
class Talkative final : public ByteStream {
 public:
  Talkative() : descriptor_(::dup(STDERR_FILENO)) {}
  ~Talkative() override { ::close(descriptor_); }

  TransferResult read(std::span<char> buffer) override {
    buffer[0] = 'r';
    return {Transfer::moved, 1};
  }
  TransferResult write(std::string_view) override { return {Transfer::moved, 1}; }
  void end_sending() override {}
  int descriptor() const noexcept override { return descriptor_; }
  short events_to_read() const noexcept override { return POLLIN; }
  short events_to_write() const noexcept override { return POLLOUT; }

 private:
  int descriptor_;
};

Wire::Time in(std::chrono::milliseconds duration) {
  return Wire::Clock::now() + duration;
}

TEST(CheckWire, TakesNothingMoreWhenTheTimeIsOver) {
  Wire wire(std::make_unique<Talkative>());
  EXPECT_EQ(wire.receive(in(20s)), Wait::done);
  const std::string input(wire.input());
  EXPECT_FALSE(input.empty());
  EXPECT_EQ(wire.receive(in(0s)), Wait::timed_out);
  EXPECT_EQ(wire.input(), input);
}

TEST(CheckWire, ComesToAnEndWhenThePeerTakesALittleAtATime) {
  Wire wire(std::make_unique<Talkative>());
  EXPECT_EQ(wire.send("abc", in(20s)), Wait::done);
  const std::string much(100'000'000, 'a');
  EXPECT_EQ(wire.send(much, in(10ms)), Wait::timed_out);
}

TEST(CheckWire, NoticesTheUserWhereverThePeerIsNeverSilent) {
  StopPipe stop;
  Wire wire(std::make_unique<Talkative>(), stop.descriptor());
  EXPECT_EQ(wire.look(in(20s)), Wait::done);
  stop.stop();
  EXPECT_EQ(wire.look(in(20s)), Wait::stopped);
  EXPECT_EQ(wire.receive(in(20s)), Wait::stopped);
  EXPECT_EQ(wire.send("abc", in(20s)), Wait::stopped);
}

TEST(CheckWire, KeepsNoMoreThanItMay) {
  Wire wire(std::make_unique<Talkative>(), -1, 10);
  Wait wait = Wait::done;
  while (wait == Wait::done && wire.input().size() <= 10) wait = wire.receive(in(20s));
  EXPECT_EQ(wait, Wait::full);
  EXPECT_EQ(wire.input().size(), 10);
  wire.consume(4);
  EXPECT_EQ(wire.receive(in(20s)), Wait::done);
}

}  // namespace
}  // namespace duplex::app::check
