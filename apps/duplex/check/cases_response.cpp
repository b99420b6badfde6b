#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "head_changes.hpp"
#include "response_parts.hpp"
#include <duplex/base/ascii.hpp>

// Opening handshakes, as clients see them: responses.

namespace duplex::app::check {
namespace {

using changes::add;
using changes::remove;
using changes::rename;
using changes::set;

constexpr auto response_rules = "RFC 6455 sections 4.1, 4.2.2";

Change status(std::string line) {
  return [line = std::move(line)](HttpHead& response) { response.start_line = line; };
}

/// The value of Sec-WebSocket-Accept, changed.
Change accept(std::function<std::string(std::string)> change) {
  return [change = std::move(change)](HttpHead& response) {
    const std::string value(response.find("Sec-WebSocket-Accept").value_or(""));
    response.set("Sec-WebSocket-Accept", change(value));
  };
}

struct Variant {
  std::string_view id;
  std::string_view title;
  std::string_view rule;
  Change change;
};

void add_lawful_responses(Cases& cases) {
  const auto rename_all = [](int difference, char first, char last) {
    return [=](HttpHead& response) {
      for (HttpHead::Field& field : response.fields) {
        for (char& character : field.name) {
          if (character >= first && character <= last) {
            character = static_cast<char>(character + difference);
          }
        }
      }
    };
  };
  const Variant variants[] = {
      {"answer-plain", "A 101 with the fields that are needed", response_rules, [](HttpHead&) {}},
      {"answer-names-in-lower-case", "All field names in lower case", response_rules,
       rename_all(32, 'A', 'Z')},
      {"answer-names-in-upper-case", "All field names in upper case", response_rules,
       rename_all(-32, 'a', 'z')},
      {"answer-fields-in-reverse-order", "The fields in reverse order", response_rules,
       [](HttpHead& response) { std::ranges::reverse(response.fields); }},
      {"answer-upgrade-mixed-case", "\"Upgrade: WebSocket\"", response_rules,
       set("Upgrade", "WebSocket")},
      {"answer-upgrade-upper-case", "\"Upgrade: WEBSOCKET\"", response_rules,
       set("Upgrade", "WEBSOCKET")},
      {"answer-connection-lower-case", "\"Connection: upgrade\"", response_rules,
       set("Connection", "upgrade")},
      {"answer-connection-upper-case", "\"Connection: UPGRADE\"", response_rules,
       set("Connection", "UPGRADE")},
      {"answer-connection-list", "\"Connection: keep-alive, Upgrade\"", response_rules,
       set("Connection", "keep-alive, Upgrade")},
      {"answer-connection-in-two-fields", "Two fields Connection, the second with Upgrade",
       "RFC 6455 section 4.1, RFC 9110 section 5.3",
       [](HttpHead& response) {
         response.set("Connection", "keep-alive").add("Connection", "Upgrade");
       }},
      {"answer-values-with-spaces", "Spaces and tabs around the fields' values", response_rules,
       [](HttpHead& response) {
         for (HttpHead::Field& field : response.fields) {
           field.value = " \t" + field.value + "\t ";
         }
       }},
      {"answer-unknown-fields", "Fields that nobody knows", response_rules,
       [](HttpHead& response) {
         response.add("X-Unknown", "value").add("Sec-WebSocket-Unknown", "").add("X", "y");
       }},
      {"answer-server-fields", "The fields that servers add", response_rules,
       [](HttpHead& response) {
         response.add("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
             .add("Server", "example/1.0 (check)")
             .add("Set-Cookie", "a=b")
             .add("Set-Cookie", "c=d");
       }},
      {"answer-long-field", "A field of 1000 bytes", response_rules,
       add("X-Long", std::string(1000, 'v'))},
      {"answer-other-reason", "Another reason phrase", "RFC 9112 section 4",
       status("HTTP/1.1 101 Web Socket Protocol Handshake")},
      {"answer-without-reason", "No reason phrase, but the space before it", "RFC 9112 section 4",
       status("HTTP/1.1 101 ")},
  };
  for (const auto& [id, title, rule, change] : variants) {
    add_client_case(cases, id, std::string(title), "the WebSocket opens", std::string(rule),
                    [change = change](Script& script) {
                      HttpHead response = script.response();
                      change(response);
                      script.open_with(response);
                      echo_and_close(script);
                    });
  }
  for (const std::size_t piece_bytes : {1UL, 2UL, 7UL, 64UL}) {
    add_client_case(cases, fmt::format("answer-in-pieces-of-{}", piece_bytes),
                    fmt::format("The response in pieces of {} byte{}", piece_bytes,
                                piece_bytes == 1 ? "" : "s"),
                    "the WebSocket opens", response_rules, [piece_bytes](Script& script) {
                      const HttpHead response = script.response();
                      script.send_head(response, piece_bytes);
                      script.opened_with(response);
                      echo_and_close(script);
                    });
  }
}

/// Frames behind the response, in the same write.
void add_frames_with_response(Cases& cases) {
  for (const std::size_t piece_bytes : {0UL, 1UL, 50UL}) {
    const std::string suffix = piece_bytes == 0 ? "" : fmt::format("-in-pieces-of-{}", piece_bytes);
    const std::string how = piece_bytes == 0 ? "in one write"
                                             : fmt::format("in pieces of {} byte{}", piece_bytes,
                                                           piece_bytes == 1 ? "" : "s");
    add_client_case(
        cases, "answer-and-frames" + suffix,
        fmt::format("The response, two messages and a ping {}", how),
        "the WebSocket opens, and all are answered", response_rules, [piece_bytes](Script& script) {
          const HttpHead response = script.response();
          const std::string bytes = response.text() + script.encode({.payload = "early"}) +
                                    script.encode({.opcode = Opcode::binary, .payload = "too"}) +
                                    script.encode({.opcode = Opcode::ping, .payload = "ping"});
          script.send_bytes(bytes, "a 101, two messages and a ping", piece_bytes);
          script.opened_with(response);
          script.expect_pong("ping");
          script.expect_echo(text("early"));
          script.expect_echo(binary("too"));
          script.close();
        });
    add_client_case(
        cases, "answer-and-close" + suffix, fmt::format("The response and a close frame {}", how),
        "the close frame is answered with 1000", response_rules, [piece_bytes](Script& script) {
          const HttpHead response = script.response();
          const std::string bytes =
              response.text() +
              script.encode({.opcode = Opcode::close, .payload = close_payload(code::normal)});
          script.send_bytes(bytes, "a 101 and a close frame", piece_bytes);
          script.opened_with(response);
          script.expect_close({code::normal}, true);
        });
  }
}

/// Waits for what a client makes of a response that it may take or not.
void expect_echo_or_end(Script& script, std::string_view taking) {
  const Message message = text("Are you there?");
  script.send_message(message);
  const Event event = script.receive();
  if (std::holds_alternative<EndOfStream>(event)) return;
  if (std::holds_alternative<CloseFrame>(event)) {
    script.end_acceptable("it sent a close frame on a connection that was never opened");
  }
  const auto* const echo = std::get_if<Message>(&event);
  if (echo == nullptr || *echo != message) script.wrong(describe(event) + " came");
  if (!taking.empty()) script.acceptable(std::string(taking));
  script.close();
}

/// Responses that a client may take, though it need not.
void add_doubtful_responses(Cases& cases) {
  const struct {
    Variant variant;
    /// What it does if it takes it, when that is not as good as refusing.
    std::string_view taking;
  } doubtful[] = {
      {{"answer-http-1-0", "A 101 of HTTP/1.0", "RFC 6455 section 4.2.2, RFC 9110 section 15.2",
        status("HTTP/1.0 101 Switching Protocols")},
       "it takes a 101 of HTTP/1.0"},
      {{"answer-http-2-0", "A 101 of HTTP/2.0", "RFC 6455 section 4.2.2, RFC 9112 section 2.3",
        status("HTTP/2.0 101 Switching Protocols")},
       "it takes a 101 of HTTP/2.0"},
      {{"answer-upgrade-list", "\"Upgrade: websocket, other\"", response_rules,
        set("Upgrade", "websocket, other")},
       "it takes a list of protocols"},
      {{"answer-upgrade-doubled", "Two fields Upgrade, both with websocket", response_rules,
        add("Upgrade", "websocket")},
       "it takes a doubled Upgrade"},
      {{"answer-no-space-behind-status", "Neither a reason phrase nor the space before it",
        "RFC 9112 section 4", status("HTTP/1.1 101")},
       ""},
      {{"answer-obs-fold", "A field over two lines", "RFC 9112 section 5.2",
        add("X-Folded", "first\r\n second")},
       ""},
      {{"answer-space-before-colon", "A space between a field's name and its colon",
        "RFC 9112 section 5.1", rename("Upgrade", "Upgrade ")},
       "it takes a space before a colon"},
      {{"answer-content-length-0", "A 101 with \"Content-Length: 0\"", "RFC 9110 section 8.6",
        add("Content-Length", "0")},
       ""},
      {{"answer-content-length-5", "A 101 with \"Content-Length: 5\"", "RFC 9110 section 8.6",
        add("Content-Length", "5")},
       ""},
      {{"answer-transfer-encoding", "A 101 with \"Transfer-Encoding: chunked\"",
        "RFC 9112 section 6.1", add("Transfer-Encoding", "chunked")},
       ""},
      {{"answer-long-field-16384", "A field of 16384 bytes", "RFC 9110 section 5.4",
        add("X-Long", std::string(16384, 'v'))},
       ""},
      {{"answer-empty-extensions", "A Sec-WebSocket-Extensions without a value",
        "RFC 6455 section 9.1", add("Sec-WebSocket-Extensions", "")},
       ""},
      {{"answer-version", "A 101 with a Sec-WebSocket-Version", "RFC 6455 section 11.3.5",
        add("Sec-WebSocket-Version", "13")},
       ""},
  };
  for (const auto& [variant, taking] : doubtful) {
    add_client_case(cases, variant.id, std::string(variant.title),
                    taking.empty() ? "the WebSocket opens, or the connection ends"
                                   : "the connection ends; acceptable: the WebSocket opens",
                    std::string(variant.rule),
                    [change = variant.change, taking = taking](Script& script) {
                      HttpHead response = script.response();
                      change(response);
                      script.send_head(response);
                      script.opened_with(response);
                      expect_echo_or_end(script, taking);
                    });
  }
  // RFC 9110 section 15.2: clients must be able to read them.
  for (const std::string line : {"100 Continue", "103 Early Hints"}) {
    add_client_case(
        cases, "answer-after-" + line.substr(0, 3),
        fmt::format("A response {} before the 101", line),
        "the WebSocket opens; acceptable: the connection ends", "RFC 9110 section 15.2",
        [line](Script& script) {
          script.send_head({.start_line = "HTTP/1.1 " + line, .fields = {}});
          const HttpHead response = script.response();
          script.send_head(response);
          script.opened_with(response);
          const Message message = text("Are you there?");
          script.send_message(message);
          const Event event = script.receive();
          if (std::holds_alternative<EndOfStream>(event)) {
            script.end_acceptable("it does not wait for the response behind an interim one");
          }
          const auto* const echo = std::get_if<Message>(&event);
          if (echo == nullptr || *echo != message) script.wrong(describe(event) + " came");
          script.close();
        });
  }
}

/// Responses that section 4.1 tells clients to fail for.
void add_wrong_responses(Cases& cases) {
  constexpr std::string_view accept_name = "Sec-WebSocket-Accept";
  std::vector<Variant> variants{
      {"answer-no-upgrade", "A 101 without Upgrade", response_rules, remove("Upgrade")},
      {"answer-upgrade-empty", "An Upgrade without a value", response_rules, set("Upgrade", "")},
      {"answer-upgrade-other", "\"Upgrade: h2c\"", response_rules, set("Upgrade", "h2c")},
      {"answer-upgrade-misspelt", "\"Upgrade: websockets\"", response_rules,
       set("Upgrade", "websockets")},
      {"answer-upgrade-hyphenated", "\"Upgrade: web-socket\"", response_rules,
       set("Upgrade", "web-socket")},
      {"answer-upgrade-name-misspelt", "\"Upgraded\" instead of Upgrade", response_rules,
       rename("Upgrade", "Upgraded")},
      {"answer-no-connection", "A 101 without Connection", response_rules, remove("Connection")},
      {"answer-connection-empty", "A Connection without a value", response_rules,
       set("Connection", "")},
      {"answer-connection-close", "\"Connection: close\"", response_rules,
       set("Connection", "close")},
      {"answer-connection-keep-alive", "\"Connection: keep-alive\"", response_rules,
       set("Connection", "keep-alive")},
      {"answer-connection-misspelt", "\"Connection: Upgrades\"", response_rules,
       set("Connection", "Upgrades")},
      {"answer-connection-name-misspelt", "\"Connections\" instead of Connection", response_rules,
       rename("Connection", "Connections")},
      {"answer-no-accept", "A 101 without Sec-WebSocket-Accept", response_rules,
       remove(std::string(accept_name))},
      {"answer-accept-name-misspelt", "\"Sec-WebSocket-Accepts\"", response_rules,
       rename(std::string(accept_name), "Sec-WebSocket-Accepts")},
      {"answer-accept-empty", "An empty Sec-WebSocket-Accept", response_rules,
       accept([](const std::string&) { return std::string(); })},
      {"answer-accept-of-another-key", "The Sec-WebSocket-Accept of another key", response_rules,
       accept([](const std::string&) { return accept_key("dGhlIHNhbXBsZSBub25jZQ=="); })},
      {"answer-accept-of-no-key", "The Sec-WebSocket-Accept of an empty key", response_rules,
       accept([](const std::string&) { return accept_key(""); })},
      {"answer-accept-in-other-case", "Sec-WebSocket-Accept with the case of its letters changed",
       response_rules, accept([](std::string value) {
         for (char& character : value) {
           const bool letter = to_lower(character) >= 'a' && to_lower(character) <= 'z';
           if (letter) character = static_cast<char>(character ^ 0x20);
         }
         return value;
       })},
      {"answer-accept-short", "Sec-WebSocket-Accept less its last character", response_rules,
       accept([](const std::string& value) { return value.substr(0, value.size() - 1); })},
      {"answer-accept-long", "Sec-WebSocket-Accept with a character more", response_rules,
       accept([](const std::string& value) { return value + "="; })},
      {"answer-accept-first-byte", "Sec-WebSocket-Accept with another first character",
       response_rules, accept([](std::string value) {
         value.front() = value.front() == 'A' ? 'B' : 'A';
         return value;
       })},
      {"answer-accept-last-byte", "Sec-WebSocket-Accept with another last digit", response_rules,
       accept([](std::string value) {
         char& last = value[value.size() - 2];
         last = last == 'A' ? 'E' : 'A';
         return value;
       })},
      {"answer-accept-with-space", "Sec-WebSocket-Accept with a space inside", response_rules,
       accept(
           [](const std::string& value) { return value.substr(0, 10) + " " + value.substr(10); })},
      {"answer-accept-quoted", "Sec-WebSocket-Accept in quotes", response_rules,
       accept([](const std::string& value) { return "\"" + value + "\""; })},
      {"answer-accept-doubled", "Two fields Sec-WebSocket-Accept, the second wrong",
       "RFC 6455 sections 4.1, 11.3.3", add(std::string(accept_name), accept_key(""))},
      {"answer-accept-doubled-wrong-first", "Two fields Sec-WebSocket-Accept, the first wrong",
       "RFC 6455 sections 4.1, 11.3.3",
       [](HttpHead& response) {
         response.fields.insert(response.fields.begin(), {"Sec-WebSocket-Accept", accept_key("")});
       }},
      {"answer-extension", "An extension that was not offered", "RFC 6455 section 4.1",
       add("Sec-WebSocket-Extensions", "x-unknown")},
      {"answer-extension-with-parameter", "An extension with a parameter that was not offered",
       "RFC 6455 section 4.1", add("Sec-WebSocket-Extensions", "x-unknown; a=1")},
      {"answer-protocol", "A subprotocol that was not offered", "RFC 6455 section 4.1",
       add("Sec-WebSocket-Protocol", "x-unknown")},
      {"answer-protocols", "Two subprotocols that were not offered", "RFC 6455 section 4.1",
       add("Sec-WebSocket-Protocol", "x-unknown, x-other")},
      {"answer-protocols-two-fields", "Two fields Sec-WebSocket-Protocol",
       "RFC 6455 sections 4.1, 11.3.4",
       [](HttpHead& response) {
         response.add("Sec-WebSocket-Protocol", "x-unknown")
             .add("Sec-WebSocket-Protocol", "x-other");
       }},
      {"answer-status-1010", "A status of four digits", "RFC 9112 section 4",
       status("HTTP/1.1 1010 Switching Protocols")},
      {"answer-status-10", "A status of two digits", "RFC 9112 section 4",
       status("HTTP/1.1 10 Switching Protocols")},
      {"answer-status-word", "A status that is a word", "RFC 9112 section 4",
       status("HTTP/1.1 OK")},
      {"answer-other-protocol", "A response of another protocol", "RFC 9112 section 2.3",
       status("SIP/2.0 101 Switching Protocols")},
  };
  for (const std::string line :
       {"200 OK", "201 Created", "204 No Content", "304 Not Modified", "400 Bad Request",
        "401 Unauthorized", "403 Forbidden", "404 Not Found", "426 Upgrade Required",
        "500 Internal Server Error", "503 Service Unavailable"}) {
    const std::string id = "answer-" + line.substr(0, 3);
    add_client_case(cases, id, fmt::format("A response {} that is else as the 101", line),
                    "the WebSocket does not open", "RFC 6455 section 4.1", [line](Script& script) {
                      HttpHead response = script.response();
                      response.start_line = "HTTP/1.1 " + line;
                      const bool has_body = !line.starts_with("204") && !line.starts_with("304");
                      if (has_body) response.add("Content-Length", "0");
                      response.set("Connection", "Upgrade, close");
                      script.send_head(response);
                      script.expect_opening_failure();
                    });
  }
  for (const auto& [id, title, rule, change] : variants) {
    add_client_case(cases, id, std::string(title), "it ends the connection", std::string(rule),
                    [change = change](Script& script) {
                      HttpHead response = script.response();
                      change(response);
                      script.send_head(response);
                      script.expect_opening_failure();
                    });
  }
  const struct {
    std::string_view id;
    std::string_view title;
    std::string_view bytes;
  } broken[] = {
      {"answer-noise", "Bytes that are no HTTP", "\x01\x02\x03 this is not HTTP\r\n\r\n"},
      {"answer-empty-head", "Two line ends", "\r\n\r\n"},
      {"answer-frames-only", "Frames without a response", "\x81\x05hello\x89\x01!\r\n\r\n"},
  };
  for (const auto& [id, title, bytes] : broken) {
    add_client_case(cases, id, std::string(title), "it ends the connection", "RFC 6455 section 4.1",
                    [bytes = bytes](Script& script) {
                      script.send_bytes(bytes, "no response");
                      script.send_bytes("\r\n\r\n", "the end of a head, for who sees none yet");
                      script.expect_opening_failure();
                    });
  }
  add_client_case(cases, "answer-line-without-colon", "A line without a colon",
                  "it ends the connection", "RFC 6455 section 4.1, RFC 9112 section 5",
                  [](Script& script) {
                    std::string bytes = script.response().text();
                    bytes.insert(bytes.size() - 2, "no colon here\r\n");
                    script.send_bytes(bytes, "a 101 with such a line");
                    script.opened_with(script.response());
                    expect_echo_or_end(script, "it takes a line without a colon");
                  });
  for (const bool half : {true, false}) {
    add_client_case(
        cases, half ? "answer-half-and-end" : "no-answer",
        half ? "Half of a response, and the end of TCP" : "The end of TCP without a response",
        "it ends the connection", "RFC 6455 section 4.1", [half](Script& script) {
          const std::string bytes = script.response().text();
          if (half) script.send_bytes(bytes.substr(0, bytes.size() / 2), "half of a 101");
          script.end_sending();
          script.expect_opening_failure();
        });
  }
}

}  // namespace

void add_response_cases(Cases& cases) {
  add_lawful_responses(cases);
  add_frames_with_response(cases);
  add_doubtful_responses(cases);
  add_wrong_responses(cases);
}

}  // namespace duplex::app::check
