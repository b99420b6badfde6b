#include "watch.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace duplex::app {
namespace {

sigset_t ends() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

/// The signal that has come; 0 for none.
int read_signal(int descriptor) {
  signalfd_siginfo info{};
  if (::read(descriptor, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace

Watch::Watch(std::function<void(int signal)> on_end)
    : on_end_(std::move(on_end)), thread_([this] { run(); }) {}

Watch::~Watch() {
  stop_.stop();
  thread_.join();
}

void Watch::run() {
  const sigset_t signals = ends();
  const int descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC);
  if (descriptor < 0) return;
  // A pipe or socket whose reader has gone reports an error, which needs not be asked for.
  std::array<pollfd, 3> polled = {pollfd{descriptor, POLLIN, 0},
                                  pollfd{stop_.descriptor(), POLLIN, 0},
                                  pollfd{STDOUT_FILENO, 0, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) {
  }
  if (polled[1].revents == 0) {
    const int signal = polled[0].revents != 0 ? read_signal(descriptor) : 0;
    if (signal != 0) unblock_ends();
    on_end_(signal);
    // Until the end here is where the next signal arrives.
    pollfd stop{stop_.descriptor(), POLLIN, 0};
    while (::poll(&stop, 1, -1) < 0 && errno == EINTR) {
    }
  }
  ::close(descriptor);
}

void block_ends(std::initializer_list<int> more) {
  sigset_t signals = ends();
  for (const int signal : more) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A shell that starts a program in the background may have it ignore SIGINT.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
}

void unblock_ends() {
  const sigset_t signals = ends();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace duplex::app
