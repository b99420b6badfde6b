#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config_file.hpp"
#include "serve.hpp"
#include "serve_options.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Serve a folder, a WebSocket echo and live channels, all on one port";

constexpr auto footer = R"(What it serves:
  /                   the files of DIR; without DIR the page, which is always at /_duplex/
  /echo               a WebSocket that sends back what it gets
  /live/NAME          a live channel: whoever connects with WebSocket receives all that
                      anybody sends there, also what it sends itself; POST sends a message,
                      GET with "Accept: text/event-stream" receives server-sent events
  /_duplex/health     status and counters, as JSON

Examples:
  duplex serve                             the page, on http://127.0.0.1:8080/
  duplex serve public                      the files in the folder public
  duplex serve --spa dist                  a single-page application
  duplex serve --listen :80 public         for everybody who reaches this machine
  duplex serve --listen 127.0.0.1:9000 --listen unix:/tmp/duplex.sock
  duplex serve --tls-self-signed           the page, on https://127.0.0.1:8080/
  duplex serve --listen :80 --tls-listen :443 --redirect-to-https \
    --tls-cert chain.pem --tls-key key.pem public
  curl -d hello http://127.0.0.1:8080/live/news
  curl -N -H 'Accept: text/event-stream' http://127.0.0.1:8080/live/news

A configuration file has the same names; the command line wins:
  dir = "public"
  listen = ["127.0.0.1:8080", "[::1]:8080"]
  max-message = "64MiB"

Ctrl+C or SIGTERM stops it cleanly, a second one at once; SIGHUP reads certificates
anew, if it has any. The exit status is 0 when it was stopped, 1 when something failed,
2 for wrong usage.)";

CLI::Option* declare(CLI::App& command, const ServeOption& option) {
  const std::string help(option.help);
  if (option.name == "dir") return command.add_option("DIR")->description(help)->type_name("");
  const std::string flag = "--" + std::string(option.name);
  if (option.placeholder.empty()) {
    return command.add_flag(flag)->description(help)->group(std::string(option.group));
  }
  return command.add_option(flag)
      ->description(help)
      ->type_name(std::string(option.placeholder))
      ->group(std::string(option.group))
      ->expected(1)
      // One value behind each name, so that DIR may follow; how many names is checked with the
      // values.
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

void add_serve(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("serve", description);
  command->footer(footer);
  command->get_formatter()->column_width(34);
  std::vector<std::pair<const ServeOption*, CLI::Option*>> declared;
  for (const ServeOption& option : serve_option_table()) {
    declared.emplace_back(&option, declare(*command, option));
  }
  const auto config = std::make_shared<std::string>();
  command->add_option("--config", *config, "Read options from a TOML file")->type_name("FILE");

  command->callback([&run, declared = std::move(declared), config] {
    run = [declared, config] {
      std::vector<Setting> settings;
      if (!config->empty()) settings = read_config_file(*config);
      for (const auto& [option, given] : declared) {
        if (given->count() == 0) continue;
        const std::string name(option->name);
        settings.push_back({name, given->results(), name == "dir" ? "DIR" : "--" + name});
      }
      return serve(resolve(settings));
    };
  });
}

}  // namespace duplex::app
