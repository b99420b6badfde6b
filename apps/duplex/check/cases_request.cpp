#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "case_parts.hpp"
#include "cases.hpp"
#include <duplex/base/ascii.hpp>

// Opening handshakes, as servers see them.

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

constexpr auto reading_the_request = "RFC 6455 section 4.2.1";
constexpr auto connection_field = "RFC 6455 section 4.2.1, RFC 9110 section 7.6.1";
constexpr auto upgrade_field = "RFC 6455 section 4.2.1, RFC 9110 section 7.8";
constexpr auto field_syntax = "RFC 6455 section 4.2.1, RFC 9112 section 5";
constexpr auto key_field = "RFC 6455 sections 4.2.1, 11.3.1";
constexpr auto version_field = "RFC 6455 sections 4.2.2, 4.4";

/// What becomes of a right request.
using Change = std::function<void(HttpHead&)>;

/// The same request with its line or its fields otherwise.
struct Variant {
  std::string id;
  std::string title;
  std::string rule;
  Change change;
};

Change set(std::string name, std::string value) {
  return [name = std::move(name), value = std::move(value)](HttpHead& request) {
    request.set(name, value);
  };
}

Change add(std::string name, std::string value) {
  return [name = std::move(name), value = std::move(value)](HttpHead& request) {
    request.add(name, value);
  };
}

Change remove(std::string name) {
  return [name = std::move(name)](HttpHead& request) { request.remove(name); };
}

Change rename(std::string name, std::string other) {
  return [name = std::move(name), other = std::move(other)](HttpHead& request) {
    request.rename(name, other);
  };
}

/// Another method, or another version: the target stays.
Change start_line(std::string method, std::string version) {
  return [method = std::move(method), version = std::move(version)](HttpHead& request) {
    request.start_line = fmt::format("{} {} {}", method, request.target(), version);
  };
}

Change rename_all(char (*convert)(char)) {
  return [convert](HttpHead& request) {
    for (HttpHead::Field& field : request.fields) {
      for (char& character : field.name) character = convert(character);
    }
  };
}

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
}

char upper(char character) {
  return character >= 'a' && character <= 'z' ? static_cast<char>(character - 32) : character;
}

void add_case(Cases& cases, std::string id, std::string title, std::string expected,
              std::string rule, std::function<void(Script&)> run) {
  cases.push_back({.id = "handshake/" + std::move(id),
                   .title = std::move(title),
                   .expected = std::move(expected),
                   .rule = std::move(rule),
                   .checks = Checks::servers,
                   .begin = Begin::connected,
                   .run = std::move(run)});
}

/// Requests that a server has to take.
void add_opening(Cases& cases, Variant variant) {
  add_case(cases, std::move(variant.id), std::move(variant.title), "the WebSocket opens",
           std::move(variant.rule), [change = std::move(variant.change)](Script& script) {
             HttpHead request = script.request();
             change(request);
             script.open(request);
             echo_and_close(script);
           });
}

/// Requests that a server may take, but need not; `taking` is what it does if it does, in the words
/// of a finding, when refusing is better.
void add_either(Cases& cases, Variant variant, std::string refusing, std::string taking = {}) {
  add_case(cases, std::move(variant.id), std::move(variant.title),
           taking.empty() ? "the WebSocket opens; acceptable: the request is refused"
                          : "the request is refused; acceptable: the WebSocket opens",
           std::move(variant.rule),
           [change = std::move(variant.change), refusing = std::move(refusing),
            taking = std::move(taking)](Script& script) {
             HttpHead request = script.request();
             change(request);
             script.send_head(request);
             if (script.opened_or_refused(request)) {
               if (!taking.empty()) script.acceptable(taking);
               echo_and_close(script);
             } else if (taking.empty()) {
               script.acceptable(refusing);
             }
           });
}

/// Requests that no server may take: it must send an error.
void add_refusal(Cases& cases, Variant variant) {
  add_case(cases, std::move(variant.id), std::move(variant.title), "it is refused with 400",
           std::move(variant.rule), [change = std::move(variant.change)](Script& script) {
             HttpHead request = script.request();
             change(request);
             script.send_head(request);
             // 426 asks for another upgrade, 505 for another version, 501 for another method.
             script.expect_refusal({400, 426}, {501, 505});
           });
}

