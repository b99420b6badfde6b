#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "request_parts.hpp"

// Opening handshakes, as servers see them: what their responses say, and what comes with a request.

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

/// What the response has to say, and must not.
void add_answers(Cases& cases) {
  const auto add = [&cases](std::string id, std::string title, std::string expected,
                            std::string rule, Change change,
                            std::function<void(Script&, const HttpHead&)> check) {
    add_request_case(cases, std::move(id), std::move(title), std::move(expected), std::move(rule),
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
    add_request_case(cases, std::string(id), fmt::format("{} that the server may know", title),
                     "the WebSocket opens, with none of them or with one", "RFC 6455 section 4.2.2",
                     [values = values](Script& script) {
                       HttpHead request = script.request();
                       for (const std::string& value : values) {
                         request.add("Sec-WebSocket-Protocol", value);
                       }
                       script.send_head(request);
                       const std::string offered = request.list("Sec-WebSocket-Protocol");
                       const Script::Opening opening = script.opened_or_refused(request);
                       if (!opening) script.end_acceptable("it refuses these subprotocols");
                       echo_and_close(script);
                       const HttpHead& response = opening.response;
                       if (response.count("Sec-WebSocket-Protocol") == 0) return;
                       const std::string chosen = response.list("Sec-WebSocket-Protocol");
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
    add_request_case(cases, piece_bytes == 0 ? "early-frames" : "early-frames-byte-by-byte",
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
                         if (!event)
                           script.end_acceptable("it drops frames that come with the request");
                         const auto* const echo = std::get_if<Message>(&*event);
                         if (echo != nullptr && *echo != message) {
                           script.wrong(describe(*event) + " came instead of the echo");
                         }
                         if (echo == nullptr)
                           script.end_acceptable("it fails when frames come early");
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
    add_request_case(cases, std::string(id), std::string(title),
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

void add_request_answer_cases(Cases& cases) {
  add_early_frames(cases);
  add_answers(cases);
  add_request_bodies(cases);
}

}  // namespace duplex::app::check
