#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "check.hpp"
#include "check_options.hpp"
#include "client_options.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Check how well a WebSocket server or client keeps to RFC 6455";

constexpr auto footer =
    R"(More than a thousand cases, each on a connection of its own. The server at URL, or the client
that connects to --listen, has to echo each message. A case is right, acceptable (allowed, but not
the best), wrong, or not applicable (the peer doesn't have what it is about).

A client is given the next case with each connection, and 410 when there are no more. Or it asks
by number, as in the field's conformance suite: /getCaseCount, /runCase?case=N&agent=NAME, and in
the end /updateReports?agent=NAME.

Examples:
  duplex check ws://127.0.0.1:8080/echo
  duplex check --only framing --only 'ping/*' ws://127.0.0.1:8080/echo
  ./my-server & duplex check --wait 10 --junit report.xml ws://127.0.0.1:8080/echo
  duplex check --listen 9001

Exit status: 0 all cases were run and nothing is wrong, 1 otherwise, 2 wrong usage, 130 interrupted
(SIGINT), 143 told to end (SIGTERM))";

constexpr auto choosing = "Which cases";
constexpr auto running = "How they are run";
constexpr auto encryption = "Encryption: wss";
constexpr auto reporting = "What is written";

}  // namespace

void add_check(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("check", description);
  command->footer(footer);
  command->get_formatter()->column_width(34);
  const auto given = std::make_shared<check::CheckArguments>();
  const auto text = [command](const char* group, const char* name, auto& value, const char* type,
                              const char* help) {
    return command->add_option(name, value, help)->type_name(type)->group(group);
  };
  const auto flag = [command](const char* group, const char* name, bool& value, const char* help) {
    command->add_flag(name, value, help)->group(group);
  };
  command->add_option("URL", given->url, "ws:// or wss://, of a server that echoes")->type_name("");
  command
      ->add_option("--listen", given->listen,
                   "Check clients instead, at PORT (0: any free one) or\nADDRESS:PORT")
      ->type_name("PORT");

  allow_repetition(*text(choosing, "--only", given->only, "GLOB",
                         "Only these, such as 'utf8/*'; a group's name stands for\n"
                         "all of it; may be repeated"));
  allow_repetition(
      *text(choosing, "--without", given->without, "GLOB", "Not these; may be repeated"));
  flag(choosing, "--list", given->list, "List them with their rules, and run none");

  text(running, "--jobs", given->jobs, "N", "Cases at a time; 16 by default");
  text(running, "--timeout", given->timeout, "TIME", "For each case; 10 by default");
  text(running, "--wait", given->wait, "TIME",
       "Try to connect for so long at first, while the server\nstarts; 0 by default");
  text(running, "--idle-seconds", given->idle, "TIME",
       "With --listen: end when nobody has been connected for\nso long; 30 by default");
  allow_repetition(*text(running, "-H,--header", given->fields, "'NAME: VALUE'",
                         "A field of each request; may be repeated"));

  text(encryption, "--cacert", given->ca, "FILE",
       "Trust these authorities (PEM), not the system's");
  text(encryption, "--cert", given->certificate, "FILE",
       "Show this certificate (PEM); with --listen, encrypt");
  text(encryption, "--key", given->key, "FILE", "Its key, when FILE of --cert has none");
  flag(encryption, "--insecure", given->insecure, "Accept any certificate");

  text(reporting, "--json", given->json, "FILE", "All results; - for standard output, as below");
  text(reporting, "--junit", given->junit, "FILE",
       "The same as JUnit's XML, which CI systems read");
  text(reporting, "--html", given->html, "FILE", "The same as one page");
  flag(reporting, "-q,--quiet", given->quiet, "Say nothing but errors");
  flag(reporting, "-v,--verbose", given->verbose,
       "Show what went over the wire where it isn't right");
  text(reporting, "--color", given->color, "WHEN",
       "auto, always or never; auto is for terminals that have\n"
       "it, unless NO_COLOR is set");

  command->callback(
      [&run, given] { run = [given] { return check::run_check(check::resolve(*given)); }; });
}

}  // namespace duplex::app