/// Requests that ask for no WebSocket: any answer but 101 is right.
void add_not_asked(Cases& cases, Variant variant) {
  add_case(cases, std::move(variant.id), std::move(variant.title), "the WebSocket does not open",
           std::move(variant.rule), [change = std::move(variant.change)](Script& script) {
             HttpHead request = script.request();
             change(request);
             script.send_head(request);
             script.expect_refusal({200, 204, 400, 403, 404, 405, 406, 426, 501},
                                   {301, 302, 303, 307, 308, 500, 503, 505});
           });
}

void add_lawful_forms(Cases& cases) {
  const std::string long_value(4096, 'v');
  std::vector<Variant> variants{
      {"plain", "A request with the fields that are needed", reading_the_request, [](HttpHead&) {}},
      {"names-in-lower-case", "All field names in lower case", field_syntax, rename_all(lower)},
      {"names-in-upper-case", "All field names in upper case", field_syntax, rename_all(upper)},
      {"names-in-mixed-case", "Field names in mixed case", field_syntax,
       [](HttpHead& request) {
         request.rename("Upgrade", "uPgRaDe")
             .rename("Connection", "cOnNeCtIoN")
             .rename("Sec-WebSocket-Key", "SEC-webSocket-kEY")
             .rename("Sec-WebSocket-Version", "sec-WEBSOCKET-version")
             .rename("Host", "hOST");
       }},
      {"fields-in-reverse-order", "The fields in reverse order", reading_the_request,
       [](HttpHead& request) {
         request.fields =
             std::vector<HttpHead::Field>(request.fields.rbegin(), request.fields.rend());
       }},
      {"connection-lower-case", "\"Connection: upgrade\"", connection_field,
       set("Connection", "upgrade")},
      {"connection-upper-case", "\"Connection: UPGRADE\"", connection_field,
       set("Connection", "UPGRADE")},
      {"connection-keep-alive-first", "\"Connection: keep-alive, Upgrade\"", connection_field,
       set("Connection", "keep-alive, Upgrade")},
      {"connection-keep-alive-last", "\"Connection: Upgrade, keep-alive\"", connection_field,
       set("Connection", "Upgrade, keep-alive")},
      {"connection-without-spaces", "\"Connection: keep-alive,Upgrade\"", connection_field,
       set("Connection", "keep-alive,Upgrade")},
      {"connection-with-tabs", "Connection with tabs around the comma", connection_field,
       set("Connection", "keep-alive\t,\tUpgrade")},
      {"connection-in-two-fields", "Two fields Connection, the second with Upgrade",
       connection_field,
       [](HttpHead& request) {
         request.set("Connection", "keep-alive").add("Connection", "Upgrade");
       }},
      {"connection-with-empty-elements", "\"Connection: , Upgrade, ,\"",
       "RFC 6455 section 4.2.1, RFC 9110 section 5.6.1.2", set("Connection", ", Upgrade, ,")},
      {"upgrade-mixed-case", "\"Upgrade: WebSocket\"", upgrade_field, set("Upgrade", "WebSocket")},
      {"upgrade-upper-case", "\"Upgrade: WEBSOCKET\"", upgrade_field, set("Upgrade", "WEBSOCKET")},
      {"values-with-spaces", "Spaces and tabs around the fields' values", field_syntax,
       [](HttpHead& request) {
         for (HttpHead::Field& field : request.fields) field.value = "  \t" + field.value + " \t ";
       }},
      {"unknown-fields", "Fields that nobody knows", reading_the_request,
       [](HttpHead& request) {
         request.add("X-Unknown", "value").add("Sec-WebSocket-Unknown", "value").add("X", "");
       }},
      {"browser-fields", "The fields that browsers add", reading_the_request,
       [](HttpHead& request) {
         request.add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
             .add("Accept", "*/*")
             .add("Accept-Language", "en-US,en;q=0.5")
             .add("Accept-Encoding", "gzip, deflate, br")
             .add("Pragma", "no-cache")
             .add("Cache-Control", "no-cache")
             .add("Cookie", "a=b; c=d");
       }},
      {"empty-value", "A field without a value", field_syntax, add("X-Empty", "")},
      {"punctuated-name", "A field whose name has every punctuation mark of a token", field_syntax,
       add("X!#$%&'*+-.^_`|~9", "value")},
      {"long-field-1000", "A field of 1000 bytes", reading_the_request,
       add("X-Long", long_value.substr(0, 1000))},
      {"twenty-fields", "Twenty fields more", reading_the_request,
       [](HttpHead& request) {
         for (int i = 0; i < 20; ++i) request.add(fmt::format("X-Field-{}", i), "value");
       }},
      {"content-length-0", "\"Content-Length: 0\"", "RFC 6455 section 4.2.1, RFC 9112 section 6",
       add("Content-Length", "0")},
  };
  for (Variant& variant : variants) add_opening(cases, std::move(variant));

  for (const std::size_t piece_bytes : {1UL, 2UL, 7UL, 64UL}) {
    add_case(
        cases, fmt::format("in-pieces-of-{}", piece_bytes),
        fmt::format("The request in pieces of {} byte{}", piece_bytes, piece_bytes == 1 ? "" : "s"),
        "the WebSocket opens", reading_the_request, [piece_bytes](Script& script) {
          const HttpHead request = script.request();
          script.send_head(request, piece_bytes);
          script.expect_opened(request);
          echo_and_close(script);
        });
  }
}

