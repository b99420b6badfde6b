#include "serve_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <expected>
#include <ranges>
#include <stdexcept>
#include <utility>

#include "listen_address.hpp"
#include "origin.hpp"
#include "quantity.hpp"
#include "subcommand.hpp"
#include "tls_version.hpp"

namespace duplex::app {
namespace {

using Values = std::span<const std::string>;

/// A sentence on a value that is not as it should be; `resolve` adds where it stands.
class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T>
T checked(std::expected<T, std::string> parsed) {
  if (!parsed) throw BadValue(parsed.error());
  return *std::move(parsed);
}

const std::string& only(Values values) {
  if (values.empty()) throw BadValue("needs a value");
  if (values.size() > 1) throw BadValue("has more than one value; give one");
  return values.front();
}

bool parse_switch(Values values) {
  const std::string& value = only(values);
  if (value == "true") return true;
  if (value == "false") return false;
  throw BadValue(fmt::format("\"{}\" is neither true nor false", value));
}

LogFormat parse_log_format(const std::string& text) {
  if (text == "text") return LogFormat::text;
  if (text == "json") return LogFormat::json;
  if (text == "off") return LogFormat::off;
  throw BadValue(fmt::format("\"{}\" is not a kind of log; write text, json or off", text));
}

tls::ClientCertificates parse_client_certificates(const std::string& text) {
  if (text == "required") return tls::ClientCertificates::required;
  if (text == "optional") return tls::ClientCertificates::optional;
  throw BadValue(fmt::format("\"{}\" is neither required nor optional", text));
}

std::vector<server::ListenOptions> parse_addresses(Values values) {
  std::vector<server::ListenOptions> addresses;
  addresses.reserve(values.size());
  for (const std::string& value : values) addresses.push_back(checked(parse_listen_address(value)));
  return addresses;
}

std::string file_name(const std::string& value) {
  if (value.empty()) throw BadValue("needs the name of a file");
  return value;
}

std::vector<std::string> file_names(Values values) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const std::string& value : values) names.push_back(file_name(value));
  return names;
}

std::uint64_t parse_size_above_zero(Values values) {
  const std::uint64_t size = checked(parse_size(only(values)));
  if (size == 0) throw BadValue("nothing at all would be allowed; write at least 1");
  return size;
}

constexpr std::uint64_t threads_max = 1024;
constexpr std::uint64_t connections_limit = 100'000'000;
// Ten years; browsers' own list asks for one.
constexpr std::uint64_t strict_transport_s_max = 315'360'000;

constexpr std::string_view serving = "What to serve";
constexpr std::string_view listening = "Where to listen";
constexpr std::string_view encryption = "Encryption: https and wss";
constexpr std::string_view access = "Who may use it";
constexpr std::string_view compression = "Compression of WebSocket messages";
constexpr std::string_view limits = "Limits";
constexpr std::string_view logging = "Log";

