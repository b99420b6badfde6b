#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "action.hpp"
#include "color.hpp"
#include "connect.hpp"
#include "conversation.hpp"
#include "history_file.hpp"
#include "line_editor.hpp"
#include "outflow.hpp"
#include "subcommand.hpp"
#include "transcript.hpp"
#include "watch.hpp"
#include "wire_report.hpp"
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

/// What may wait for a terminal that is held by Ctrl+S, and for a server that takes nothing.
constexpr std::size_t shown_bytes_max = std::size_t{256} * 1024;
constexpr std::size_t typed_bytes_max = std::size_t{1024} * 1024;

Transcript::Time now() {
  return std::chrono::system_clock::now();
}

/// All goes to the terminal, as lines of a transcript.
class TerminalAudience final : public Audience {
 public:
  TerminalAudience(const Transcript& transcript, Outflow& output) noexcept
      : transcript_(transcript), output_(output) {}

  Task<bool> received(OwnedMessage message) override {
    return output_.push(transcript_.message(Direction::incoming, message, now()));
  }
  void received_last(OwnedMessage message) override {
    output_.push_now(transcript_.message(Direction::incoming, message, now()));
  }
  void sent(const Message& message) override {
    output_.push_now(transcript_.message(Direction::outgoing, message, now()));
  }
  void note(std::string_view text, Style style) override {
    output_.push_now(transcript_.note(text, now(), style));
  }
  void heads(std::string_view request, std::string_view response) override {
    for (const std::string& head : {marked_lines(request, "> "), marked_lines(response, "< ")}) {
      note(std::string_view(head).substr(0, head.find_last_not_of('\n') + 1), Style::faint);
    }
  }

  void ended() override { output_.end(); }

 private:
  const Transcript& transcript_;
  Outflow& output_;
};

/// Takes lines until there are no more, or the conversation has ended.
void read_lines(LineEditor& editor, const Transcript& transcript, Conversation::Actions& actions) {
  while (const std::optional<std::string> line = editor.read()) {
    auto action = parse_action(*line);
    if (!action) {
      editor.print(transcript.note(action.error(), now(), Style::warning));
      continue;
    }
    if (!*action) continue;
    if (!actions.push(std::move(**action), line->size())) return;
  }
}

}  // namespace

int connect_terminal(const ConnectOptions& options) {
  block_ends({SIGHUP, SIGTSTP, SIGWINCH});
  const Transcript transcript(
      {.color = wants_color(options.client.color, color_environment(STDOUT_FILENO)),
       .text_bytes_max = options.show_text_bytes_max,
       .binary_bytes_max = options.show_binary_bytes_max});
  LineEditor* prompt = nullptr;
  Outflow output(shown_bytes_max, [&prompt] { prompt->wake(); });
  const auto show = [&] {
    const std::string text = output.take_now();
    if (!text.empty()) prompt->print(text);
    if (output.at_end()) prompt->stop();
  };
  LineEditor editor({.prompt = "> ", .history_path = history_path(), .on_wake = show});
  prompt = &editor;
  Conversation::Actions actions(typed_bytes_max);
  TerminalAudience audience(transcript, output);
  Conversation conversation(options, actions, audience);
  int status = exit_failure;
  client::ClientOptions client_options = options.client.options;
  client_options.log = [&audience](LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) audience.note(line, Style::warning);
  };
  const Client client(std::move(client_options));
  client.spawn(conversation.run(client, status));
  read_lines(editor, transcript, actions);
  // From here on Ctrl+C means at once.
  unblock_ends();
  conversation.interrupt(client);
  actions.end();
  while (const std::optional<std::string> text = output.take()) editor.print(*text);
  return status;
}

}  // namespace duplex::app
