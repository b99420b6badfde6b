#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cert.hpp"
#include "quantity.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Make certificates for https on your own machines";

constexpr auto footer =
    R"(Certificates for development: the first time, it makes an authority of your own, which
your browsers and programs have to be told to trust, once; then certificates that this
authority signs. It prints how. Nobody else trusts them: for the Internet, get one from a
public authority.

Examples:
  duplex cert                                   for localhost, 127.0.0.1 and ::1
  duplex cert app.test '*.app.test' 192.168.1.7
  duplex cert --client "Ada's phone"            to show to a server (mutual TLS)
  duplex cert --force                           again, before it expires

Keys are written for their owner only. A certificate and key that exist are not replaced
without --force, an authority never.)";

constexpr std::uint64_t days_max = 3650;

/// What the command line leaves as text.
struct Given {
  CertOptions options;
  std::string days;
};

}  // namespace

void add_cert(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("cert", description);
  command->footer(footer);
  command->get_formatter()->column_width(34);
  const auto given = std::make_shared<Given>();
  CertOptions& options = given->options;
  const auto text = [command](const char* name, auto& value, const char* type, const char* help) {
    command->add_option(name, value, help)->type_name(type);
  };
  text("NAMES", options.names, "", "Host names, wildcards such as '*.app.test', and IP addresses");
  text("--client", options.client, "NAME", "Make a certificate for a client of this name instead");
  text("--out", options.certificate_path, "FILE",
       "The certificate; cert.pem by default, client.pem for a\nclient");
  text("--key", options.key_path, "FILE",
       "Its key; key.pem by default, client-key.pem for a client");
  text("--days", given->days, "N",
       "How long it is valid; 365 by default, and at most 398,\nsince browsers refuse more");
  command->add_flag("--rsa", options.rsa,
                    "RSA keys of 2048 bits instead of P-256, for old clients");
  command->add_flag("--force", options.force, "Replace the certificate and key that are there");
  text("--dir", options.folder, "DIR",
       "Where the authority is, or is to be made; by default\n~/.local/share/duplex/ca");

  command->callback([&run, given] {
    run = [given] {
      if (!given->days.empty()) {
        const auto days = parse_count(given->days, 1, days_max);
        if (!days) throw UsageError("--days: " + days.error());
        given->options.validity = std::chrono::days(*days);
      }
      std::cout << make_certificate(given->options) << std::flush;
      return exit_success;
    };
  });
}

}  // namespace duplex::app
