#include "net/signal_watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "net/event_loop.hpp"

namespace duplex::net {
namespace {

bool is_blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

/// Not to the process, in which other tests may have left threads that would take it.
void send(int signal, pthread_t thread = pthread_self()) {
  ASSERT_EQ(pthread_kill(thread, signal), 0);
}

TEST(SignalWatch, TellsWhichSignalCameBeforeAndWhileTheLoopRuns) {
  EventLoop loop;
  SignalWatch watch(loop);
  std::string told;
  std::promise<void> first_told;
  watch.add(SIGUSR1, [&] {
    told += '1';
    first_told.set_value();
  });
  watch.add(SIGUSR2, [&] {
    told += '2';
    loop.stop();
  });
  send(SIGUSR1);
  std::thread operating([&, running = pthread_self()] {
    first_told.get_future().wait();
    send(SIGUSR2, running);
  });
  loop.run();
  operating.join();
  EXPECT_EQ(told, "12");
}

TEST(SignalWatch, TakesOneHandlerForEach) {
  EventLoop loop;
  SignalWatch watch(loop);
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

TEST(SignalWatch, GivesBackWhatItHasBlockedAndDropsWhatNobodyWasTold) {
  EventLoop loop;
  {
    SignalWatch watch(loop);
    EXPECT_FALSE(is_blocked(SIGUSR1));
    watch.add(SIGUSR1, [] { FAIL(); });
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGUSR2));
    send(SIGUSR1);
  }
  // Were it still there, it would have ended the program.
  EXPECT_FALSE(is_blocked(SIGUSR1));
  loop.run_once(0);
}

TEST(SignalWatch, LeavesBlockedWhatWasSoBefore) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  {
    EventLoop loop;
    SignalWatch watch(loop);
    watch.add(SIGUSR1, [] {});
    watch.add(SIGUSR1, [] {});
  }
  EXPECT_TRUE(is_blocked(SIGUSR1));
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

TEST(SignalWatch, RefusesWhatCanNotBeWatched) {
  EventLoop loop;
  SignalWatch watch(loop);
  for (const int signal : {SIGKILL, SIGSTOP, 0, -1, 65, 1000}) {
    EXPECT_THROW(watch.add(signal, [] {}), std::invalid_argument) << signal;
  }
  EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(SignalWatchDeathTest, LetsASignalEndTheProgramAgain) {
  EXPECT_EXIT(
      {
        ::signal(SIGTERM, SIG_IGN);
        EventLoop loop;
        SignalWatch watch(loop);
        watch.add(SIGTERM, [&] { let_end_program(SIGTERM); });
        for (int times = 0; times < 2; ++times) {
          send(SIGTERM);
          loop.run_once(10'000);
        }
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace duplex::net
