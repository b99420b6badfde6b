#include "bench_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <expected>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "files.hpp"
#include "host_address.hpp"
#include "quantity.hpp"
#include "subcommand.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/base/utf8.hpp>
#include <duplex/websocket/client_handshake.hpp>

namespace duplex::app::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t connections_max = 1'000'000;
/// Each may be written and expected at the same time, in all connections.
constexpr std::uint64_t message_bytes_max = std::uint64_t{64} * 1024 * 1024;
constexpr std::uint64_t threads_max = 256;
constexpr std::uint64_t depth_max = 100'000;

constexpr std::array modes{Mode::echo, Mode::fanout, Mode::idle, Mode::connect, Mode::request};

template <class T>
T checked(std::string_view option, std::expected<T, std::string> parsed) {
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *std::move(parsed);
}

std::size_t count_of(std::string_view option, const std::string& text, std::uint64_t lowest,
                     std::uint64_t highest, std::size_t otherwise) {
  return text.empty() ? otherwise : checked(option, parse_count(text, lowest, highest));
}

double rate_of(std::string_view option, const std::string& text) {
  if (text.empty()) return 0;
  const double rate = checked(option, parse_rate(text));
  if (rate == 0) throw UsageError(fmt::format("{}: write more than 0", option));
  return rate;
}

http::Url url_of(std::string_view text) {
  if (text.empty()) throw UsageError("what is to be loaded? Write a URL of ws, wss, http or https");
  auto url = http::Url::parse(text);
  if (!url) {
    throw UsageError(fmt::format("\"{}\" is no URL to load: {}", text, describe(url.error())));
  }
  return *std::move(url);
}

bool is_websocket(const http::Url& url) {
  return url.scheme.starts_with("ws");
}

Mode mode_of(const BenchArguments& arguments, const http::Url& url) {
  if (arguments.mode.empty()) return is_websocket(url) ? Mode::echo : Mode::request;
  const auto found = std::ranges::find(modes, arguments.mode, [](Mode mode) { return name(mode); });
  if (found == modes.end()) {
    throw UsageError(
        fmt::format("--mode: \"{}\" is none; there are echo, fanout, idle, connect and request",
                    arguments.mode));
  }
  if (*found == Mode::request && is_websocket(url)) {
    throw UsageError("--mode request needs a URL of http or https");
  }
  if ((*found == Mode::echo || *found == Mode::fanout) && !is_websocket(url)) {
    throw UsageError(fmt::format("--mode {} needs a URL of ws or wss", arguments.mode));
  }
  return *found;
}

/// An option, whether it was given, and the modes that it is for.
struct Use {
  std::string_view option;
  bool given;
  std::initializer_list<Mode> modes;
};

void refuse_useless(Mode mode, const BenchArguments& arguments) {
  const bool message = arguments.text || arguments.binary;
  for (const Use& use : {
           Use{"--size", !arguments.size.empty(), {Mode::echo, Mode::fanout}},
           Use{"--text and --binary", message, {Mode::echo, Mode::fanout}},
           Use{"--depth", !arguments.depth.empty(), {Mode::echo, Mode::fanout, Mode::request}},
           Use{"--rate", !arguments.rate.empty(), {Mode::echo, Mode::fanout, Mode::request}},
           Use{"--content", !arguments.content.empty(), {Mode::echo, Mode::fanout}},
           Use{"--compress", arguments.compress, {Mode::echo, Mode::fanout}},
           Use{"--verify", !arguments.verify.empty(), {Mode::echo, Mode::fanout}},
           Use{"--subprotocol",
               !arguments.subprotocol.empty(),
               {Mode::echo, Mode::fanout, Mode::idle, Mode::connect}},
           Use{"--publishers", !arguments.publishers.empty(), {Mode::fanout}},
           Use{"--publish-url", !arguments.publish_url.empty(), {Mode::fanout}},
           Use{"--pace",
               !arguments.pace.empty(),
               {Mode::echo, Mode::fanout, Mode::idle, Mode::request}},
           Use{"--resume", arguments.resume, {Mode::connect}},
           Use{"--method", !arguments.method.empty(), {Mode::request}},
           Use{"--body-size", !arguments.body_size.empty(), {Mode::request}},
           Use{"--no-keep-alive", arguments.no_keep_alive, {Mode::request}},
       }) {
    if (use.given && std::ranges::find(use.modes, mode) == use.modes.end()) {
      throw UsageError(fmt::format("{} means nothing in mode {}", use.option, name(mode)));
    }
  }
}