void add_keys(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::string key;
  } keys[] = {
      {"of-the-rfc", "The key that RFC 6455 has for an example", "dGhlIHNhbXBsZSBub25jZQ=="},
      {"of-zeros", "A key of 16 bytes 00", "AAAAAAAAAAAAAAAAAAAAAA=="},
      {"of-ones", "A key of 16 bytes FF", "/////////////////////w=="},
      {"with-plus-and-slash", "A key with every mark of base64", "+/+/+/+/+/+/+/+/+/+/+w=="},
  };
  for (const auto& [id, title, key] : keys) {
    add_case(cases, fmt::format("key-{}", id), std::string(title),
             fmt::format("the WebSocket opens, with the Sec-WebSocket-Accept {}", accept_key(key)),
             "RFC 6455 sections 1.3, 4.2.2", [key = key](Script& script) {
               HttpHead request = script.request();
               request.set("Sec-WebSocket-Key", key);
               script.open(request);
               echo_and_close(script);
             });
  }
}

/// Right, too, but a server may have reasons of its own.
void add_doubtful_forms(Cases& cases) {
  const std::string refuses = "it refuses the request";
  std::vector<Variant> variants{
      {"upgrade-list", "\"Upgrade: h2c, websocket\"", upgrade_field,
       set("Upgrade", "h2c, websocket")},
      {"upgrade-in-two-fields", "Two fields Upgrade, the second with websocket", upgrade_field,
       [](HttpHead& request) { request.set("Upgrade", "h2c").add("Upgrade", "websocket"); }},
      {"upgrade-doubled", "Two fields Upgrade, both with websocket", upgrade_field,
       add("Upgrade", "websocket")},
      {"absolute-target", "The target in absolute form", "RFC 9112 section 3.2.2",
       [](HttpHead& request) {
         request.start_line = fmt::format("GET http://{}{} HTTP/1.1",
                                          request.find("Host").value_or(""), request.target());
       }},
      {"query", "A query behind the target", reading_the_request,
       [](HttpHead& request) {
         const std::string target(request.target());
         const char mark = target.find('?') == std::string::npos ? '?' : '&';
         request.start_line = fmt::format("GET {}{}a=b&c=%20 HTTP/1.1", target, mark);
       }},
      {"http-1-2", "The version HTTP/1.2", "RFC 6455 section 4.2.1, RFC 9110 section 2.5",
       start_line("GET", "HTTP/1.2")},
      {"origin", "A foreign Origin", "RFC 6455 section 10.2", add("Origin", "http://a.example")},
      {"origin-null", "\"Origin: null\"", "RFC 6455 section 10.2", add("Origin", "null")},
      {"long-field-4096", "A field of 4096 bytes", "RFC 9110 section 5.4",
       add("X-Long", std::string(4096, 'v'))},
      {"hundred-fields", "A hundred fields more", "RFC 9110 section 5.4",
       [](HttpHead& request) {
         for (int i = 0; i < 100; ++i) request.add(fmt::format("X-Field-{}", i), "value");
       }},
      {"bytes-above-ascii", "A field with bytes above ASCII in its value", "RFC 9110 section 5.5",
       add("X-Name", "caf\xc3\xa9 \xff")},
      {"empty-line-first", "An empty line before the request", "RFC 9112 section 2.2",
       [](HttpHead& request) { request.start_line.insert(0, "\r\n"); }},
      {"host-in-other-case", "A Host in upper case", "RFC 9110 section 7.2",
       [](HttpHead& request) {
         std::string host(request.find("Host").value_or(""));
         for (char& character : host) character = upper(character);
         request.set("Host", host);
       }},
  };
  for (Variant& variant : variants) add_either(cases, std::move(variant), refuses);
}

