#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "connect.hpp"
#include "connect_options.hpp"
#include "exit_status.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Talk to a WebSocket, at the terminal or in a pipe";

constexpr auto footer =
    R"(At a terminal, each line that you type is a message; /help tells what else can be typed.
What comes in is marked <, what goes out >, and what is said about it *.

In a pipe, each line of standard input is a text message, and each message that comes a
line of standard output. At the end of the input, when all is sent and the server has been
silent for a second (--wait), it says goodbye, and still takes what comes before the
server's own.

Examples:
  duplex connect ws://127.0.0.1:8080/echo
  duplex connect -v --cacert ca.pem wss://localhost:8443/live
  echo hello | duplex connect ws://127.0.0.1:8080/echo
  duplex connect --wait forever --reconnect wss://example.com/feed < /dev/null > feed.txt
  duplex connect --null wss://example.com/api < request.json     one message of many lines
  duplex connect --binary --count 1 wss://example.com/image < image.png > answer.png

)";

constexpr auto pipes = "In a pipe";
constexpr auto asking = "What is asked for";
constexpr auto compressing = "Compression";
constexpr auto limiting = "Limits";
constexpr auto showing = "What is shown";
constexpr auto way = "The way to the server";

}  // namespace

void add_connect(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("connect", description);
  command->footer(std::string(footer) + exit_status_help + ".");
  command->get_formatter()->column_width(34);
  const auto given = std::make_shared<ConnectArguments>();
  const auto text = [command](const char* group, const char* name, auto& value, const char* type,
                              const char* help) {
    return command->add_option(name, value, help)->type_name(type)->group(group);
  };
  command
      ->add_option("URL", given->url,
                   "ws://, wss://, or the http:// or https:// of the same place;\n"
                   "ws:// when it names none")
      ->type_name("")
      ->required();
  add_client_options(*command, given->client);

  allow_repetition(*text(asking, "--subprotocol", given->subprotocols, "NAMES",
                         "Offer these subprotocols, with commas between them, the\n"
                         "one liked best first; may be repeated"));
  text(asking, "--origin", given->origin, "ORIGIN", "The origin, as browsers send it");
  command
      ->add_flag("--reconnect", given->reconnect,
                 "Come back when the connection is lost, or can't be made\n"
                 "yet, after waits that grow up to 30 seconds")
      ->group(way);

  command
      ->add_flag("--compress", given->compress,
                 "Offer to compress messages (permessage-deflate); -v shows\n"
                 "what comes of it")
      ->group(compressing);
  text(compressing, "--compress-level", given->compress_level, "N",
       "From 1, fast and the default, to 9, small");
  text(compressing, "--compress-min", given->compress_bytes_min, "SIZE",
       "Send shorter messages as they are; 64 by default");
  text(compressing, "--compress-window", given->compress_window, "BITS",
       "Largest window, both ways, from 9 (512 bytes) to 15\n"
       "(32 KiB), the default");
  command
      ->add_flag("--compress-keep", given->compress_keep,
                 "Keep windows from one message to the next: what is alike\n"
                 "gets smaller yet")
      ->group(compressing);

  text(limiting, "--max-message", given->message_bytes_max, "SIZE",
       "Largest message, either way; 64MiB by default");
  text(limiting, "--heartbeat", given->heartbeat, "TIME",
       "Ping a server that is silent for so long, and give it up\n"
       "when it does not answer; 30 by default, 0 for never");
  text(limiting, "--count", given->count, "N", "Say goodbye after N messages have come");

  text(showing, "--ping-interval", given->ping_interval, "TIME",
       "Ping so often, and tell how long each answer takes");
  text(showing, "--show-bytes-max", given->show_bytes_max, "SIZE",
       "Of a longer message show only so much at a terminal; by\n"
       "default 16KiB of text and 256 bytes of binary, 0 for all");

  command
      ->add_flag("--binary", given->binary,
                 "Send binary messages: what is read at once is one, and\n"
                 "what comes is written as it is")
      ->group(pipes);
  command
      ->add_flag("-0,--null", given->null,
                 "A zero byte ends each message, both ways, instead of a\n"
                 "line feed; with --binary too")
      ->group(pipes);
  text(pipes, "--chunk", given->chunk_bytes, "SIZE",
       "With --binary: the most that is one message; 64KiB by\n"
       "default");
  text(pipes, "--wait", given->wait, "TIME",
       "At the end of the input, how long the server must be\n"
       "silent before the goodbye; 1 by default, or 'forever'");

  command->callback([&run, given] { run = [given] { return connect(resolve(*given)); }; });
}

}  // namespace duplex::app