void take_fields(BenchOptions& options, const BenchArguments& arguments) {
  for (const std::string_view field : arguments.fields) {
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) {
      throw UsageError(fmt::format("--header: \"{}\" has no colon; write 'Name: value'", field));
    }
    try {
      options.fields.add(field.substr(0, colon), trim(field.substr(colon + 1)));
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("--header: {}", error.what()));
    }
  }
  options.subprotocol = arguments.subprotocol;
  if (!is_websocket(options.url)) return;
  websocket::HandshakeOffer offer{.fields = options.fields};
  if (!options.subprotocol.empty()) offer.subprotocols = {options.subprotocol};
  try {
    check_offer(offer);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

void take_load(BenchOptions& options, const BenchArguments& arguments) {
  options.unix_path = arguments.unix_path;
  if (!unix_address(options.unix_path)) {
    throw UsageError("--unix-socket: the path is longer than the system takes");
  }
  options.connections =
      count_of("--connections", arguments.connections, 1, connections_max, options.connections);
  options.threads =
      std::min(count_of("--threads", arguments.threads, 1, threads_max, options.threads),
               options.connections);
  if (!arguments.duration.empty()) {
    options.duration = checked("--duration", parse_duration(arguments.duration));
    if (options.duration.count() == 0) throw UsageError("--duration: write more than 0");
  }
  if (!arguments.warmup.empty()) {
    options.warmup = checked("--warmup", parse_duration(arguments.warmup));
  }
  if (!arguments.wait.empty()) options.wait = checked("--wait", parse_duration(arguments.wait));
  if (options.mode == Mode::connect || options.mode == Mode::idle) options.warmup = milliseconds(0);
  options.depth = count_of("--depth", arguments.depth, 1, depth_max, options.depth);
  options.rate = rate_of("--rate", arguments.rate);
  if (options.rate > 0 && !arguments.depth.empty()) {
    throw UsageError(
        "--rate and --depth don't go together: at a rate, a message goes when its time has come, "
        "however many are under way");
  }
  options.pace = rate_of("--pace", arguments.pace);
}

/// The user's own message, in the file that `--content @FILE` names.
void take_own_message(BenchOptions& options, const BenchArguments& arguments) {
  const std::string file = arguments.content.substr(1);
  if (options.mode == Mode::fanout) {
    throw UsageError(
        "--content @FILE is for mode echo: what is fanned out has to say when it was sent");
  }
  if (!arguments.size.empty()) throw UsageError("--size and --content @FILE don't go together");
  MessageKind& message = options.message;
  message.content = Content::own;
  try {
    message.own = read_file(file, message_bytes_max);
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format("--content: {}", error.what()));
  }
  message.bytes = message.own.size();
  if (message.text && !is_valid_utf8(as_bytes(message.own))) {
    throw UsageError(fmt::format("--content: {} is not UTF-8, as text has to be", file));
  }
}

void take_content(BenchOptions& options, const BenchArguments& arguments) {
  if (arguments.content.empty()) return;
  if (arguments.content.starts_with('@')) return take_own_message(options, arguments);
  const auto found =
      std::ranges::find(contents, arguments.content, [](Content content) { return name(content); });
  if (found == contents.end()) {
    throw UsageError(fmt::format(
        "--content: \"{}\" is none; there are letters, prose and json, and @FILE for your own",
        arguments.content));
  }
  options.message.content = *found;
}

void take_messages(BenchOptions& options, const BenchArguments& arguments) {
  if (arguments.text && arguments.binary) {
    throw UsageError("--text and --binary don't go together");
  }
  if (arguments.compress_keep && !arguments.compress) {
    throw UsageError("--compress-keep needs --compress");
  }
  MessageKind& message = options.message;
  message.text = arguments.text;
  message.stamped = options.mode == Mode::fanout;
  message.compressed = arguments.compress;
  // Nobody compresses what is very short.
  if (arguments.compress) message.bytes = 1024;
  message.keep = arguments.compress_keep;
  if (!arguments.size.empty()) {
    const std::uint64_t bytes = checked("--size", parse_size(arguments.size));
    if (bytes > message_bytes_max) {
      throw UsageError("--size: a message has at most 64 MiB here");
    }
    message.bytes = bytes;
  }
  take_content(options, arguments);
  if (!arguments.verify.empty() && arguments.verify != "length" && arguments.verify != "content") {
    throw UsageError(
        fmt::format("--verify: \"{}\" is neither length nor content", arguments.verify));
  }
  options.length_only = arguments.verify == "length";
  if (options.mode == Mode::fanout) {
    const std::size_t least = message.text ? 32 : 16;
    if (arguments.size.empty()) message.bytes = std::max(message.bytes, least);
    if (message.bytes < least) {
      throw UsageError(fmt::format(
          "--size: a message that is fanned out needs {} bytes to say when it was sent{}", least,
          message.text ? ", as text" : ""));
    }
  }
}

void take_tls(BenchOptions& options, const BenchArguments& arguments) {
  if (!arguments.key.empty() && arguments.certificate.empty()) {
    throw UsageError("--key needs --cert FILE: the certificate that it is for");
  }
  const bool given = !arguments.ca.empty() || !arguments.certificate.empty() ||
                     arguments.insecure || arguments.resume;
  if (given && !options.url.is_secure() && !options.publish_url.is_secure()) {
    throw UsageError("--cacert, --cert, --insecure and --resume need a URL of wss or https");
  }
  options.tls = {.ca = arguments.ca,
                 .certificate = arguments.certificate,
                 .key = arguments.key,
                 .insecure = arguments.insecure};
  options.resume = arguments.resume;
}

