#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "request_parts.hpp"
#include <duplex/base/ascii.hpp>

// Opening handshakes, as servers see them: requests that must not open a WebSocket.

namespace duplex::app::check {
namespace {

using changes::add;
using changes::remove;
using changes::rename;
using changes::set;

constexpr auto version_field = "RFC 6455 sections 4.2.2, 4.4";

/// Requests that no server may take: it must send an error.
void add_refusal(Cases& cases, RequestVariant variant) {
  add_request_case(cases, std::move(variant.id), std::move(variant.title), "it is refused with 400",
                   std::move(variant.rule), [change = std::move(variant.change)](Script& script) {
                     HttpHead request = script.request();
                     change(request);
                     script.send_head(request);
                     // 426 asks for another upgrade, 505 for another version, 501 for another
                     // method.
                     script.expect_refusal({400, 426}, {501, 505});
                   });
}

/// Requests that ask for no WebSocket: any answer but 101 is right.
void add_not_asked(Cases& cases, RequestVariant variant) {
  add_request_case(cases, std::move(variant.id), std::move(variant.title),
                   "the WebSocket does not open", std::move(variant.rule),
                   [change = std::move(variant.change)](Script& script) {
                     HttpHead request = script.request();
                     change(request);
                     script.send_head(request);
                     script.expect_refusal({200, 204, 400, 403, 404, 405, 406, 426, 501},
                                           {301, 302, 303, 307, 308, 500, 503, 505});
                   });
}

void add_refusals(Cases& cases) {
  std::vector<RequestVariant> variants{
      {"no-key", "No Sec-WebSocket-Key", key_field, remove("Sec-WebSocket-Key")},
      {"key-misspelt", "\"Sec-WebSocket-Keys\" instead of Sec-WebSocket-Key", key_field,
       rename("Sec-WebSocket-Key", "Sec-WebSocket-Keys")},
      {"key-doubled", "Two fields Sec-WebSocket-Key with different keys", key_field,
       add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")},
      {"no-host", "No Host", "RFC 6455 section 4.2.1, RFC 9112 section 3.2", remove("Host")},
      {"host-doubled", "Two fields Host", "RFC 6455 section 4.2.1, RFC 9112 section 3.2",
       add("Host", "another.example")},
      {"no-version", "No Sec-WebSocket-Version", reading_the_request,
       remove("Sec-WebSocket-Version")},
      {"version-misspelt", "\"Sec-WebSocket-Versions\" instead of Sec-WebSocket-Version",
       reading_the_request, rename("Sec-WebSocket-Version", "Sec-WebSocket-Versions")},
      {"space-before-colon", "A space between a field's name and its colon", "RFC 9112 section 5.1",
       rename("Upgrade", "Upgrade ")},
      {"name-with-space", "A space inside of a field's name", "RFC 9112 section 5.1",
       add("X Field", "value")},
      {"no-name", "A field without a name", "RFC 9112 section 5", add("", "value")},
      {"bad-content-length", "A Content-Length that is no number",
       "RFC 9112 section 6.3, RFC 9110 section 8.6", add("Content-Length", "many")},
      {"two-content-lengths", "Two different Content-Length",
       "RFC 9112 section 6.3, RFC 9110 section 8.6",
       [](HttpHead& request) { request.add("Content-Length", "0").add("Content-Length", "5"); }},
      {"no-http-version", "A request line without a version", "RFC 9112 section 3",
       [](HttpHead& request) { request.start_line = fmt::format("GET {}", request.target()); }},
      {"no-method", "A request line without a method", "RFC 9112 section 3",
       [](HttpHead& request) {
         request.start_line = fmt::format("{} HTTP/1.1", request.target());
       }},
      {"bad-http-version", "The version HTTP/one", "RFC 9112 section 2.3",
       start_line("GET", "HTTP/one")},
      {"http-version-lower-case", "The version in lower case", "RFC 9112 section 2.3",
       start_line("GET", "http/1.1")},
  };
  for (RequestVariant& variant : variants) add_refusal(cases, std::move(variant));

  add_request_case(cases, "line-without-colon", "A line without a colon", "it is refused with 400",
                   "RFC 6455 section 4.2.1, RFC 9112 section 5", [](Script& script) {
                     std::string bytes = script.request().text();
                     bytes.insert(bytes.size() - 2, "no colon here\r\n");
                     script.send_bytes(bytes, "a request with such a line");
                     script.expect_refusal({400});
                   });
  add_request_case(cases, "noise", "Bytes that are no HTTP", "they are refused with 400",
                   "RFC 9112 section 2.2", [](Script& script) {
                     script.send_bytes("\x01\x02\x03 this is not HTTP\r\n\r\n", "no HTTP");
                     script.expect_refusal({400}, {501, 505});
                   });
}

void add_not_asked(Cases& cases) {
  std::vector<RequestVariant> variants{
      {"no-upgrade", "No Upgrade", upgrade_field, remove("Upgrade")},
      {"no-connection", "No Connection", connection_field, remove("Connection")},
      {"upgrade-misspelt", "\"Upgrade: websockets\"", upgrade_field, set("Upgrade", "websockets")},
      {"upgrade-hyphenated", "\"Upgrade: web-socket\"", upgrade_field,
       set("Upgrade", "web-socket")},
      {"upgrade-other", "\"Upgrade: h2c\"", upgrade_field, set("Upgrade", "h2c")},
      {"upgrade-empty", "An Upgrade without a value", upgrade_field, set("Upgrade", "")},
      {"upgrade-name-misspelt", "\"Upgraded\" instead of Upgrade", upgrade_field,
       rename("Upgrade", "Upgraded")},
      {"connection-keep-alive", "\"Connection: keep-alive\"", connection_field,
       set("Connection", "keep-alive")},
      {"connection-close", "\"Connection: close\"", connection_field, set("Connection", "close")},
      {"connection-misspelt", "\"Connection: Upgrades\"", connection_field,
       set("Connection", "Upgrades")},
      {"connection-empty", "A Connection without a value", connection_field, set("Connection", "")},
      {"connection-name-misspelt", "\"Connections\" instead of Connection", connection_field,
       rename("Connection", "Connections")},
      {"method-post", "The method POST", reading_the_request,
       [](HttpHead& request) {
         start_line("POST", "HTTP/1.1")(request);
         request.add("Content-Length", "0");
       }},
      {"method-put", "The method PUT", reading_the_request,
       [](HttpHead& request) {
         start_line("PUT", "HTTP/1.1")(request);
         request.add("Content-Length", "0");
       }},
      {"method-head", "The method HEAD", reading_the_request, start_line("HEAD", "HTTP/1.1")},
      {"method-options", "The method OPTIONS", reading_the_request,
       start_line("OPTIONS", "HTTP/1.1")},
      {"method-lower-case", "The method in lower case", reading_the_request,
       start_line("get", "HTTP/1.1")},
      {"method-unknown", "A method that nobody knows", reading_the_request,
       start_line("WEBSOCKET", "HTTP/1.1")},
      {"http-1-0", "The version HTTP/1.0", "RFC 6455 section 4.2.1, RFC 9110 section 7.8",
       start_line("GET", "HTTP/1.0")},
  };
  for (RequestVariant& variant : variants) add_not_asked(cases, std::move(variant));
}

/// A server that does not know the version has to tell of the one that it knows (section 4.4). One
/// that says nothing of the version, may have refused the request for a reason of its own.
void judge_refused_version(Script& script, const HttpHead& response) {
  const bool about_version = response.status() == 426;
  if (about_version && response.list("Upgrade").empty()) {
    script.acceptable("the 426 has no Upgrade, which RFC 9110 demands");
  }
  if (list_contains(response.list("Sec-WebSocket-Version"), "13")) return;
  const std::string untold = "its response has no \"Sec-WebSocket-Version: 13\"";
  if (about_version) script.wrong(untold);
  script.acceptable(untold);
}

void add_versions(Cases& cases) {
  // The last drafts have 8, and what goes over the wire is the same.
  add_request_case(
      cases, "version-8", "\"Sec-WebSocket-Version: 8\", as in the last drafts",
      "it is refused with 426, and told of version 13; acceptable: the WebSocket opens",
      version_field, [](Script& script) {
        HttpHead request = script.request();
        request.set("Sec-WebSocket-Version", "8");
        script.send_head(request);
        const Script::Opening opening = script.opened_or_refused(request);
        if (!opening) return judge_refused_version(script, opening.response);
        script.acceptable("it takes the version of the last drafts, too");
        echo_and_close(script);
      });
  const struct {
    std::string_view id;
    std::string value;
  } versions[] = {{"0", "0"},          {"4", "4"},     {"12", "12"},   {"14", "14"},
                  {"99", "99"},        {"130", "130"}, {"013", "013"}, {"13-0", "13.0"},
                  {"minus-13", "-13"}, {"word", "x"},  {"empty", ""},  {"12-and-14", "12, 14"}};
  for (const auto& [id, version] : versions) {
    add_request_case(cases, fmt::format("version-{}", id),
                     fmt::format("\"Sec-WebSocket-Version: {}\"", version),
                     "it is refused with 426, and told of version 13", version_field,
                     [version = version](Script& script) {
                       HttpHead request = script.request();
                       request.set("Sec-WebSocket-Version", version);
                       script.send_head(request);
                       judge_refused_version(script, script.expect_refusal({400, 426}));
                     });
  }
}

}  // namespace

void add_refused_request_cases(Cases& cases) {
  add_versions(cases);
  add_refusals(cases);
  add_not_asked(cases);
}

}  // namespace duplex::app::check
