#include "line_editor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "display_rows.hpp"
#include "history_file.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::app {
namespace {

/// libedit's answers to one who reads a character.
constexpr int one_character = 1;
constexpr int no_more = 0;

std::wstring widened(std::string_view text) {
  std::wstring result;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the state is our own.
    const std::size_t bytes = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size()) break;
    result += character;
    text.remove_prefix(bytes);
  }
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) throw std::system_error(errno, std::generic_category(), "the terminal");
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const noexcept { return number_; }

 private:
  int number_;
};

/// The signals that are read instead of interrupting.
sigset_t editor_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) {
    ::sigaddset(&signals, signal);
  }
  return signals;
}

std::array<int, 2> wake_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "the terminal");
  }
  return ends;
}

}  // namespace

class LineEditor::Terminal {
 public:
  explicit Terminal(Options options)
      : options_(std::move(options)),
        wide_prompt_(widened(options_.prompt)),
        signals_(::signalfd(-1, signal_set(), SFD_CLOEXEC | SFD_NONBLOCK)),
        wake_ends_(wake_pipe()),
        wake_out_(wake_ends_[0]),
        wake_in_(wake_ends_[1]),
        edit_(::el_init("duplex", stdin, stdout, stderr), &::el_end),
        history_(::history_init(), &::history_end) {
    if (!edit_ || !history_) throw std::runtime_error("the terminal can't be used");
    ::el_set(edit_.get(), EL_CLIENTDATA, this);
    ::el_set(edit_.get(), EL_PROMPT, &prompt);
    ::el_set(edit_.get(), EL_GETCFN, &read_character);
    ::el_set(edit_.get(), EL_EDITOR, "emacs");
    ::el_set(edit_.get(), EL_BIND, "^R", "em-inc-search-prev", nullptr);
    bind_keys();
    HistEvent event{};
    ::history(history_.get(), &event, H_SETSIZE, options_.lines_max);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    for (const std::string& line : read_history(options_.history_path, lines_max())) {
      ::history(history_.get(), &event, H_ENTER, line.c_str());
    }
    ::el_set(edit_.get(), EL_HIST, &::history, history_.get());
    // The user's own keys.
    ::el_source(edit_.get(), nullptr);
  }

  ~Terminal() {
    edit_.reset();
    add_to_history(options_.history_path, typed_, lines_max());
  }

  std::optional<std::string> read() {
    stopped_ = false;
    reading_ = true;
    // Before the prompt, and not only behind it: who sees it may type, and is not to be echoed.
    ::el_set(edit_.get(), EL_PREP_TERM, 1);
    int count = 0;
    const char* const text = ::el_gets(edit_.get(), &count);
    reading_ = false;
    if (text == nullptr || count <= 0) {
      // What was being typed is not sent; the screen is left as if it had never been.
      clear_line(text_before_cursor());
      return std::nullopt;
    }
    std::string line(text, static_cast<std::size_t>(count));
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    // The cursor is in the row behind those of the line.
    clear_rows(display_rows(wide_prompt_ + widened(line), columns()) + 1);
    remember(line);
    return line;
  }

  void print(std::string_view lines) {
    if (reading_) clear_line(text_before_cursor());
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    std::fflush(stdout);
    if (reading_) ::el_set(edit_.get(), EL_REFRESH);
  }

  void stop() noexcept { stopped_ = true; }

  void wake() noexcept {
    // A full pipe wakes just as well.
    [[maybe_unused]] const ssize_t written = ::write(wake_in_.number(), "", 1);
  }

 private:
  static Terminal& of(EditLine* edit) {
    void* self = nullptr;
    ::el_get(edit, EL_CLIENTDATA, &self);
    return *static_cast<Terminal*>(self);
  }

  static char* prompt(EditLine* edit) { return of(edit).options_.prompt.data(); }

  static int read_character(EditLine* edit, wchar_t* character) {
    return of(edit).next_character(*character);
  }

  const sigset_t* signal_set() {
    set_ = editor_signals();
    return &set_;
  }

  std::size_t lines_max() const noexcept { return static_cast<std::size_t>(options_.lines_max); }

  /// Keys that people expect, and libedit leaves alone.
  void bind_keys() {
    struct Key {
      const char* sequence;
      const char* function;
    };
    constexpr std::array keys = {
        Key{"\\e[1~", "ed-move-to-beg"},      Key{"\\e[4~", "ed-move-to-end"},
        Key{"\\e[H", "ed-move-to-beg"},       Key{"\\e[F", "ed-move-to-end"},
        Key{"\\e[3~", "ed-delete-next-char"}, Key{"\\e[1;5C", "em-next-word"},
        Key{"\\e[1;5D", "ed-prev-word"},
    };
    for (const auto& [sequence, function] : keys) {
      ::el_set(edit_.get(), EL_BIND, sequence, function, nullptr);
    }
  }