void take_requests(BenchOptions& options, const BenchArguments& arguments) {
  if (!arguments.method.empty()) {
    const auto method = http::parse_method(arguments.method);
    if (!method || *method == http::Method::connect) {
      throw UsageError(fmt::format("--method: \"{}\" is none of HTTP's that can be sent here",
                                   arguments.method));
    }
    options.method = *method;
  }
  if (!arguments.body_size.empty()) {
    const std::uint64_t bytes = checked("--body-size", parse_size(arguments.body_size));
    if (bytes > message_bytes_max) throw UsageError("--body-size: at most 64 MiB");
    options.body_bytes = bytes;
    if (arguments.method.empty()) options.method = http::Method::post;
  }
  options.keep_alive = !arguments.no_keep_alive;
  if (!options.keep_alive && options.depth > 1) {
    throw UsageError("--depth needs connections that are kept: without --no-keep-alive");
  }
}

void take_reports(BenchOptions& options, const BenchArguments& arguments) {
  if (!arguments.json.empty() && arguments.json == arguments.plot) {
    throw UsageError("--json and --plot can't go to the same place");
  }
  options.json = arguments.json;
  options.plot = arguments.plot;
  options.title = arguments.title;
  options.quiet = arguments.quiet;
  if (!arguments.pid.empty()) {
    options.pid = static_cast<int>(checked("--pid", parse_count(arguments.pid, 1, INT32_MAX)));
  }
}

void take_required(BenchOptions& options, const BenchArguments& arguments) {
  for (const std::string& text : arguments.required) {
    const Requirement requirement = checked("--require", parse_requirement(text));
    if (options.mode == Mode::idle && requirement.of_messages()) {
      throw UsageError(fmt::format(
          "--require: in mode idle there are no messages that \"{}\" could be about", text));
    }
    if (options.mode == Mode::connect && requirement.figure == Requirement::Figure::memory) {
      throw UsageError(fmt::format(
          "--require: in mode connect no connection stays that \"{}\" could be about", text));
    }
    if (options.mode != Mode::fanout && requirement.of_fanout()) {
      throw UsageError(
          fmt::format("--require: in mode {} there are no deliveries that \"{}\" could be about",
                      name(options.mode), text));
    }
    if (!options.pid && requirement.of_server()) {
      throw UsageError(fmt::format("--require: \"{}\" needs --pid, of the server", text));
    }
    options.required.push_back(requirement);
  }
}

}  // namespace

BenchOptions resolve(const BenchArguments& arguments) {
  BenchOptions options;
  options.url = url_of(arguments.url);
  options.mode = mode_of(arguments, options.url);
  refuse_useless(options.mode, arguments);
  options.publish_url = arguments.publish_url.empty() ? options.url : url_of(arguments.publish_url);
  if (!arguments.publish_url.empty() && !is_websocket(options.publish_url)) {
    throw UsageError("--publish-url needs a URL of ws or wss");
  }
  options.publishers = count_of("--publishers", arguments.publishers, 1, 1000, 1);
  take_fields(options, arguments);
  take_load(options, arguments);
  take_messages(options, arguments);
  take_tls(options, arguments);
  take_requests(options, arguments);
  take_reports(options, arguments);
  take_required(options, arguments);
  return options;
}

std::vector<Option> shown(const BenchOptions& options) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  const auto seconds = [](milliseconds time) { return 1e-3 * static_cast<double>(time.count()); };
  const bool measures_messages = options.mode == Mode::echo || options.mode == Mode::fanout;
  std::vector<Option> result{{"connections", number(options.connections)},
                             {"threads", number(options.threads)},
                             {"duration", seconds(options.duration), " s"}};
  const auto add = [&result](bool applies, std::string_view name, auto value,
                             std::string_view unit = {}) {
    if (applies) result.push_back({std::string(name), std::move(value), unit});
  };
  add(options.warmup.count() > 0, "warmup", seconds(options.warmup), " s");
  add(options.mode == Mode::fanout, "publishers", number(options.publishers));
  add(measures_messages, "size", number(options.message.bytes), " B");
  add(measures_messages, "text", options.message.text);
  add(options.message.content != Content::usual, "content",
      std::string(name(options.message.content)));
  add(options.message.compressed, "compress", true);
  add(options.message.keep, "compress_keep", true);
  add(measures_messages, "verify", std::string(options.length_only ? "length" : "content"));
  if (options.mode == Mode::request) {
    add(true, "method", std::string(http::name(options.method)));
    add(options.body_bytes > 0, "body_size", number(options.body_bytes), " B");
    add(true, "keep_alive", options.keep_alive);
  }
  const bool loops = measures_messages || options.mode == Mode::request;
  add(loops && options.rate == 0, "depth", number(options.depth));
  add(options.rate > 0, "rate", options.rate, "/s");
  add(options.pace > 0, "pace", options.pace, "/s");
  add(options.resume, "resume", true);
  add(!options.unix_path.empty(), "unix_socket", options.unix_path);
  return result;
}

}  // namespace duplex::app::bench
