#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::app {

/// Lines typed in a terminal: editing, history, and room above for what others print meanwhile,
/// which never mixes with what is being typed.
///
/// For one thread, in which SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGWINCH are blocked, as they are
/// to be in all others: the editor takes them while it waits. Text is UTF-8.
class LineEditor {
 public:
  struct Options {
    std::string prompt = "> ";
    /// Where lines are kept for the next time, for their owner only; empty for nowhere.
    std::string history_path = {};
    /// Of the newest lines, so many are kept.
    int lines_max = 1000;
    /// Called, in `read`, when `wake` was.
    std::function<void()> on_wake = {};
  };

  /// Uses standard input and output, which must be terminals. Throws std::runtime_error when the
  /// terminal can't be used.
  explicit LineEditor(Options options);
  /// Gives the terminal back as it was, and keeps the history.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Waits for a line, without its end, and takes it off the screen. nullopt when there are no
  /// more: Ctrl+D in an empty line, Ctrl+C or another signal that ends programs, a terminal that
  /// was closed, or `stop`.
  std::optional<std::string> read();

  /// Prints whole lines above the line that is being typed; also outside of `read`.
  void print(std::string_view lines);

  /// In `on_wake`: `read` ends.
  void stop() noexcept;

  /// Any thread: has `on_wake` called.
  void wake() noexcept;

 private:
  class Terminal;
  std::unique_ptr<Terminal> terminal_;
};

}  // namespace duplex::app
