#include "get.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "color.hpp"
#include "exit_status.hpp"
#include "failure_report.hpp"
#include "files.hpp"
#include "printable.hpp"
#include "printable_stream.hpp"
#include "progress_line.hpp"
#include "subcommand.hpp"
#include "wire_report.hpp"
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} * 1024;

/// What is said on standard error.
class Notes {
 public:
  explicit Notes(const GetOptions& options)
      : verbose_(options.client.verbose),
        color_(wants_color(options.client.color, color_environment(STDERR_FILENO))),
        shows_progress_(!options.silent && ::isatty(STDERR_FILENO) == 1 &&
                        (!options.output.empty() || ::isatty(STDOUT_FILENO) != 1)),
        progress_(ProgressLine::Time::clock::now()) {}

  void warn(std::string_view text) {
    say(fmt::format("duplex: {}\n", printable(text, LineBreaks::keep)), Style::warning);
  }
  void note(std::string_view text) {
    if (verbose_) say(marked_lines(text, "* "), Style::faint);
  }
  /// What went over the wire, for `--verbose`.
  void exchange(const client::ResponseHead& head) {
    if (!verbose_) return;
    if (head.redirects() > 0) {
      note(fmt::format("{} redirection{} followed, to {}", head.redirects(),
                       head.redirects() == 1 ? "" : "s", head.url()));
    }
    note(fmt::format("the peer is {}", head.peer()));
    if (const auto session = head.tls()) note(describe_tls(*session));
    say(marked_lines(head.request_head(), "> "), Style::outgoing);
    say(marked_lines(head.raw(), "< "), Style::incoming);
  }
  void progress(std::uint64_t bytes, std::optional<std::uint64_t> total) {
    if (!shows_progress_) return;
    if (const auto line = progress_.update(bytes, total, ProgressLine::Time::clock::now())) {
      write(*line);
    }
  }
  void progress_ended() { write(progress_.clear()); }

 private:
  void say(std::string_view text, Style style) {
    progress_ended();
    write(styled(text, style, color_));
  }
  static void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

  bool verbose_;
  bool color_;
  bool shows_progress_;
  ProgressLine progress_;
};

/// Where content goes: a file, a pipe, or a terminal, which gets nothing that it would obey.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path.empty() ? "standard output" : path) {
    if (path.empty()) {
      shows_ = ::isatty(descriptor_) == 1;
      return;
    }
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(errno);
  }
  ~Output() {
    if (descriptor_ != STDOUT_FILENO) ::close(descriptor_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Blocks. False when nobody reads any more; throws for other failures.
  bool write(std::string_view text) {
    if (!shows_) return write_all(text);
    if (text.find('\0') != std::string_view::npos) {
      throw std::runtime_error(
          "the content is no text; write it to a file with --output FILE, or into a pipe");
    }
    return write_all(printable_.feed(text));
  }
  bool finish() { return write_all(printable_.finish()); }

 private:
  [[noreturn]] void fail(int error) const {
    throw std::runtime_error(
        fmt::format("can't write {}: {}", path_, std::generic_category().message(error)));
  }

  bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EPIPE) return false;
      if (count < 0) fail(errno);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  std::string path_;
  PrintableStream printable_;
  int descriptor_ = STDOUT_FILENO;
  bool shows_ = false;
};

/// Standard input as the content of a request, read as it is sent.
Task<> send_input(ContentWriter& writer) {
  while (true) {
    auto read = [] {
      std::string piece(read_bytes, '\0');
      ssize_t count = 0;
      do {
        count = ::read(STDIN_FILENO, piece.data(), piece.size());
      } while (count < 0 && errno == EINTR);
      if (count < 0) throw std::system_error(errno, std::generic_category(), "standard input");
      piece.resize(static_cast<std::size_t>(count));
      return piece;
    };
    const std::string piece = co_await net::offload(read);
    if (piece.empty()) co_return;
    co_await writer.write(piece);
  }
}

client::Content content_of(const GetOptions& options) {
  const std::string& type = options.media_type;
  if (const auto* const text = std::get_if<TextContent>(&options.content)) {
    return client::Content::bytes(text->text, type);
  }
  if (const auto* const file = std::get_if<FileContent>(&options.content)) {
    return client::Content::file(file->path, type);
  }
  if (std::holds_alternative<InputContent>(options.content)) {
    return client::Content::stream(type.empty() ? "application/octet-stream" : type, &send_input);
  }
  return {};
}

/// One exchange, in the client's thread.
class Exchange {
 public:
  Exchange(const Client& client, const GetOptions& options, Notes& notes) noexcept
      : client_(client), options_(options), notes_(notes) {}