/// Faults that a server may overlook: the RFC leaves it to the parser, or to the server.
void add_tolerable_faults(Cases& cases) {
  const std::string key = "Sec-WebSocket-Key";
  const std::string takes_key = "it takes a key that is not 16 bytes in base64";
  // Section 4.2.2 says that a server need not decode the key.
  const struct {
    std::string_view id;
    std::string_view title;
    std::string key;
  } keys[] = {
      {"empty", "An empty key", ""},
      {"of-15-bytes", "A key of 15 bytes", "AAECAwQFBgcICQoLDA0O"},
      {"of-17-bytes", "A key of 17 bytes", "AAECAwQFBgcICQoLDA0ODxA="},
      {"of-32-bytes", "A key of 32 bytes", "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8="},
      {"without-padding", "A key without its padding", "AAECAwQFBgcICQoLDA0ODw"},
      {"with-one-padding", "A key with half of its padding", "AAECAwQFBgcICQoLDA0ODw="},
      {"url-alphabet", "A key in the alphabet for URLs", "-_-_-_-_-_-_-_-_-_-_-w=="},
      {"with-star", "A key with a character that base64 does not have", "AAECAwQF*gcICQoLDA0ODw=="},
      {"with-space", "A key with a space inside", "AAECAwQFBgc ICQoLDA0ODw=="},
      {"in-hexadecimal", "A key in hexadecimal", "000102030405060708090a0b0c0d0e0f"},
      {"plain-word", "A key that is a word", "hello"},
      {"not-canonical", "A key whose last digit has bits to spare", "AAECAwQFBgcICQoLDA0ODz=="},
  };
  for (const auto& [id, title, value] : keys) {
    add_either(cases, {fmt::format("key-{}", id), std::string(title), key_field, set(key, value)},
               {}, takes_key);
  }
  const struct {
    Variant variant;
    std::string_view taking;
  } faults[] = {
      {{"obs-fold", "A field over two lines", "RFC 9112 section 5.2",
        add("X-Folded", "first\r\n second")},
       "it takes a field over two lines"},
      {{"bare-cr-in-value", "A field with a carriage return in its value", "RFC 9112 section 2.2",
        add("X-Return", "a\rb")},
       "it takes a bare carriage return"},
      {{"nul-in-value", "A field with NUL in its value", "RFC 9110 section 5.5",
        add("X-Nul", std::string("a\0b", 3))},
       "it takes NUL in a field's value"},
      {{"two-spaces-in-request-line", "Two spaces behind the method", "RFC 9112 section 3",
        [](HttpHead& request) { request.start_line.insert(4, " "); }},
       "it takes a request line with a space too many"},
      {{"space-behind-request-line", "A space behind the version", "RFC 9112 section 3",
        [](HttpHead& request) { request.start_line += ' '; }},
       "it takes a request line with a space too many"},
      {{"http-2-0", "The version HTTP/2.0", "RFC 6455 section 4.2.1, RFC 9110 section 2.5",
        start_line("GET", "HTTP/2.0")},
       "it takes HTTP/2.0 in the form of HTTP/1.1"},
      {{"empty-host", "A Host without a value", "RFC 9112 section 3.2", set("Host", "")},
       "it takes an empty Host"},
      {{"version-twice-13", "Two fields Sec-WebSocket-Version, both with 13",
        "RFC 6455 sections 4.2.1, 11.3.5", add("Sec-WebSocket-Version", "13")},
       "it takes a doubled Sec-WebSocket-Version"},
      {{"protocol-doubled", "The same subprotocol offered twice", "RFC 6455 sections 4.1, 11.3.4",
        add("Sec-WebSocket-Protocol", "chat, chat")},
       "it takes a subprotocol that is offered twice"},
      {{"protocol-not-a-token", "A subprotocol that is not a token",
        "RFC 6455 sections 4.1, 11.3.4", add("Sec-WebSocket-Protocol", "chat/1 (beta)")},
       "it takes a subprotocol that is not a token"},
      {{"extension-not-a-token", "An extension whose name is not a token",
        "RFC 6455 sections 4.2.1, 9.1", add("Sec-WebSocket-Extensions", "(foo)")},
       "it takes an offer of an extension that is not a token"},
      {{"extension-without-value", "An extension whose parameter has an equals sign and no value",
        "RFC 6455 sections 4.2.1, 9.1", add("Sec-WebSocket-Extensions", "x-foo; bar=")},
       "it takes an offer of an extension that has a fault"},
  };
  for (const auto& [variant, taking] : faults) {
    add_either(cases, variant, {}, std::string(taking));
  }
  add_case(cases, "bare-lf", "Lines that end in a line feed alone",
           "the WebSocket opens, or the request is refused", "RFC 9112 section 2.2",
           [](Script& script) {
             const HttpHead request = script.request();
             std::string bytes = request.text();
             std::erase(bytes, '\r');
             script.send_bytes(bytes, "a request without carriage returns");
             script.send_bytes("\r\n\r\n", "the end of a head, for who sees none yet");
             if (!script.opened_or_refused(request)) return;
             script.end_acceptable("it takes lines that end in a line feed alone");
           });
}