constexpr std::array table = {
    ServeOption{"dir", "DIR", false, serving,
                "Folder to serve at /. Without it, a page there shows\n"
                "HTTP and WebSocket at work",
                [](ServeOptions& options, Values values) { options.folder = only(values); }},
    ServeOption{
        "spa", "", false, serving,
        "Answer browsers with DIR/index.html where there is no\n"
        "such file, for single-page applications",
        [](ServeOptions& options, Values values) { options.single_page = parse_switch(values); }},
    ServeOption{"list", "", false, serving, "List folders that have no index.html",
                [](ServeOptions& options, Values values) { options.list = parse_switch(values); }},
    ServeOption{
        "listen", "ADDR:PORT", true, listening,
        "Address and port; may be repeated.\n"
        "127.0.0.1:8080 by default: this machine only.\n"
        ":8080 for all addresses, [::1]:8080 for IPv6,\n"
        "unix:PATH for a Unix socket, port 0 for any free one",
        [](ServeOptions& options, Values values) { options.listen = parse_addresses(values); }},
    ServeOption{
        "reuse-port", "", false, listening,
        "Let several of these programs listen at one port, all with\n"
        "this option and of one user: a new one may begin before\n"
        "the old one is stopped. Each has live channels of its own",
        [](ServeOptions& options, Values values) { options.reuse_port = parse_switch(values); }},
    ServeOption{"threads", "N", false, listening, "Worker threads; 0, the default, is one a core",
                [](ServeOptions& options, Values values) {
                  options.threads =
                      static_cast<unsigned>(checked(parse_count(only(values), 0, threads_max)));
                }},
    ServeOption{
        "tls-listen", "ADDR:PORT", true, encryption,
        "Address and port to listen on encrypted; may be repeated.\n"
        "Without it and --listen, a certificate makes the\n"
        "default, 127.0.0.1:8080, encrypted",
        [](ServeOptions& options, Values values) { options.tls.listen = parse_addresses(values); }},
    ServeOption{"tls-cert", "FILE", true, encryption,
                "Certificate and those that lead to a known root, as PEM,\n"
                "or a PKCS#12 file. May be repeated, for other names and\n"
                "kinds of key; the first is for clients that name no host.\n"
                "Files that change are read anew, and at SIGHUP",
                [](ServeOptions& options, Values values) {
                  options.tls.certificates = file_names(values);
                }},
    ServeOption{
        "tls-key", "FILE", true, encryption,
        "Its key; one for each --tls-cert, in the same order, or\n"
        "none when each certificate's file holds its key",
        [](ServeOptions& options, Values values) { options.tls.keys = file_names(values); }},
    ServeOption{"tls-key-passphrase", "FILE", true, encryption,
                "File whose first line is the passphrase of the key; one\n"
                "for all, or one for each --tls-cert",
                [](ServeOptions& options, Values values) {
                  options.tls.passphrase_files = file_names(values);
                }},
    ServeOption{"tls-self-signed", "", false, encryption,
                "For development: a certificate of the program's own, for\n"
                "this machine's names. Browsers warn of it; 'duplex cert'\n"
                "makes one that they can be told to trust",
                [](ServeOptions& options, Values values) {
                  options.tls.self_signed = parse_switch(values);
                }},
    ServeOption{"tls-min", "VERSION", false, encryption,
                "Oldest version of TLS: 1.2, the default, or 1.3",
                [](ServeOptions& options, Values values) {
                  options.tls.version_min = checked(parse_tls_version(only(values)));
                }},
    ServeOption{
        "redirect-to-https", "", false, encryption,
        "Lead what comes in clear, by --listen, to the first\n"
        "--tls-listen",
        [](ServeOptions& options, Values values) { options.tls.redirect = parse_switch(values); }},
    ServeOption{"hsts", "SECONDS", false, encryption,
                "Tell browsers to come by https only, for so long;\n0 withdraws it",
                [](ServeOptions& options, Values values) {
                  options.tls.strict_transport = std::chrono::seconds(
                      checked(parse_count(only(values), 0, strict_transport_s_max)));
                }},
    ServeOption{"hsts-subdomains", "", false, encryption,
                "The same for all subdomains of this host",
                [](ServeOptions& options, Values values) {
                  options.tls.strict_transport_subdomains = parse_switch(values);
                }},
    ServeOption{"tls-client-ca", "FILE", false, access,
                "Authorities whose clients are let in (mutual TLS), as PEM",
                [](ServeOptions& options, Values values) {
                  options.tls.client_ca = file_name(only(values));
                }},
    ServeOption{"tls-client-cert", "MODE", false, access,
                "required, the default with --tls-client-ca, or optional",
                [](ServeOptions& options, Values values) {
                  options.tls.client_certificates = parse_client_certificates(only(values));
                }},
    ServeOption{"origin", "ORIGIN", true, access,
                "Another site whose pages may connect and publish, such as\n"
                "https://example.com, https://*.example.com or * for all;\n"
                "may be repeated. Our own pages always may, and so may\n"
                "programs that are not browsers",
                [](ServeOptions& options, Values values) {
                  options.origins.clear();
                  options.origins.reserve(values.size());
                  for (const std::string& value : values) {
                    options.origins.push_back(checked(parse_origin(value)));
                  }
                }},
    ServeOption{"compress", "", false, compression,
                "Compress messages for clients that offer it\n"
                "(permessage-deflate). By default no window is kept between\n"
                "messages, so that connections at rest cost no memory",
                [](ServeOptions& options, Values values) {
                  options.compress.enabled = parse_switch(values);
                }},
    ServeOption{"compress-level", "N", false, compression,
                "From 1, fast and the default, to 9, small",
                [](ServeOptions& options, Values values) {
                  options.compress.level = checked(parse_compress_level(only(values)));
                }},
    ServeOption{"compress-min", "SIZE", false, compression,
                "Send shorter messages as they are; 64 by default",
                [](ServeOptions& options, Values values) {
                  options.compress.threshold_bytes = checked(parse_size(only(values)));
                }},
    ServeOption{"compress-window", "BITS", false, compression,
                "Largest window, both ways, from 9 (512 bytes) to 15\n"
                "(32 KiB), the default",
                [](ServeOptions& options, Values values) {
                  options.compress.window_bits = checked(parse_compress_window(only(values)));
                }},
    ServeOption{
        "compress-keep", "", false, compression,
        "Keep windows from one message to the next: what is alike\n"
        "gets smaller yet, and every connection needs memory",
        [](ServeOptions& options, Values values) { options.compress.keep = parse_switch(values); }},
    ServeOption{"max-message", "SIZE", false, limits,
                "Largest WebSocket message; 1MiB by default.\n"
                "A size is a number of bytes, or one with K, M or G",
                [](ServeOptions& options, Values values) {
                  options.message_bytes_max = parse_size_above_zero(values);
                }},
    ServeOption{"max-body", "SIZE", false, limits, "Largest content of a request; 16MiB by default",
                [](ServeOptions& options, Values values) {
                  options.body_bytes_max = checked(parse_size(only(values)));
                }},
    ServeOption{"max-connections", "N", false, limits, "Connections in all; 200000 by default",
                [](ServeOptions& options, Values values) {
                  options.connections_max =
                      checked(parse_count(only(values), 1, connections_limit));
                }},
    ServeOption{"connections-per-address", "N", false, limits,
                "Connections of one client address; 4096 by default,\n"
                "and without limit from this machine",
                [](ServeOptions& options, Values values) {
                  options.connections_per_address_max =
                      checked(parse_count(only(values), 1, connections_limit));
                }},
    ServeOption{"heartbeat", "TIME", false, limits,
                "Ping a WebSocket that is silent for so long; 30 by\n"
                "default, 0 for never",
                [](ServeOptions& options, Values values) {
                  options.heartbeat = checked(parse_duration(only(values)));
                }},
    ServeOption{"idle-timeout", "TIME", false, limits,
                "Close a connection that waits so long for its next\n"
                "request; 60 by default",
                [](ServeOptions& options, Values values) {
                  options.idle_timeout = checked(parse_duration(only(values)));
                  if (options.idle_timeout.count() == 0) throw BadValue("write more than 0");
                }},
    ServeOption{"shutdown-timeout", "TIME", false, limits,
                "How long the last responses may take when the program\n"
                "is asked to stop; 10 by default",
                [](ServeOptions& options, Values values) {
                  options.shutdown_timeout = checked(parse_duration(only(values)));
                }},
    ServeOption{
        "log", "FORMAT", false, logging,
        "text, json, or off for errors and warnings only.\n"
        "The log goes to standard error",
        [](ServeOptions& options, Values values) { options.log = parse_log_format(only(values)); }},
};

