#include "check_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "cases.hpp"
#include "listen_address.hpp"
#include "quantity.hpp"
#include "subcommand.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

/// Each is a thread.
constexpr std::uint64_t jobs_max = 256;

template <class T>
T checked(std::string_view option, std::expected<T, std::string> parsed) {
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *std::move(parsed);
}

milliseconds time_of(std::string_view option, const std::string& text) {
  const milliseconds time = checked(option, parse_duration(text));
  if (time.count() == 0) throw UsageError(fmt::format("{}: write more than 0", option));
  return time;
}

/// A URL without a scheme is one of ws; http and https are those of the same place.
http::Url parsed_url(const std::string& text) {
  const std::string whole = text.find("://") == std::string::npos ? "ws://" + text : text;
  auto url = http::Url::parse(whole);
  if (!url) {
    throw UsageError(fmt::format("\"{}\" is no URL to check: {}", text, describe(url.error())));
  }
  if (url->scheme == "http") url->scheme = "ws";
  if (url->scheme == "https") url->scheme = "wss";
  return *std::move(url);
}

ListenPlace parsed_place(const std::string& text) {
  const bool port_only = text.find(':') == std::string::npos;
  auto place = checked("--listen", parse_listen_address(port_only ? "127.0.0.1:" + text : text));
  if (!place.unix_path.empty()) {
    throw UsageError(
        "--listen: write PORT or ADDRESS:PORT; clients are not checked on Unix sockets");
  }
  return {.address = std::move(place.address), .port = place.port};
}

HttpHead::Field parsed_field(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw UsageError(fmt::format("--header: \"{}\" has no colon; write 'Name: value'", text));
  }
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = trim(text.substr(colon + 1));
  try {
    http::Fields().add(name, value);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--header: {}", error.what()));
  }
  return {std::string(name), std::string(value)};
}

/// Who is checked, and how encrypted.
void take_peer(CheckOptions& options, const CheckArguments& arguments) {
  if (!arguments.url.empty() && !arguments.listen.empty()) {
    throw UsageError("URL and --listen don't go together: a server is checked, or a client");
  }
  if (!arguments.url.empty()) options.url = parsed_url(arguments.url);
  if (!arguments.listen.empty()) options.listen = parsed_place(arguments.listen);
  if (!options.url && !options.listen && !options.list) {
    throw UsageError(
        "what is to be checked? Write the URL of a server that echoes, or --listen PORT for "
        "clients");
  }
  if (!arguments.key.empty() && arguments.certificate.empty()) {
    throw UsageError("--key needs --cert FILE: the certificate that it is for");
  }
  if (options.listen) {
    if (!arguments.ca.empty() || arguments.insecure || !arguments.fields.empty() ||
        options.wait.count() > 0) {
      throw UsageError(
          "--cacert, --insecure, --header and --wait are for checking servers, not for --listen");
    }
    if (!arguments.certificate.empty()) {
      options.server_tls = {.certificate = arguments.certificate, .key = arguments.key};
    }
  }
  for (const std::string& field : arguments.fields) options.fields.push_back(parsed_field(field));
  options.client_tls = {.ca = arguments.ca,
                        .certificate = arguments.certificate,
                        .key = arguments.key,
                        .insecure = arguments.insecure};
}

void take_reports(CheckOptions& options, const CheckArguments& arguments) {
  options.json = arguments.json;
  options.junit = arguments.junit;
  options.html = arguments.html;
  std::vector<std::string> places{arguments.json, arguments.junit, arguments.html};
  std::erase(places, "");
  std::ranges::sort(places);
  const auto twice = std::ranges::adjacent_find(places);
  if (twice == places.end()) return;
  if (*twice == "-") {
    throw UsageError("--json, --junit, --html: only one of them can go to standard output");
  }
  throw UsageError(
      fmt::format("--json, --junit, --html: {} can hold only one of the reports", *twice));
}

/// A misspelt pattern would else choose less, or more, than is meant, and nobody would see it.
void refuse_idle(std::string_view option, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const auto chosen = [&pattern](const Case& what) { return stands_for(pattern, what); };
    if (std::ranges::none_of(all_cases(), chosen)) {
      throw UsageError(fmt::format("{} {} matches no case; see --list", option, pattern));
    }
  }
}

/// Lists those for both ends when nobody says for which.
std::vector<const Case*> chosen(const CheckOptions& options, const CheckArguments& arguments) {
  refuse_idle("--only", arguments.only);
  refuse_idle("--without", arguments.without);
  auto cases = select(all_cases(), options.checked(), arguments.only, arguments.without);
  if (options.list && !options.url && !options.listen) {
    cases.clear();
    for (const Case& what : all_cases()) {
      if (is_chosen(what, arguments.only, arguments.without)) cases.push_back(&what);
    }
  }
  return cases;
}

}  // namespace

CheckOptions resolve(const CheckArguments& arguments) {
  CheckOptions options;
  options.list = arguments.list;
  options.wait = checked("--wait", parse_duration(arguments.wait));
  take_peer(options, arguments);
  options.cases = chosen(options, arguments);
  if (options.cases.empty()) {
    throw UsageError("--only and --without leave no case; --list shows what there is");
  }
  options.jobs = checked("--jobs", parse_count(arguments.jobs, 1, jobs_max));
  options.time_limit = time_of("--timeout", arguments.timeout);
  options.idle_limit = time_of("--idle-seconds", arguments.idle);
  take_reports(options, arguments);
  options.quiet = arguments.quiet;
  options.verbose = arguments.verbose;
  options.color = parse_color_choice(arguments.color);
  return options;
}

}  // namespace duplex::app::check
