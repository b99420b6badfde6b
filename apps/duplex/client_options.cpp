#include "client_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <expected>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "quantity.hpp"
#include "subcommand.hpp"
#include "tls_version.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/authorization.hpp>

namespace duplex::app {
namespace {

using std::chrono::milliseconds;

constexpr auto asking = "What is asked for";
constexpr auto way = "The way to the server";
constexpr auto encryption = "Encryption: https and wss";
constexpr auto limiting = "Limits";
constexpr auto showing = "What is shown";

template <class T>
T checked(std::string_view option, std::expected<T, std::string> parsed) {
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *std::move(parsed);
}

std::optional<milliseconds> time_of(std::string_view option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const milliseconds time = checked(option, parse_duration(text));
  if (time.count() == 0) throw UsageError(fmt::format("{}: write more than 0", option));
  return time;
}

/// Adds `Name: value` as curl's users write it.
void add_field(http::Fields& fields, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw UsageError(fmt::format("--header: \"{}\" has no colon; write 'Name: value'", text));
  }
  try {
    fields.add(text.substr(0, colon), trim(text.substr(colon + 1)));
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--header: {}", error.what()));
  }
}

void add_authorization(http::Fields& fields, const ClientArguments& arguments) {
  if (arguments.user.empty() && arguments.bearer.empty()) return;
  if (!arguments.user.empty() && !arguments.bearer.empty()) {
    throw UsageError("--user and --bearer don't go together: a request has one Authorization");
  }
  const char* const option = arguments.user.empty() ? "--bearer" : "--user";
  if (fields.contains("Authorization")) {
    throw UsageError(fmt::format("{} and --header 'Authorization: ...' don't go together", option));
  }
  try {
    if (!arguments.bearer.empty()) {
      fields.add("Authorization", http::bearer_authorization(arguments.bearer));
      return;
    }
    const std::size_t colon = arguments.user.find(':');
    if (colon == std::string::npos) {
      throw UsageError("--user: there is no password; write NAME:PASSWORD");
    }
    const std::string_view text = arguments.user;
    fields.add("Authorization",
               http::basic_authorization(text.substr(0, colon), text.substr(colon + 1)));
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", option, error.what()));
  }
}

tls::ClientOptions encryption_of(const ClientArguments& arguments) {
  tls::ClientOptions options;
  options.ca = arguments.ca;
  options.pins = arguments.pins;
  if (!arguments.key.empty() && arguments.certificate.empty()) {
    throw UsageError("--key needs --cert FILE: the certificate that it is for");
  }
  options.credential.certificate = arguments.certificate;
  options.credential.key = arguments.key;
  if (!arguments.tls_min.empty()) {
    options.version_min = checked("--tls-min", parse_tls_version(arguments.tls_min));
  }
  options.dangerously_skip_verification = arguments.insecure;
  return options;
}

client::ProxyOptions proxy_of(const ClientArguments& arguments) {
  if (!arguments.proxy.empty()) {
    if (const auto proxy = client::Proxy::parse(arguments.proxy); !proxy) {
      // What was written may hold a password, and is not repeated.
      throw UsageError(fmt::format("--proxy: {}", describe(proxy.error())));
    }
  }
  return {.url = arguments.proxy, .no_proxy = arguments.no_proxy};
}

/// A limit of `limit` for each step to a connection, since the library has none for all of them.
void limit_steps(client::TimeLimits& limits, milliseconds limit) {
  const auto bounded = [limit](std::uint32_t& value) {
    const auto own = static_cast<std::uint64_t>(limit.count());
    if (own < value) value = static_cast<std::uint32_t>(own);
  };
  bounded(limits.resolve_ms_max);
  bounded(limits.connect_ms_max);
  bounded(limits.proxy_ms_max);
  bounded(limits.handshake_ms_max);
}

}  // namespace

void allow_repetition(CLI::Option& option) {
  option.expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_client_options(CLI::App& command, ClientArguments& arguments) {
  const auto text = [&command](const char* group, const char* name, auto& value, const char* type,
                               const char* help) {
    CLI::Option* const option =
        command.add_option(name, value, help)->type_name(type)->group(group);
    return option;
  };
  allow_repetition(*text(asking, "-H,--header", arguments.fields, "'NAME: VALUE'",
                         "A field of the request; may be repeated"));
  text(asking, "-u,--user", arguments.user, "NAME:PASSWORD",
       "Log in with a name and a password (Basic)");
  text(asking, "--bearer", arguments.bearer, "TOKEN", "Log in with a token (Bearer)");

  text(way, "--proxy", arguments.proxy, "URL",
       "By this proxy: http://HOST:PORT or socks5://HOST:PORT,\n"
       "with USER:PASSWORD@ before HOST if it wants that. By\n"
       "default what https_proxy, http_proxy, all_proxy and\n"
       "no_proxy say in the environment");
  text(way, "--no-proxy", arguments.no_proxy, "HOSTS",
       "Hosts that are reached without a proxy, with commas\n"
       "between them; '*' for all");
  text(way, "--unix-socket", arguments.unix_path, "PATH",
       "Connect to this Unix socket, whatever host URL names");

  text(encryption, "--cacert", arguments.ca, "FILE",
       "Trust these authorities (PEM), not the system's");
  text(encryption, "--cert", arguments.certificate, "FILE",
       "Show this certificate (PEM or PKCS#12)");
  text(encryption, "--key", arguments.key, "FILE", "Its key, when FILE of --cert has none");
  allow_repetition(*text(encryption, "--pin", arguments.pins, "sha256//HASH",
                         "Accept only this public key of the server; may be\n"
                         "repeated"));
  text(encryption, "--tls-min", arguments.tls_min, "VERSION", "1.2 (the default) or 1.3");
  command
      .add_flag("--insecure", arguments.insecure,
                "Accept any certificate, so that anybody in between can\n"
                "read and change all of it: for tests only")
      ->group(encryption);

  text(limiting, "--max-time", arguments.time_max, "TIME", "For all of it; none by default");
  text(limiting, "--connect-time", arguments.connect_time_max, "TIME",
       "Until there is a connection");

  command
      .add_flag("-v,--verbose", arguments.verbose,
                "Show heads, encryption and whatever else tells what is\n"
                "going on")
      ->group(showing);
  text(showing, "--color", arguments.color, "WHEN",
       "auto, always or never; auto is for terminals that have\n"
       "it, unless NO_COLOR is set");
}

ClientSettings resolve(const ClientArguments& arguments) {
  ClientSettings settings;
  for (const std::string& field : arguments.fields) add_field(settings.fields, field);
  add_authorization(settings.fields, arguments);
  settings.options.tls = encryption_of(arguments);
  settings.options.proxy = proxy_of(arguments);
  settings.unix_path = arguments.unix_path;
  settings.time_max = time_of("--max-time", arguments.time_max);
  settings.connect_time_max = time_of("--connect-time", arguments.connect_time_max);
  if (settings.connect_time_max) {
    limit_steps(settings.options.time_limits, *settings.connect_time_max);
  }
  settings.verbose = arguments.verbose;
  settings.color = parse_color_choice(arguments.color);
  return settings;
}

}  // namespace duplex::app