void add_refusals(Cases& cases) {
  std::vector<Variant> variants{
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
  for (Variant& variant : variants) add_refusal(cases, std::move(variant));

  add_case(cases, "line-without-colon", "A line without a colon", "it is refused with 400",
           "RFC 6455 section 4.2.1, RFC 9112 section 5", [](Script& script) {
             std::string bytes = script.request().text();
             bytes.insert(bytes.size() - 2, "no colon here\r\n");
             script.send_bytes(bytes, "a request with such a line");
             script.expect_refusal({400});
           });
  add_case(cases, "noise", "Bytes that are no HTTP", "they are refused with 400",
           "RFC 9112 section 2.2", [](Script& script) {
             script.send_bytes("\x01\x02\x03 this is not HTTP\r\n\r\n", "no HTTP");
             script.expect_refusal({400}, {501, 505});
           });
}

void add_not_asked(Cases& cases) {
  std::vector<Variant> variants{
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
  for (Variant& variant : variants) add_not_asked(cases, std::move(variant));
}

/// A server that does not know the version says which it knows.
void add_versions(Cases& cases) {
  // The last drafts have 8, and what goes over the wire is the same.
  Variant drafts{"version-8", "\"Sec-WebSocket-Version: 8\", as in the last drafts", version_field,
                 set("Sec-WebSocket-Version", "8")};
  add_either(cases, std::move(drafts), {}, "it takes the version of the last drafts, too");
  const struct {
    std::string_view id;
    std::string value;
  } versions[] = {{"0", "0"},          {"4", "4"},     {"12", "12"},   {"14", "14"},
                  {"99", "99"},        {"130", "130"}, {"013", "013"}, {"13-0", "13.0"},
                  {"minus-13", "-13"}, {"word", "x"},  {"empty", ""},  {"12-and-14", "12, 14"}};
  for (const auto& [id, version] : versions) {
    add_case(cases, fmt::format("version-{}", id),
             fmt::format("\"Sec-WebSocket-Version: {}\"", version),
             "it is refused with 426, and told of version 13", version_field,
             [version = version](Script& script) {
               HttpHead request = script.request();
               request.set("Sec-WebSocket-Version", version);
               script.send_head(request);
               const HttpHead response = script.expect_refusal({400, 426});
               const std::string known = response.list("Sec-WebSocket-Version");
               if (response.status() == 426 && response.list("Upgrade").empty()) {
                 script.acceptable("the 426 has no Upgrade, which RFC 9110 demands");
               }
               if (!list_contains(known, "13")) {
                 script.acceptable("its response has no \"Sec-WebSocket-Version: 13\"");
               }
             });
  }
}

/// What the response has to say, and must not.
void add_answers(Cases& cases) {
  const auto add = [&cases](std::string id, std::string title, std::string expected,
                            std::string rule, Change change,
                            std::function<void(Script&, const HttpHead&)> check) {
    add_case(cases, std::move(id), std::move(title), std::move(expected), std::move(rule),
             [change = std::move(change), check = std::move(check)](Script& script) {
               HttpHead request = script.request();
               change(request);
               const HttpHead response = script.open(request);
               check(script, response);
               echo_and_close(script);
             });
  };
  const auto nothing = [](HttpHead&) {};
  add("response-without-length", "The 101 to a right request",
      "it has neither Content-Length nor Transfer-Encoding",
      "RFC 9110 section 8.6, RFC 9112 section 6.1", nothing,
      [](Script& script, const HttpHead& response) {
        for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
          if (response.count(name) > 0) script.wrong(fmt::format("the 101 has {}", name));
        }
      });
  add("response-without-protocol", "The 101 to a request that offers no subprotocol",
      "it has no Sec-WebSocket-Protocol", "RFC 6455 section 4.2.2", nothing,
      [](Script& script, const HttpHead& response) {
        if (response.count("Sec-WebSocket-Protocol") > 0) {
          script.wrong("it chose a subprotocol; none was offered");
        }
      });
  add("response-without-extension", "The 101 to a request that offers no extension",
      "it has no Sec-WebSocket-Extensions", "RFC 6455 section 4.2.2", nothing,
      [](Script& script, const HttpHead& response) {
        if (response.count("Sec-WebSocket-Extensions") > 0) {
          script.acceptable("it has an empty Sec-WebSocket-Extensions");
        }
      });
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<std::string> values;
  } extensions[] = {
      {"extension-unknown", "An extension that nobody knows", {"x-unknown"}},
      {"extension-with-parameters",
       "An unknown extension with parameters",
       {"x-unknown; a; b=1; c=\"2\""}},
      {"extensions-two", "Two unknown extensions in one field", {"x-unknown, x-other; a=1"}},
      {"extensions-two-fields",
       "Two unknown extensions in two fields",
       {"x-unknown", "x-other; a=1"}},
      {"extension-frame-deflate",
       "The extension that came before permessage-deflate",
       {"x-webkit-deflate-frame"}},
  };
  for (const auto& [id, title, values] : extensions) {
    add(
        std::string(id), std::string(title), "it is not accepted, and the WebSocket opens",
        "RFC 6455 sections 4.2.2, 9.1",
        [values = values](HttpHead& request) {
          for (const std::string& value : values) request.add("Sec-WebSocket-Extensions", value);
        },
        // Script has refused an extension that the checker does not know.
        [](Script&, const HttpHead&) {});
  }
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<std::string> values;
  } protocols[] = {
      {"protocol-one", "A subprotocol", {"chat"}},
      {"protocol-two", "Two subprotocols in one field", {"chat, superchat"}},
      {"protocol-two-fields", "Two subprotocols in two fields", {"chat", "superchat"}},
      {"protocol-without-spaces", "Two subprotocols without a space between", {"chat,superchat"}},
      {"protocol-mixed-case", "A subprotocol in mixed case", {"sUpErChAt"}},
      {"protocol-dotted", "A subprotocol with dots and digits", {"v1.2.chat.example.com"}},
      {"protocols-twenty",
       "Twenty subprotocols",
       {"a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t"}},
  };
  for (const auto& [id, title, values] : protocols) {
    add_case(cases, std::string(id), fmt::format("{} that the server may know", title),
             "the WebSocket opens, with none of them or with one", "RFC 6455 section 4.2.2",
             [values = values](Script& script) {
               HttpHead request = script.request();
               for (const std::string& value : values) {
                 request.add("Sec-WebSocket-Protocol", value);
               }
               script.send_head(request);
               const std::string offered = request.list("Sec-WebSocket-Protocol");
               const auto response = script.opened_or_refused(request);
               if (!response) script.end_acceptable("it refuses these subprotocols");
               echo_and_close(script);
               if (response->count("Sec-WebSocket-Protocol") == 0) return;
               const std::string chosen = response->list("Sec-WebSocket-Protocol");
               const std::string elements = "," + offered + ",";
               for (const std::string before : {",", " "}) {
                 if (elements.find(before + chosen + ",") != std::string::npos) return;
               }
               script.wrong(fmt::format("it chose \"{}\", which was not offered", chosen));
             });
  }
}

