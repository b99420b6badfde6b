#pragma once

#include "connect_options.hpp"

namespace duplex::app {

/// Talks to a WebSocket: with who sits at the terminal, when standard input and output are one, or
/// else with what is at the other ends of the pipes. The exit status.
int connect(const ConnectOptions& options);

/// The two of them.
int connect_terminal(const ConnectOptions& options);
int connect_pipe(const ConnectOptions& options);

}  // namespace duplex::app