  Task<int> run() {
    if (options_.is_download()) return download();
    return stream();
  }

 private:
  Task<int> download() {
    client::DownloadCall call = client_.download(options_.url, options_.output);
    // What says how leaves the call where it is.
    const auto how = [&call]() -> client::DownloadCall&& { return std::move(call); };
    for (const auto [name, value] : options_.client.fields) how().field(name, value);
    how().redirects_max(options_.redirects_max).retries_max(options_.retries_max);
    how().on_download([this](std::uint64_t bytes, std::optional<std::uint64_t> total) {
      notes_.progress(bytes, total);
    });
    if (!options_.decode) how().undecoded();
    if (!options_.resume) how().from_the_start();
    if (!options_.client.unix_path.empty()) how().unix_socket(options_.client.unix_path);
    const client::Result<Download> result = co_await std::move(call);
    if (!result) co_return failed(result.error());
    notes_.exchange(result->response);
    if (result->resumed_bytes > 0) {
      notes_.note(
          fmt::format("{} of {} bytes were there already", result->resumed_bytes, result->bytes));
    }
    co_return exit_success;
  }

  Task<int> stream() {
    client::StreamCall call = client_.stream(request());
    client::Result<ResponseStream> response = co_await std::move(call);
    if (!response) co_return failed(response.error());
    notes_.exchange(*response);
    if (options_.fail && http::code(response->status()) >= 400) {
      notes_.warn(fmt::format("{} {}", http::code(response->status()), response->reason()));
      co_return exit_http_error;
    }
    Output output(options_.output);
    if (options_.heads && !co_await write(output, std::string(response->raw()))) {
      co_return exit_success;
    }
    while (true) {
      client::Result<std::optional<std::string>> piece = co_await response->read();
      if (!piece) co_return failed(piece.error());
      if (!*piece) break;
      if (!co_await write(output, **std::move(piece))) co_return exit_success;
    }
    output.finish();
    co_return exit_success;
  }

  /// In a thread where it may block. False when nobody reads any more.
  static Task<bool> write(Output& output, std::string text) {
    auto work = [&] { return output.write(text); };
    co_return co_await net::offload(work);
  }

  client::Request request() {
    client::Request request(options_.method, options_.url, content_of(options_));
    request.fields = options_.client.fields;
    request.redirects_max = options_.redirects_max;
    request.decode = options_.decode;
    request.unix_path = options_.client.unix_path;
    const auto progress = [this](std::uint64_t bytes, std::optional<std::uint64_t> total) {
      notes_.progress(bytes, total);
    };
    request.on_upload = progress;
    request.on_download = progress;
    return request;
  }

  int failed(const client::Error& error) {
    notes_.warn(describe_failure(error));
    if (error.code == client::ClientError::unexpected_status) return exit_http_error;
    return exit_status_of(error);
  }

  const Client& client_;
  const GetOptions& options_;
  Notes& notes_;
};

Task<int> run_within_limit(const Client& client, const GetOptions& options, Notes& notes) {
  Exchange exchange(client, options, notes);
  if (!options.client.time_max) co_return co_await exchange.run();
  const std::optional<int> status = co_await net::within(*options.client.time_max, exchange.run());
  if (status) co_return *status;
  notes.warn("the time is up: --max-time");
  co_return exit_timed_out;
}

std::shared_ptr<CookieJar> load_cookies(const std::string& path) {
  if (path.empty()) return nullptr;
  auto jar = std::make_shared<CookieJar>();
  if (!file_exists(path)) return jar;
  if (const std::error_code error = jar->load(path)) {
    throw std::runtime_error(fmt::format("can't read {}: {}", path, error.message()));
  }
  return jar;
}

}  // namespace

int get(const GetOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  Notes notes(options);
  client::ClientOptions client_options = options.client.options;
  client_options.cookies = load_cookies(options.cookies);
  client_options.log = [&notes](LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) {
      notes.warn(line);
    } else {
      notes.note(line);
    }
  };
  const std::shared_ptr<CookieJar> cookies = client_options.cookies;
  int status = exit_failure;
  {
    const Client client(std::move(client_options));
    status = client.run(run_within_limit(client, options, notes));
  }
  notes.progress_ended();
  if (cookies) {
    if (const auto error = cookies->save(options.cookies, client::SessionCookies::keep)) {
      throw std::runtime_error(fmt::format("can't write {}: {}", options.cookies, error.message()));
    }
  }
  return status;
}

}  // namespace duplex::app