/// Frames behind the request, in the same write. A client must not send them (section 4.1), but
/// they are there when the server reads.
void add_early_frames(Cases& cases) {
  for (const std::size_t piece_bytes : {0UL, 1UL}) {
    add_case(cases, piece_bytes == 0 ? "early-frames" : "early-frames-byte-by-byte",
             piece_bytes == 0 ? "A request and two messages in one write"
                              : "A request and two messages, byte by byte",
             "the WebSocket opens, and both are echoed; acceptable: the connection ends",
             "RFC 6455 sections 4.1, 4.2.2", [piece_bytes](Script& script) {
               const HttpHead request = script.request();
               const std::string bytes =
                   request.text() + script.encode({.payload = "early"}) +
                   script.encode({.opcode = Opcode::binary, .payload = "too"});
               script.send_bytes(bytes, "a request and two messages", piece_bytes);
               if (!script.opened_or_refused(request)) {
                 return script.acceptable("it refuses a request with frames behind it");
               }
               for (const Message& message : {text("early"), binary("too")}) {
                 const auto event = script.receive(2s);
                 if (!event) script.end_acceptable("it drops frames that come with the request");
                 const auto* const echo = std::get_if<Message>(&*event);
                 if (echo != nullptr && *echo != message) {
                   script.wrong(describe(*event) + " came instead of the echo");
                 }
                 if (echo == nullptr) script.end_acceptable("it fails when frames come early");
               }
               script.close();
             });
  }
}

