#pragma once

#include "serve_options.hpp"

namespace duplex::app {

/// Serves until SIGINT or SIGTERM asks to stop; a second one ends at once. SIGHUP reads
/// certificates anew, when there are any. Standard output gets one line for each address, `duplex
/// serves http://127.0.0.1:8080/`, those in clear first, and nothing else; standard error gets the
/// log. The answer is the exit status; what does not work is thrown.
///
/// To be called by the main thread before there are others, because of the signals.
int serve(const ServeOptions& options);

}  // namespace duplex::app
