#include "hangup.hpp"

#include <fcntl.h>
#include <signal.h>
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

Hangup::Hangup() : had_terminal_(!ignores_hangup() && has_terminal()) {}

bool Hangup::is_of_terminal() const {
  return had_terminal_ && !has_terminal();
}

}  // namespace duplex::app
