#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "request_parts.hpp"

// Opening handshakes, as servers see them: requests that they have to take, and may take.

namespace duplex::app::check {
namespace {

using changes::add;
using changes::set;

constexpr auto field_syntax = "RFC 6455 section 4.2.1, RFC 9112 section 5";

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

/// Requests that a server has to take.
void add_opening(Cases& cases, RequestVariant variant) {
  add_request_case(cases, std::move(variant.id), std::move(variant.title), "the WebSocket opens",
                   std::move(variant.rule), [change = std::move(variant.change)](Script& script) {
                     HttpHead request = script.request();
                     change(request);
                     script.open(request);
                     echo_and_close(script);
                   });
}

void add_lawful_forms(Cases& cases) {
  const std::string long_value(4096, 'v');
  std::vector<RequestVariant> variants{
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
  for (RequestVariant& variant : variants) add_opening(cases, std::move(variant));

  for (const std::size_t piece_bytes : {1UL, 2UL, 7UL, 64UL}) {
    add_request_case(
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
    add_request_case(
        cases, fmt::format("key-{}", id), std::string(title),
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
  std::vector<RequestVariant> variants{
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
  for (RequestVariant& variant : variants) add_either(cases, std::move(variant), refuses);
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
    RequestVariant variant;
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
  add_request_case(cases, "bare-lf", "Lines that end in a line feed alone",
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

}  // namespace

void add_request_cases(Cases& cases) {
  add_lawful_forms(cases);
  add_keys(cases);
  add_doubtful_forms(cases);
  add_tolerable_faults(cases);
}

}  // namespace duplex::app::check
