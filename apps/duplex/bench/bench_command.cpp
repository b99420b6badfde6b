#include <CLI/CLI.hpp>
#include <memory>

#include "bench.hpp"
#include "bench_options.hpp"
#include "client_options.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Load a server, and measure what it does under load";

constexpr auto footer = R"(
Opens many connections, keeps them busy, and tells rates, latencies and errors. What is measured
depends on the mode: by default echoes of WebSocket messages for ws:// and wss://, responses for
http:// and https://.

  echo     each message has to come back as it was
  fanout   what is published at the URL has to reach all connections, as at /live of duplex serve
  idle     connections are opened, and held
  connect  connections are opened and closed again, --connections at a time
  request  requests, and their responses

Without --rate each answer lets the next message go (a closed loop): the most that the server can.
With it messages go when their time has come, and latency counts from then (an open loop): how long
users wait at this rate, also while the server stands still.

Examples:
  duplex bench ws://127.0.0.1:8080/echo
  duplex bench -c 1000 -d 30s --rate 50k --plot latency.svg wss://example.com/echo
  duplex bench --mode fanout -c 1000 --rate 100 ws://127.0.0.1:8080/live/x
  duplex bench --require 'p99<5ms' --require 'rate>=10k' ws://127.0.0.1:8080/echo
  duplex bench -c 100 --depth 16 --pid $(pgrep -x my-server) http://127.0.0.1:8080/

Only load what is yours, or whose owner knows.

Exit status: 0 measured with no errors except those that --require allows, and all that is
required held; 1 otherwise; 2 wrong usage. When a signal ends it early, it reports, and ends by
that signal)";

constexpr auto loading = "The load";
constexpr auto messages = "Messages: echo and fanout";
constexpr auto requests = "Requests";
constexpr auto encryption = "Encryption: wss and https";
constexpr auto requiring = "What is required, for CI";
constexpr auto reporting = "What is written";

}  // namespace

void add_bench(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("bench", description);
  command->footer(footer);
  command->get_formatter()->column_width(34);
  const auto given = std::make_shared<bench::BenchArguments>();
  const auto text = [command](const char* group, const char* name, auto& value, const char* type,
                              const char* help) {
    return command->add_option(name, value, help)->type_name(type)->group(group);
  };
  const auto flag = [command](const char* group, const char* name, bool& value, const char* help) {
    command->add_flag(name, value, help)->group(group);
  };
  command->add_option("URL", given->url, "What to load")->type_name("");

  text(loading, "--mode", given->mode, "MODE", "echo, fanout, idle, connect or request");
  text(loading, "-c,--connections", given->connections, "N", "50 by default");
  text(loading, "-d,--duration", given->duration, "TIME",
       "In seconds, or as 500ms, 2m or 1h; 10 by default");
  text(loading, "-t,--threads", given->threads, "N",
       "That share the connections; 1 by default, which is\nenough for most servers");
  text(loading, "--warmup", given->warmup, "TIME",
       "Load so long before anything counts; 500ms by default");
  text(loading, "--wait", given->wait, "TIME",
       "Try to connect for so long at first, while the server\nstarts; 0 by default");
  text(loading, "--depth", given->depth, "N",
       "Messages under way on each connection; requests are\npipelined; 1 by default");
  text(loading, "--rate", given->rate, "N",
       "Messages a second, of all connections together,\nwhatever the server does; as 500, 10k "
       "or 1.5M");
  text(loading, "--pace", given->pace, "N",
       "Connections opened a second; by default as many as go");
  flag(loading, "--resume", given->resume, "Mode connect: resume TLS sessions");
  allow_repetition(*text(loading, "-H,--header", given->fields, "'NAME: VALUE'",
                         "A field of each request; may be repeated"));
  text(loading, "--subprotocol", given->subprotocol, "NAME", "To offer to a WebSocket server");
  text(loading, "--unix-socket", given->unix_path, "PATH",
       "Connect to this Unix socket, whatever host URL names");

  text(messages, "-s,--size", given->size, "SIZE",
       "Of a message; 20 bytes by default, 1K with --compress");
  flag(messages, "--text", given->text, "Send text");
  flag(messages, "--binary", given->binary, "Send binary messages, which is the default");
  text(messages, "--content", given->content, "WHAT",
       "letters, prose (text of several languages), json, or,\nin mode echo, your own from @FILE; "
       "by default letters,\nprose as text, json with --compress");
  flag(messages, "--compress", given->compress, "By permessage-deflate; the server has to agree");
  flag(messages, "--compress-keep", given->compress_keep,
       "Keep windows from one message to the next");
  text(messages, "--verify", given->verify, "WHAT",
       "length or content, of what comes back; content by\ndefault");
  text(messages, "--publishers", given->publishers, "N",
       "Mode fanout: connections that publish, besides those\nthat listen; 1 by default");
  text(messages, "--publish-url", given->publish_url, "URL", "Mode fanout: where they publish");

  text(requests, "--method", given->method, "METHOD", "GET by default, POST with --body-size");
  text(requests, "--body-size", given->body_size, "SIZE", "Of the content to send");
  flag(requests, "--no-keep-alive", given->no_keep_alive, "A connection for each request");

  text(encryption, "--cacert", given->ca, "FILE",
       "Trust these authorities (PEM), not the system's");
  text(encryption, "--cert", given->certificate, "FILE", "Show this certificate (PEM)");
  text(encryption, "--key", given->key, "FILE", "Its key, when FILE of --cert has none");
  flag(encryption, "--insecure", given->insecure, "Accept any certificate");

  allow_repetition(*text(requiring, "--require", given->required, "'WHAT<LIMIT'",
                         "What has to come of it, or else the exit status is 1;\n"
                         "may be repeated. WHAT is rate, opening-rate, min, mean,\n"
                         "max, p50, p99.9 and so on, handshake-p99 and so on, errors,\n"
                         "in mode fanout lost; with --pid also cpu (of a message),\n"
                         "memory (of a connection). LIMIT is 10k (a second), 5ms,\n"
                         "300us, 4K, for errors and lost 10 or 0.1%; < may as well\n"
                         "be <=, or, but for these two, > or >="));

  text(reporting, "--pid", given->pid, "PID",
       "The server's process on this machine, with its\nchildren: tell what it costs, too");
  text(reporting, "--json", given->json, "FILE", "All results; - for standard output, also below");
  text(reporting, "--plot", given->plot, "FILE", "Latencies and the rate over time, as SVG");
  text(reporting, "--title", given->title, "TEXT", "What the reports are to be called");
  flag(reporting, "-q,--quiet", given->quiet, "Say nothing but what went wrong");

  command->callback(
      [&run, given] { run = [given] { return bench::run_bench(bench::resolve(*given)); }; });
}

}  // namespace duplex::app
