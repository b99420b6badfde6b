#include "signals.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace duplex::app {
namespace {

/// Whether there is a terminal that can be closed.
bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return false;
  ::close(terminal);
  return true;
}

/// Whether the program was started so that it outlives its terminal, as nohup(1) does.
bool ignores_hangup() {
  struct sigaction action{};
  return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals(bool can_reload) : stops_at_hangup_(!ignores_hangup() && has_terminal()) {
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
  if (signal == SIGHUP && (!stops_at_hangup_ || has_terminal())) return Wish::reload;
  // Not SIGHUP: a terminal that is closed may send it twice, and the second would end the program
  // while it is stopping.
  sigset_t impatient;
  ::sigemptyset(&impatient);
  ::sigaddset(&impatient, SIGINT);
  ::sigaddset(&impatient, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &impatient, nullptr);
  return Wish::stop;
}

}  // namespace duplex::app