/// Requests with a body: what follows it are frames, not what is in it.
void add_request_bodies(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    HttpHead::Field field;
    std::string body;
  } bodies[] = {
      {"body", "A request with a body", {"Content-Length", "5"}, "hello"},
      {"body-chunked",
       "A request with a body in chunks",
       {"Transfer-Encoding", "chunked"},
       "5\r\nhello\r\n0\r\n\r\n"},
  };
  for (const auto& [id, title, field, body] : bodies) {
    add_case(cases, std::string(id), std::string(title),
             "the WebSocket opens behind the body, or the request is refused",
             "RFC 6455 section 4.2.1, RFC 9112 section 6.3",
             [field = field, body = body](Script& script) {
               const HttpHead request = script.request().add(field.name, field.value);
               script.send_bytes(request.text() + body, "a request with a body");
               if (!script.opened_or_refused(request)) return;
               script.acceptable("it takes a request with a body");
               echo_and_close(script);
             });
  }
}

}  // namespace

void add_request_cases(Cases& cases) {
  add_lawful_forms(cases);
  add_keys(cases);
  add_doubtful_forms(cases);
  add_early_frames(cases);
  add_answers(cases);
  add_versions(cases);
  add_refusals(cases);
  add_not_asked(cases);
  add_tolerable_faults(cases);
  add_request_bodies(cases);
}

}  // namespace duplex::app::check
