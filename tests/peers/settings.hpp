#pragma once

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

/// What all peers understand:
///
///   PEER serve [--port N] [--time-limits] [COMPRESSION]
///   PEER run --url ws://HOST:PORT [--agent NAME] [--case-seconds S] [COMPRESSION]
///
/// where COMPRESSION is --deflate, to speak permessage-deflate at all, and with it
/// --no-context-takeover, --window-bits N (both for both directions) and --level N. A library that
/// has no such setting refuses it. With --time-limits, which only Boost.Beast has, a silent client
/// is asked and given up as in the library's own examples.
///
/// A server echoes each message as what it was, up to 64 MiB. It says `port N` when it listens at
/// 127.0.0.1. A client asks /getCaseCount how many cases there are, echoes what comes in each of
/// /runCase?case=N&agent=NAME until the end, and finally goes to /updateReports?agent=NAME.
struct Settings {
  bool serve = true;
  unsigned short port = 0;
  std::string host;
  std::string agent;
  std::chrono::seconds case_limit{120};
  bool time_limits = false;
  bool deflate = false;
  bool no_context_takeover = false;
  int window_bits = 15;
  std::optional<int> level;
};

inline constexpr std::size_t message_bytes_max = 64U << 20U;

/// Answers what is asked wrongly: the sentence, and exit status 2.
[[noreturn]] inline void refuse(const std::string& sentence) {
  std::cerr << sentence << '\n';
  std::exit(2);
}

template <typename Number>
Number parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse("not a number: " + std::string(text));
  }
  return number;
}

inline Settings parse_settings(int argc, char** argv, std::string agent) {
  Settings settings;
  settings.agent = std::move(agent);
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb != "serve" && verb != "run") refuse("usage: PEER serve|run [OPTION...]");
  settings.serve = verb == "serve";
  for (int index = 2; index < argc; ++index) {
    const std::string_view option = argv[index];
    const auto value = [&]() -> std::string_view {
      if (++index == argc) refuse(std::string(option) + " wants a value");
      return argv[index];
    };
    if (option == "--port") {
      settings.port = parse_number<unsigned short>(value());
    } else if (option == "--url") {
      std::string_view url = value();
      constexpr std::string_view scheme = "ws://";
      if (url.substr(0, scheme.size()) != scheme) refuse("not a URL of ws: " + std::string(url));
      url.remove_prefix(scheme.size());
      if (!url.empty() && url.back() == '/') url.remove_suffix(1);
      const std::size_t colon = url.rfind(':');
      if (colon == std::string_view::npos) refuse("the URL names no port");
      settings.host = url.substr(0, colon);
      settings.port = parse_number<unsigned short>(url.substr(colon + 1));
    } else if (option == "--agent") {
      settings.agent = value();
    } else if (option == "--case-seconds") {
      settings.case_limit = std::chrono::seconds(parse_number<int>(value()));
    } else if (option == "--time-limits") {
      settings.time_limits = true;
    } else if (option == "--deflate") {
      settings.deflate = true;
    } else if (option == "--no-context-takeover") {
      settings.no_context_takeover = true;
    } else if (option == "--window-bits") {
      settings.window_bits = parse_number<int>(value());
    } else if (option == "--level") {
      settings.level = parse_number<int>(value());
    } else {
      refuse("unknown option: " + std::string(option));
    }
  }
  if (!settings.serve && settings.host.empty()) refuse("run wants --url");
  if (!settings.serve && settings.time_limits) refuse("only serve has --time-limits");
  return settings;
}

/// Ends the program at SIGTERM, and when nobody holds the other end of its standard input any more:
/// no peer outlives the test that began it.
inline void end_when_told() {
  std::signal(SIGTERM, [](int) { _exit(0); });
  std::thread([] {
    char ignored[64];
    while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
    }
    _exit(0);
  }).detach();
}

inline void announce(unsigned short port) {
  std::cout << "port " << port << std::endl;
}

/// Goes through the cases as a client. `converse(target)` opens a WebSocket, echoes until it ends,
/// or until the limit of time, and gives the last text that came.
template <typename Converse>
void run_cases(const Settings& settings, Converse converse) {
  const int count = parse_number<int>(converse("/getCaseCount"));
  for (int number = 1; number <= count; ++number) {
    converse("/runCase?case=" + std::to_string(number) + "&agent=" + settings.agent);
  }
  converse("/updateReports?agent=" + settings.agent);
}