std::string all_names() {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (const ServeOption& option : table) names.push_back(option.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Says, in the words of where it stands, what an option of compression lacks.
void check_compression(const CompressOptions& options, std::span<const Setting> settings) {
  const std::string_view name = needs_compression(options);
  if (name.empty()) return;
  // Of several, the last is the one that counts.
  const auto setting = std::ranges::find(settings | std::views::reverse, name, &Setting::name);
  const bool in_file = setting->source != fmt::format("--{}", name);
  throw UsageError(
      fmt::format("{} needs {}", setting->source, in_file ? "compress = true" : "--compress"));
}

void check_reuse_port(const ServeOptions& options) {
  const auto is_unix = [](const server::ListenOptions& address) {
    return !address.unix_path.empty();
  };
  if (options.reuse_port && (std::ranges::any_of(options.listen, is_unix) ||
                             std::ranges::any_of(options.tls.listen, is_unix))) {
    throw UsageError("--reuse-port and unix:PATH don't go together: a Unix socket can't be shared");
  }
}

/// What is wrong only in combination.
void check_together(const ServeOptions& options, std::span<const Setting> settings) {
  check_tls(options.tls, options.listen);
  check_reuse_port(options);
  check_compression(options.compress, settings);
  if (!options.folder.empty()) return;
  if (options.single_page) throw UsageError("--spa needs a folder: duplex serve --spa DIR");
  if (options.list) throw UsageError("--list needs a folder: duplex serve --list DIR");
}

}  // namespace

std::span<const ServeOption> serve_option_table() noexcept {
  return table;
}

ServeOptions resolve(std::span<const Setting> settings) {
  ServeOptions options;
  for (const Setting& setting : settings) {
    const auto* const option = std::ranges::find(table, setting.name, &ServeOption::name);
    if (option == table.end()) {
      throw UsageError(
          fmt::format("{}: there is no such option; there are {}", setting.source, all_names()));
    }
    try {
      option->set(options, setting.values);
    } catch (const BadValue& bad) {
      throw UsageError(fmt::format("{}: {}", setting.source, bad.what()));
    }
  }
  check_together(options, settings);
  return options;
}

}  // namespace duplex::app
