#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "exit_status.hpp"
#include "get.hpp"
#include "get_options.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

constexpr auto description = "Send an HTTP request, and write what comes back";

constexpr auto footer =
    R"(Redirections are followed, and compressed content is decompressed. Into a file, a GET goes
on where an earlier one broke off, if the server still has the same: what is incomplete is
kept beside the file, with .part behind its name.

Examples:
  duplex get http://127.0.0.1:8080/_duplex/health
  duplex get -O https://example.com/image.iso
  duplex get -v -I https://example.com/
  duplex get --json '{"name": "a"}' https://example.com/api
  duplex get -T backup.tar https://example.com/upload/backup.tar

)";

constexpr auto asking = "What is asked for";
constexpr auto writing = "Where it goes";
constexpr auto showing = "What is shown";

}  // namespace

void add_get(CLI::App& program, Run& run) {
  CLI::App* const command = program.add_subcommand("get", description);
  command->footer(std::string(footer) + exit_status_help +
                  ",\n7 a status from 400 on, with --fail or into a file.");
  command->get_formatter()->column_width(34);
  const auto given = std::make_shared<GetArguments>();
  const auto text = [command](const char* group, const char* name, auto& value, const char* type,
                              const char* help) {
    command->add_option(name, value, help)->type_name(type)->group(group);
  };
  const auto flag = [command](const char* group, const char* name, bool& value, const char* help) {
    command->add_flag(name, value, help)->group(group);
  };
  command->add_option("URL", given->url, "http:// or https://; http:// when it names none")
      ->type_name("")
      ->required();
  add_client_options(*command, given->client);

  text(asking, "-X,--request", given->method, "METHOD",
       "GET, unless an option below suggests another");
  flag(asking, "-I,--head", given->head_only, "Ask for the head only, and write it");
  text(asking, "-d,--data", given->data, "DATA",
       "POST this form; @FILE for what is in a file, @- for\n"
       "standard input, as it is");
  text(asking, "--json", given->json, "DATA", "POST this JSON, and ask for such; @FILE as above");
  text(asking, "-T,--upload-file", given->upload, "FILE", "PUT this file; - for standard input");
  text(asking, "--range", given->range, "FIRST-LAST", "Only these bytes, from 0");
  text(asking, "--cookies", given->cookies, "FILE",
       "Take cookies from FILE, and keep them there; it may not\n"
       "exist yet");
  text(asking, "--redirects-max", given->redirects_max, "N",
       "Redirections to follow; 10 by default, 0 for none");
  flag(asking, "-L,--location", given->follow, "Follow redirections: it does, this is for habit");
  flag(asking, "--compressed,!--undecoded", given->decode,
       "Ask for compressed content and decompress it: it does;\n"
       "--undecoded: take content as it comes");

  text(writing, "-o,--output", given->output, "FILE", "Write to FILE; standard output by default");
  flag(writing, "-O,--remote-name", given->remote_name,
       "Write to a file of the name in URL, in this folder");
  flag(writing, "--no-resume", given->no_resume,
       "Begin a file anew, whatever an earlier call has left");
  text(writing, "--retries", given->retries, "N",
       "How often a file that breaks off is taken up again; 3 by\n"
       "default");
  flag(writing, "--fail", given->fail, "A status from 400 on is a failure, and not written");

  flag(showing, "-i,--include", given->heads, "Write the head of the response before its content");
  flag(showing, "-s,--silent", given->silent,
       "No progress, which otherwise is shown at a terminal");

  command->callback([&run, given] { run = [given] { return get(resolve(*given)); }; });
}

}  // namespace duplex::app
