#include "signals.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace duplex::app {
namespace {

bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return false;
  ::close(terminal);
  return true;
}

}  // namespace

Signals::Signals(bool can_reload) : had_terminal_(has_terminal()) {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  if (can_reload) ::sigaddset(&signals_, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  // A shell that starts a program in the background may have it ignore SIGINT.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
}

Wish Signals::wait() {
  int signal = 0;
  while (::sigwait(&signals_, &signal) != 0) {
  }
  if (signal == SIGHUP && (!had_terminal_ || has_terminal())) return Wish::reload;
  ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return Wish::stop;
}

}  // namespace duplex::app
