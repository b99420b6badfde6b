#include "connect.hpp"

#include <unistd.h>

namespace duplex::app {

int connect(const ConnectOptions& options) {
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) return connect_terminal(options);
  return connect_pipe(options);
}

}  // namespace duplex::app
