#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "color.hpp"
#include "connect.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "hex.hpp"
#include "outflow.hpp"
#include "pipe_input.hpp"
#include "printable.hpp"
#include "stop_pipe.hpp"
#include "subcommand.hpp"
#include "watch.hpp"
#include "wire_report.hpp"
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

/// What may wait on either side of the client.
constexpr std::size_t waiting_bytes_max = std::size_t{1024} * 1024;

/// Messages go to standard output, and what is to say about them to standard error.
class PipeAudience final : public Audience {
 public:
  PipeAudience(const ConnectOptions& options, Outflow& output)
      : output_(output),
        framing_(options.framing),
        notes_(options.client.verbose || options.reconnect || options.ping_interval.has_value()),
        shows_(::isatty(STDOUT_FILENO) == 1),
        color_(wants_color(options.client.color, color_environment(STDERR_FILENO))) {}

  Task<bool> received(OwnedMessage message) override { return output_.push(framed(message)); }
  void received_last(OwnedMessage message) override { output_.push_now(framed(message)); }
  void sent(const Message& /*message*/) override {}

  void note(std::string_view text, Style style) override {
    if (style != Style::warning && !notes_) return;
    say(style == Style::warning ? fmt::format("duplex: {}\n", printable(text, LineBreaks::keep))
                                : marked_lines(text, "* "),
        style);
  }

  void heads(std::string_view request, std::string_view response) override {
    say(marked_lines(request, "> "), Style::outgoing);
    say(marked_lines(response, "< "), Style::incoming);
  }

  void ended() override { output_.end(); }

 private:
  void say(std::string_view text, Style style) const {
    const std::string styled_text = styled(text, style, color_);
    std::fwrite(styled_text.data(), 1, styled_text.size(), stderr);
  }

  /// A message as it goes to standard output. A terminal gets nothing that it would obey.
  std::string framed(const OwnedMessage& message) const {
    if (shows_) {
      if (!message.is_text()) return hex_dump(message.bytes());
      return printable(message.text(), LineBreaks::keep) + "\n";
    }
    std::string text(message.text());
    if (framing_ == Framing::lines) text += '\n';
    if (framing_ == Framing::nulls) text += '\0';
    return text;
  }

  Outflow& output_;
  Framing framing_;
  bool notes_;  // whether more than failures is told
  bool shows_;
  bool color_;
};

/// Writes what comes to standard output until its end. What went wrong, if it was not just that
/// nobody reads any more.
std::string write_all(Outflow& output) {
  while (const std::optional<std::string> text = output.take()) {
    std::string_view rest = *text;
    while (!rest.empty()) {
      const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        const int error = errno;
        output.abandon();
        if (error == EPIPE) return {};
        return fmt::format("can't write to standard output: {}",
                           std::generic_category().message(error));
      }
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  return {};
}

}  // namespace

int connect_pipe(const ConnectOptions& options) {
  block_ends();
  Outflow output(waiting_bytes_max);
  Conversation::Actions actions(waiting_bytes_max);
  PipeAudience audience(options, output);
  Conversation conversation(options, actions, audience);
  StopPipe stop_input;
  std::atomic<int> signal = 0;
  int status = exit_failure;
  std::string input_failure;
  std::string output_failure;
  {
    client::ClientOptions client_options = options.client.options;
    client_options.log = [&audience](LogLevel level, std::string_view line) {
      audience.note(line, level >= LogLevel::warning ? Style::warning : Style::note);
    };
    const Client client(std::move(client_options));
    const Watch watch([&](int caught) {
      signal = caught;
      conversation.interrupt(client);
    });
    std::thread input([&] {
      PipeInput messages({.framing = options.framing,
                          .binary = options.binary,
                          .chunk_bytes = options.chunk_bytes,
                          .record_bytes_max = options.limits.message_bytes_max,
                          .descriptor = STDIN_FILENO,
                          .stop_descriptor = stop_input.descriptor()});
      input_failure = messages.pump(actions);
      if (!input_failure.empty()) audience.note(input_failure, Style::warning);
      actions.end();
    });
    client.spawn(conversation.run(client, status));
    output_failure = write_all(output);
    // The end of the conversation, also when nothing of it is written any more.
    while (output.take()) {
    }
    stop_input.stop();
    input.join();
  }
  if (!output_failure.empty()) audience.note(output_failure, Style::warning);
  if (const int caught = signal; caught != 0) {
    // As for any program that such a signal ends, so that shells and the like can tell.
    unblock_ends();
    ::raise(caught);
  }
  const bool failed = !input_failure.empty() || !output_failure.empty();
  return status == exit_success && failed ? exit_failure : status;
}

}  // namespace duplex::app
