#include "net/signal_watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "net/event_loop.hpp"

namespace duplex::net {
namespace {

/// To the process, as operators do.
void send(int signal) {
  ASSERT_EQ(::kill(::getpid(), signal), 0);
}

int own_handler_calls = 0;

/// Has a handler of the program's own for one signal, and counts its calls.
class OwnHandler {
 public:
  explicit OwnHandler(int signal) : signal_(signal) {
    own_handler_calls = 0;
    ::signal(signal, [](int) { ++own_handler_calls; });
  }
  ~OwnHandler() { ::signal(signal_, SIG_DFL); }
  OwnHandler(const OwnHandler&) = delete;
  OwnHandler& operator=(const OwnHandler&) = delete;

 private:
  int signal_;
};

TEST(SignalWatch, TellsWhichSignalCameBeforeAndWhileTheLoopRuns) {
  EventLoop loop;
  SignalWatch watch({&loop});
  std::string told;
  std::thread::id where;
  std::promise<void> first_told;
  watch.add(SIGUSR1, [&] {
    told += '1';
    first_told.set_value();
  });
  watch.add(SIGUSR2, [&] {
    told += '2';
    where = std::this_thread::get_id();
    loop.stop();
  });
  send(SIGUSR1);
  std::thread operating([&] {
    first_told.get_future().wait();
    ::raise(SIGUSR2);  // its own thread is told, and tells the loop's
  });
  loop.run();
  operating.join();
  EXPECT_EQ(told, "12");
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(SignalWatch, TakesOneHandlerForEach) {
  EventLoop loop;
  SignalWatch watch({&loop});
  int first = 0;
  int second = 0;
  watch.add(SIGUSR1, [&] { ++first; });
  watch.add(SIGUSR1, [&] { ++second; });
  for (int times = 1; times <= 3; ++times) {
    send(SIGUSR1);
    loop.run_once(10'000);
    EXPECT_EQ(second, times);
  }
  EXPECT_EQ(first, 0);
}

TEST(SignalWatch, LeavesSignalsAsTheyWereWhenItEnds) {
  const OwnHandler own(SIGUSR1);
  EventLoop loop;
  SignalWatch watch({&loop});
  int told = 0;
  watch.add(SIGUSR1, [&] { ++told; });
  send(SIGUSR1);
  loop.run_once(10'000);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(own_handler_calls, 0);
  watch.end();
  send(SIGUSR1);
  loop.run_once(0);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(own_handler_calls, 1);
}

TEST(SignalWatch, OneOfSeveralIsTold) {
  EventLoop loop;
  int told = 0;
  {
    SignalWatch first({&loop});
    SignalWatch second({&loop});
    first.add(SIGUSR1, [&] { ++told; });
    EXPECT_THROW(second.add(SIGUSR1, [] { FAIL(); }), std::logic_error);
    second.add(SIGUSR2, [&] { told += 10; });
    send(SIGUSR1);
    send(SIGUSR2);
    loop.run_once(10'000);
    EXPECT_EQ(told, 11);
  }
  SignalWatch third({&loop});
  third.add(SIGUSR1, [&] { told += 100; });
  loop.run_once(0);
  EXPECT_EQ(told, 11);
  send(SIGUSR1);
  loop.run_once(10'000);
  EXPECT_EQ(told, 111);
}

TEST(SignalWatch, RefusesWhatCanNotBeWaitedFor) {
  EventLoop loop;
  SignalWatch watch({&loop});
  for (const int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGFPE, 0, -1, 32, 65, 1000}) {
    EXPECT_THROW(watch.add(signal, [] {}), std::invalid_argument) << signal;
  }
}

TEST(SignalWatchDeathTest, TheNextOfThoseThatEndTheProgramDoes) {
  const auto end = [](int first, int second, SignalWatch::Next next_of_second) {
    ::signal(SIGINT, SIG_IGN);
    EventLoop loop;
    SignalWatch watch({&loop});
    watch.add(SIGTERM, [] {}, SignalWatch::Next::ends_program);
    watch.add(SIGINT, [] {}, SignalWatch::Next::ends_program);
    watch.add(SIGINT, [] {}, next_of_second);
    send(first);
    loop.run_once(10'000);
    send(second);  // also when nobody looks at the loop any more
    std::_Exit(0);
  };
  using enum SignalWatch::Next;
  EXPECT_EXIT(end(SIGTERM, SIGTERM, ends_program), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(end(SIGTERM, SIGINT, ends_program), testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(end(SIGINT, SIGTERM, ends_program), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(end(SIGTERM, SIGINT, same), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(end(SIGINT, SIGINT, same), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duplex::net