  int next_character(wchar_t& character) {
    while (true) {
      std::array<pollfd, 3> polled = {pollfd{STDIN_FILENO, POLLIN, 0},
                                      pollfd{wake_out_.number(), POLLIN, 0},
                                      pollfd{signals_.number(), POLLIN, 0}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return no_more;
      if (polled[2].revents != 0 && !take_signals()) return no_more;
      if (polled[1].revents != 0) take_wake();
      if (stopped_) return no_more;
      if (polled[0].revents == 0) continue;
      const int answer = read_byte(character);
      if (answer >= 0) return answer;
    }
  }

  /// A byte of a character: what libedit is to be answered, or -1 when the character is incomplete.
  int read_byte(wchar_t& character) {
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return -1;
    if (count <= 0) return no_more;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the state is our own.
    const std::size_t result = std::mbrtowc(&character, &byte, 1, &partial_);
    if (result == static_cast<std::size_t>(-2)) return -1;
    if (result == static_cast<std::size_t>(-1)) {
      // No UTF-8: not to be sent as text, and so not typed.
      partial_ = {};
      return -1;
    }
    return one_character;
  }

  /// False when one of them ends the program.
  bool take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.number(), &info, sizeof info) == sizeof info) {
      switch (static_cast<int>(info.ssi_signo)) {
        case SIGWINCH: ::el_resize(edit_.get()); break;
        case SIGTSTP: suspend(); break;
        default: return false;
      }
    }
    return true;
  }

  void suspend() {
    ::el_set(edit_.get(), EL_PREP_TERM, 0);
    std::fputc('\n', stdout);
    std::fflush(stdout);
    // SIGTSTP itself is blocked, and would come again.
    ::raise(SIGSTOP);
    ::el_set(edit_.get(), EL_PREP_TERM, 1);
    ::el_resize(edit_.get());
    ::el_set(edit_.get(), EL_REFRESH);
  }

  void take_wake() {
    std::array<char, 64> bytes;
    while (::read(wake_out_.number(), bytes.data(), bytes.size()) > 0) {
    }
    if (options_.on_wake) options_.on_wake();
  }

  std::size_t columns() const noexcept {
    constexpr std::size_t usual = 80;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
    return size.ws_col;
  }

  std::string_view text_before_cursor() const {
    const LineInfo* const line = ::el_line(edit_.get());
    return {line->buffer, static_cast<std::size_t>(line->cursor - line->buffer)};
  }

  void clear_line(std::string_view before_cursor) {
    clear_rows(display_rows(wide_prompt_ + widened(before_cursor), columns()));
  }

  /// Clears the screen from `rows` above the cursor on (ECMA-48 sections 8.3.22 and 8.3.39).
  static void clear_rows(std::size_t rows) {
    std::string codes = "\r";
    if (rows > 0) codes += fmt::format("\x1b[{}A", rows);
    codes += "\x1b[J";
    std::fwrite(codes.data(), 1, codes.size(), stdout);
    std::fflush(stdout);
  }

  void remember(const std::string& line) {
    // A line that is empty, or that was typed just before, is of no use in a history.
    if (line.empty() || !is_valid_utf8(as_bytes(line))) return;
    HistEvent event{};
    ::history(history_.get(), &event, H_ENTER, line.c_str());
    if (typed_.empty() || typed_.back() != line) typed_.push_back(line);
  }

  Options options_;
  std::wstring wide_prompt_;
  sigset_t set_{};
  Descriptor signals_;
  std::array<int, 2> wake_ends_;
  Descriptor wake_out_;
  Descriptor wake_in_;
  std::unique_ptr<EditLine, void (*)(EditLine*)> edit_;
  std::unique_ptr<History, void (*)(History*)> history_;
  std::vector<std::string> typed_;
  std::mbstate_t partial_{};
  bool reading_ = false;
  bool stopped_ = false;
};

LineEditor::LineEditor(Options options) {
  // libedit shows and counts characters by the locale. What is sent is UTF-8, whatever the user's
  // locale is, and so is what is typed.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before anybody else could ask for it.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  terminal_ = std::make_unique<Terminal>(std::move(options));
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  return terminal_->read();
}

void LineEditor::print(std::string_view lines) {
  terminal_->print(lines);
}

void LineEditor::stop() noexcept {
  terminal_->stop();
}

void LineEditor::wake() noexcept {
  terminal_->wake();
}

}  // namespace duplex::app
