#pragma once

#include <functional>
#include <stdexcept>

// NOLINTNEXTLINE(readability-identifier-naming): CLI11's own name.
namespace CLI {
class App;
}

/// How the program is divided: a subcommand is one file with one function `add_NAME`, which `main`
/// calls. It declares its options and, when the user chooses it, leaves in `run` what to do.
namespace duplex::app {

/// What is done when the command line has been read; the answer is the exit status.
///
/// Failures are thrown: `UsageError` when the user should write something else, any other exception
/// when it did not work. Their text is shown to the user, and says what to do.
using Run = std::function<int()>;

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_wrong_usage = 2;

/// The command line, or a configuration file, is not as it should be.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `duplex serve`: files, echo and live channels.
void add_serve(CLI::App& program, Run& run);

/// `duplex connect`: a WebSocket at the terminal or in a pipe.
void add_connect(CLI::App& program, Run& run);

/// `duplex get`: an HTTP request and its response.
void add_get(CLI::App& program, Run& run);

/// `duplex check`: how well a WebSocket server or client keeps to the RFC.
void add_check(CLI::App& program, Run& run);

/// `duplex bench`: what a server does under load.
void add_bench(CLI::App& program, Run& run);

/// `duplex cert`: an authority of one's own, and certificates for development.
void add_cert(CLI::App& program, Run& run);

}  // namespace duplex::app
