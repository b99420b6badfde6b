#include "get_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "quantity.hpp"
#include "subcommand.hpp"
#include <duplex/http/percent.hpp>
#include <duplex/http/url.hpp>

namespace duplex::app {
namespace {

using http::Method;

constexpr std::uint64_t retries_limit = 1000;
constexpr std::uint64_t redirects_limit = 100;

template <class T>
T checked(std::string_view option, std::expected<T, std::string> parsed) {
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *std::move(parsed);
}

/// A URL without a scheme is one of http; ws and wss are those of the same place.
http::Url parsed_url(const std::string& text) {
  const std::string whole = text.find("://") == std::string::npos ? "http://" + text : text;
  auto url = http::Url::parse(whole);
  if (!url) {
    throw UsageError(fmt::format("\"{}\" is no URL to get: {}", text, describe(url.error())));
  }
  if (url->scheme == "ws") url->scheme = "http";
  if (url->scheme == "wss") url->scheme = "https";
  return *std::move(url);
}

/// `@FILE`, `@-`, or the text itself.
ContentSource source_of(std::string_view option, const std::string& text) {
  if (!text.starts_with('@')) return TextContent{text};
  const std::string path = text.substr(1);
  if (path.empty()) throw UsageError(fmt::format("{}: which file? Write @FILE", option));
  if (path == "-") return InputContent{};
  return FileContent{path};
}

/// Content, its media type unless a field tells it, and the method that it suggests.
void take_content(GetOptions& options, const GetArguments& arguments) {
  const int given = static_cast<int>(!arguments.data.empty()) +
                    static_cast<int>(!arguments.json.empty()) +
                    static_cast<int>(!arguments.upload.empty());
  if (given > 1) {
    throw UsageError(
        "--data, --json and --upload-file don't go together: a request has one content");
  }
  if (given == 1 && arguments.head_only) {
    throw UsageError("--head asks for no content, and sends none");
  }
  if (!arguments.data.empty()) {
    options.method = Method::post;
    options.content = source_of("--data", arguments.data);
    options.media_type = "application/x-www-form-urlencoded";
  } else if (!arguments.json.empty()) {
    options.method = Method::post;
    options.content = source_of("--json", arguments.json);
    options.media_type = "application/json";
    if (!options.client.fields.contains("Accept")) {
      options.client.fields.add("Accept", "application/json");
    }
  } else if (arguments.upload == "-") {
    options.method = Method::put;
    options.content = InputContent{};
  } else if (!arguments.upload.empty()) {
    options.method = Method::put;
    options.content = FileContent{arguments.upload};
  }
  if (given == 0) return;
  if (const auto field = options.client.fields.find("Content-Type")) {
    options.media_type = *field;
    options.client.fields.remove("Content-Type");
  }
}

void take_method(GetOptions& options, const GetArguments& arguments) {
  if (arguments.head_only) options.method = Method::head;
  if (arguments.method.empty()) return;
  const auto method = http::parse_method(arguments.method);
  if (!method || *method == Method::connect) {
    throw UsageError(fmt::format(
        "--request: \"{}\" is no method that can be asked for; write GET, HEAD, POST, PUT, DELETE, "
        "OPTIONS, TRACE or PATCH",
        arguments.method));
  }
  options.method = *method;
}

void take_range(GetOptions& options, const std::string& range) {
  if (range.empty()) return;
  const bool fits = range.find_first_not_of("0123456789-,") == std::string::npos &&
                    range.find('-') != std::string::npos;
  if (!fits) {
    throw UsageError(fmt::format(
        "--range: \"{}\" is no range; write FIRST-LAST, FIRST- or -COUNT, in bytes from 0", range));
  }
  options.client.fields.set("Range", "bytes=" + range);
  // A part of coded content could not be decoded.
  options.decode = false;
}

}  // namespace

bool GetOptions::is_download() const noexcept {
  return !output.empty() && method == Method::get && std::holds_alternative<NoContent>(content) &&
         !heads && !client.fields.contains("Range");
}

GetOptions resolve(const GetArguments& arguments) {
  GetOptions options;
  options.client = resolve(arguments.client);
  options.url = parsed_url(arguments.url).text();
  options.decode = arguments.decode;
  take_content(options, arguments);
  take_method(options, arguments);
  take_range(options, arguments.range);
  if (!arguments.output.empty() && arguments.remote_name) {
    throw UsageError("--output and --remote-name don't go together: a file has one name");
  }
  options.output = arguments.remote_name ? file_name_of(options.url) : arguments.output;
  if (options.output == "-") options.output.clear();
  options.resume = !arguments.no_resume;
  if (!arguments.retries.empty()) {
    options.retries_max = static_cast<std::uint32_t>(
        checked("--retries", parse_count(arguments.retries, 0, retries_limit)));
  }
  options.heads = arguments.heads || arguments.head_only;
  options.fail = arguments.fail;
  options.silent = arguments.silent;
  if (!arguments.redirects_max.empty()) {
    options.redirects_max = static_cast<std::uint32_t>(
        checked("--redirects-max", parse_count(arguments.redirects_max, 0, redirects_limit)));
  }
  options.cookies = arguments.cookies;
  return options;
}

std::string file_name_of(const std::string& url) {
  const http::Url parsed = parsed_url(url);
  const std::string segment = parsed.path.substr(parsed.path.rfind('/') + 1);
  const auto name = http::percent_decode(segment);
  const auto is_odd = [](char character) {
    return character == '/' || (character >= '\0' && character < ' ') || character == '\x7f';
  };
  if (!name || name->empty() || *name == "." || *name == ".." ||
      std::ranges::any_of(*name, is_odd)) {
    throw UsageError(fmt::format(
        "--remote-name: \"{}\" names no file; say with --output FILE how to call it", url));
  }
  return *name;
}

}  // namespace duplex::app
