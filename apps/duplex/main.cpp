#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "subcommand.hpp"
#include "version.hpp"

namespace {

int complain(const std::string& what, int status) {
  std::cerr << "duplex: " << what << '\n';
  return status;
}

/// The part of the program that the user was talking to, for help.
std::string spoken_to(const CLI::App& program) {
  const auto chosen = program.get_subcommands();
  return chosen.empty() ? "duplex" : "duplex " + chosen.front()->get_name();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace duplex::app;
  CLI::App program(
      "duplex serves files, HTTP and WebSocket on one port, and talks to those who do.", "duplex");
  program.set_version_flag("--version", "duplex " + std::string(version()), "Show the version");
  program.set_help_flag("-h,--help", "Show this help");
  program.footer(
      "Begin with:\n"
      "  duplex serve            then open http://127.0.0.1:8080/ in a browser\n"
      "  duplex connect ws://127.0.0.1:8080/echo\n"
      "  duplex serve --help     all that it can do");
  Run run;
  add_serve(program, run);
  add_connect(program, run);
  add_get(program, run);
  add_check(program, run);
  add_bench(program, run);
  add_cert(program, run);

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // help or version
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + "\nSee '" + spoken_to(program) + " --help'.",
                    exit_wrong_usage);
  }
  if (!run) {
    std::cerr << program.help();
    return exit_wrong_usage;
  }
  try {
    return run();
  } catch (const UsageError& error) {
    return complain(std::string(error.what()) + "\nSee '" + spoken_to(program) + " --help'.",
                    exit_wrong_usage);
  } catch (const std::exception& error) {
    return complain(error.what(), exit_failure);
  }
}
