#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "case_parts.hpp"
#include "cases.hpp"
#include "payloads.hpp"

// Which offers and which answers lead to permessage-deflate (RFC 7692 sections 5 and 7.1).

namespace duplex::app::check {
namespace {

constexpr auto extensions = "Sec-WebSocket-Extensions";
constexpr auto negotiation = "RFC 7692 sections 5.1, 7.1";
constexpr auto no_takeover = "RFC 7692 section 7.1.1";
constexpr auto window_bits = "RFC 7692 section 7.1.2";

/// Random bytes, each stretch of them twice, at distances a bit larger than each window: who looks
/// back too far is found out.
std::string far_repetitions() {
  std::string payload;
  for (int bits = 8; bits <= 15; ++bits) {
    const std::size_t distance = (std::size_t{1} << bits) + 64;
    const std::string stretch = binary_payload(payload.size() + distance).substr(payload.size());
    payload += stretch + stretch;
  }
  return payload;
}

/// Messages that need each of the parameters to be right.
void talk(Script& script) {
  const auto echo_compressed = [&script](const Message& message) {
    Frame frame = whole(message);
    frame.payload = script.compress(message.payload);
    frame.reserved = rsv::one;
    script.send(frame);
    script.expect_echo(message);
  };
  const std::string sentence = "The same sentence again, to be found in the window. ";
  for (int i = 0; i < 3; ++i) echo_compressed(text(sentence));
  echo_compressed(text(sentence + sentence + sentence));
  echo(script, text(sentence));
  echo_compressed(binary(far_repetitions()));
  script.close();
}

/// The same with a peer that may have found out that it can't do what was agreed on.
void talk_if_able(Script& script) {
  const Message message = text("Are you able?");
  script.send_message(message);
  const Event event = script.receive();
  if (std::holds_alternative<EndOfStream>(event) || std::holds_alternative<CloseFrame>(event)) {
    script.end_acceptable("it ends the connection: it can't do a window of eight bits");
  }
  const auto* const echo = std::get_if<Message>(&event);
  if (echo == nullptr || *echo != message) script.wrong(describe(event) + " came");
  talk(script);
}

struct Offer {
  std::string_view id;
  std::string_view title;
  std::string rule;
  /// Each in a field of its own.
  std::vector<std::string> values;
};

std::string joined(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) all += (all.empty() ? "" : ", ") + value;
  return all;
}

HttpHead request_with(Script& script, const std::vector<std::string>& values) {
  HttpHead request = script.request().remove(extensions);
  for (const std::string& value : values) request.add(extensions, value);
  return request;
}

/// Offers that a server may accept; it is then judged by what it accepts, and by what it does then.
/// Who declines needs no compression.
void add_valid_offers(Cases& cases) {
  std::vector<Offer> offers{
      {"plain", "An offer without parameters", negotiation, {"permessage-deflate"}},
      {"server-no-takeover",
       "An offer with server_no_context_takeover",
       no_takeover,
       {"permessage-deflate; server_no_context_takeover"}},
      {"client-no-takeover",
       "An offer with client_no_context_takeover",
       no_takeover,
       {"permessage-deflate; client_no_context_takeover"}},
      {"both-no-takeover",
       "An offer with both parameters for no context takeover",
       no_takeover,
       {"permessage-deflate; server_no_context_takeover; client_no_context_takeover"}},
      {"client-window",
       "An offer with client_max_window_bits without a value",
       window_bits,
       {"permessage-deflate; client_max_window_bits"}},
      {"all-parameters",
       "An offer with all four parameters",
       negotiation,
       {"permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=12; client_max_window_bits=12"}},
      {"all-parameters-other-order",
       "An offer with all four parameters in another order",
       negotiation,
       {"permessage-deflate; client_max_window_bits; server_max_window_bits=11; "
        "client_no_context_takeover; server_no_context_takeover"}},
      {"both-windows-9",
       "An offer with nine bits for both windows",
       window_bits,
       {"permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"}},
      {"different-windows",
       "An offer with different windows",
       window_bits,
       {"permessage-deflate; server_max_window_bits=9; client_max_window_bits=14"}},
      {"without-spaces",
       "An offer without a space",
       "RFC 6455 section 9.1",
       {"permessage-deflate;server_no_context_takeover;client_max_window_bits"}},
      {"with-spaces-and-tabs",
       "An offer with spaces and tabs around the semicolons",
       "RFC 6455 section 9.1",
       {"permessage-deflate \t;  server_no_context_takeover\t; client_max_window_bits"}},
      {"quoted-value",
       "An offer with a value in quotes",
       "RFC 6455 section 9.1",
       {"permessage-deflate; server_max_window_bits=\"10\""}},
      {"two-offers",
       "Two offers in one field, the first with parameters",
       negotiation,
       {"permessage-deflate; server_max_window_bits=10; client_max_window_bits, "
        "permessage-deflate"}},
      {"two-fields",
       "Two offers in two fields, the first with parameters",
       negotiation,
       {"permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
        "permessage-deflate"}},
      {"three-offers",
       "Three offers, each with fewer parameters",
       negotiation,
       {"permessage-deflate; server_no_context_takeover; server_max_window_bits=8, "
        "permessage-deflate; server_no_context_takeover, permessage-deflate"}},
      {"behind-unknown",
       "An unknown extension, and an offer behind it",
       "RFC 6455 section 9.1, RFC 7692 section 5.1",
       {"x-unknown; a=1, permessage-deflate"}},
      {"before-unknown",
       "An offer, and an unknown extension behind it",
       "RFC 6455 section 9.1, RFC 7692 section 5.1",
       {"permessage-deflate", "x-unknown; a=\"1\"; b"}},
  };
  for (int bits = 8; bits <= 15; ++bits) {
    for (const std::string end : {"server", "client"}) {
      cases.push_back(
          {.id = fmt::format("deflate/offer-{}-window-{}", end, bits),
           .title = fmt::format("An offer with {}_max_window_bits={}", end, bits),
           .expected = "it is declined, or accepted and kept to",
           .rule = window_bits,
           .checks = Checks::servers,
           .compression = Compression{.offer = fmt::format(
                                          "permessage-deflate; {}_max_window_bits={}", end, bits)},
           .time_factor = 2,
           .run = talk});
    }
  }
  for (Offer& offer : offers) {
    cases.push_back({.id = fmt::format("deflate/offer-{}", offer.id),
                     .title = std::string(offer.title),
                     .expected = "it is declined, or accepted and kept to",
                     .rule = std::move(offer.rule),
                     .checks = Checks::servers,
                     .begin = Begin::connected,
                     .compression = Compression{.offer = joined(offer.values)},
                     .time_factor = 2,
                     .run = [values = std::move(offer.values)](Script& script) {
                       script.open(request_with(script, values));
                       talk(script);
                     }});
  }
}

/// Parameters that make an offer, or an answer, one that must not be accepted.
struct Fault {
  std::string_view id;
  std::string_view what;
  std::string_view parameters;
};

constexpr Fault faults[] = {
    {"unknown-parameter", "a parameter that there is not", "foo"},
    {"unknown-parameter-with-value", "a parameter that there is not, with a value", "foo=1"},
    {"misspelt-parameter", "a misspelt parameter", "server_no_context_takeovers"},
    {"unknown-behind-known", "a right parameter and one that there is not",
     "server_no_context_takeover; foo"},
    {"server-takeover-with-value", "server_no_context_takeover with a value",
     "server_no_context_takeover=1"},
    {"server-takeover-with-word", "server_no_context_takeover with a word",
     "server_no_context_takeover=true"},
    {"client-takeover-with-value", "client_no_context_takeover with a value",
     "client_no_context_takeover=1"},
    {"server-takeover-doubled", "server_no_context_takeover twice",
     "server_no_context_takeover; server_no_context_takeover"},
    {"client-takeover-doubled", "client_no_context_takeover twice",
     "client_no_context_takeover; client_no_context_takeover"},
    {"server-window-doubled", "server_max_window_bits twice, with different values",
     "server_max_window_bits=10; server_max_window_bits=12"},
    {"server-window-doubled-alike", "server_max_window_bits twice, with the same value",
     "server_max_window_bits=10; server_max_window_bits=10"},
    {"client-window-doubled", "client_max_window_bits twice, with different values",
     "client_max_window_bits=10; client_max_window_bits=12"},
    {"server-window-without-value", "server_max_window_bits without a value",
     "server_max_window_bits"},
    {"server-window-0", "server_max_window_bits=0", "server_max_window_bits=0"},
    {"server-window-7", "server_max_window_bits=7", "server_max_window_bits=7"},
    {"server-window-16", "server_max_window_bits=16", "server_max_window_bits=16"},
    {"server-window-08", "server_max_window_bits=08, which has a leading zero",
     "server_max_window_bits=08"},
    {"server-window-010", "server_max_window_bits=010, which has a leading zero",
     "server_max_window_bits=010"},
    {"server-window-word", "server_max_window_bits=x", "server_max_window_bits=x"},
    {"server-window-negative", "server_max_window_bits=-9", "server_max_window_bits=-9"},
    {"server-window-fraction", "server_max_window_bits=10.5", "server_max_window_bits=10.5"},
    {"server-window-huge", "server_max_window_bits=4294967306, which is 10 in 32 bits",
     "server_max_window_bits=4294967306"},
    {"client-window-0", "client_max_window_bits=0", "client_max_window_bits=0"},
    {"client-window-7", "client_max_window_bits=7", "client_max_window_bits=7"},
    {"client-window-16", "client_max_window_bits=16", "client_max_window_bits=16"},
    {"client-window-08", "client_max_window_bits=08, which has a leading zero",
     "client_max_window_bits=08"},
    {"client-window-word", "client_max_window_bits=x", "client_max_window_bits=x"},
    {"client-window-negative", "client_max_window_bits=-9", "client_max_window_bits=-9"},
    {"client-window-huge", "client_max_window_bits=4294967306, which is 10 in 32 bits",
     "client_max_window_bits=4294967306"},
};

void add_invalid_offers(Cases& cases) {
  for (const auto& [id, what, parameters] : faults) {
    const std::string offer = fmt::format("permessage-deflate; {}", parameters);
    cases.push_back({.id = fmt::format("deflate/bad-offer-{}", id),
                     .title = fmt::format("An offer with {}", what),
                     .expected = "it is declined, and the WebSocket opens without compression",
                     .rule = negotiation,
                     .checks = Checks::servers,
                     .begin = Begin::connected,
                     .run = [offer](Script& script) {
                       const HttpHead request = request_with(script, {offer});
                       script.send_head(request);
                       const Script::Opening opening = script.opened_or_refused(request);
                       if (!opening) {
                         script.end_acceptable("it refuses the request, not just the offer");
                       }
                       if (!opening.response.list(extensions).empty()) {
                         script.wrong("it accepts an offer that is to be declined");
                       }
                       echo_and_close(script);
                     }});
  }
  // A server that declines the first may accept the second.
  for (const Fault& fault : {faults[0], faults[4], faults[7], faults[13], faults[25]}) {
    for (const bool two_fields : {false, true}) {
      const std::string first = fmt::format("permessage-deflate; {}", fault.parameters);
      const std::vector<std::string> values =
          two_fields ? std::vector<std::string>{first, "permessage-deflate"}
                     : std::vector<std::string>{first + ", permessage-deflate"};
      cases.push_back(
          {.id = fmt::format("deflate/second-offer-{}{}", fault.id,
                             two_fields ? "-in-two-fields" : ""),
           .title = fmt::format("An offer with {}, and a right one behind it{}", fault.what,
                                two_fields ? " in a field of its own" : ""),
           .expected = "the first is declined; the second is accepted, or declined, too",
           .rule = negotiation,
           .checks = Checks::servers,
           .begin = Begin::connected,
           .compression = Compression{.offer = joined(values)},
           .time_factor = 2,
           .run = [values](Script& script) {
             const HttpHead request = request_with(script, values);
             script.send_head(request);
             const Script::Opening opening = script.opened_or_refused(request);
             if (!opening) script.end_acceptable("it refuses the request, not just the offer");
             if (!allows("permessage-deflate", opening.response.list(extensions))) {
               script.wrong("its answer does not fit the offer that is right");
             }
             talk(script);
           }});
    }
  }
}

/// Answers that the client's offer has to allow; who offers something else is not checked.
void add_valid_answers(Cases& cases) {
  std::vector<std::string> parameters{"",
                                      "server_no_context_takeover",
                                      "client_no_context_takeover",
                                      "server_no_context_takeover; client_no_context_takeover",
                                      "server_max_window_bits=\"10\"",
                                      ("server_no_context_takeover; client_no_context_takeover; "
                                       "server_max_window_bits=9; client_max_window_bits=9")};
  for (int bits = 8; bits <= 15; ++bits) {
    parameters.push_back(fmt::format("server_max_window_bits={}", bits));
    parameters.push_back(fmt::format("client_max_window_bits={}", bits));
  }
  for (const std::string& listed : parameters) {
    std::string id = listed.empty() ? "plain" : listed;
    for (const auto& [from, to] : std::initializer_list<std::pair<std::string_view, std::string>>{
             {"_no_context_takeover", "-no-takeover"},
             {"_max_window_bits=", "-window-"},
             {"; ", "-"},
             {"\"10\"", "quoted"}}) {
      for (std::size_t at = id.find(from); at != std::string::npos; at = id.find(from)) {
        id.replace(at, from.size(), to);
      }
    }
    cases.push_back(
        {.id = "deflate/answer-" + id,
         .title = listed.empty() ? "An answer without parameters" : "An answer with " + listed,
         .expected = id.ends_with("window-8")
                         ? "the client keeps to it; acceptable: it ends the connection"
                         : "the WebSocket opens, and the client keeps to it",
         .rule = negotiation,
         .checks = Checks::clients,
         .compression = Compression{.offer = "permessage-deflate",
                                    .answer = listed.empty() ? "permessage-deflate"
                                                             : "permessage-deflate; " + listed},
         .time_factor = 2,
         // zlib has no windows of eight bits for compressing.
         .run = id.ends_with("window-8") ? talk_if_able : talk});
  }
}

void add_invalid_answer(Cases& cases, std::string_view id, std::string title, std::string answer,
                        std::string rule, std::string_view unless_offered = {}) {
  cases.push_back({.id = fmt::format("deflate/bad-answer-{}", id),
                   .title = std::move(title),
                   .expected = "it ends the connection",
                   .rule = std::move(rule),
                   .checks = Checks::clients,
                   .begin = Begin::connected,
                   .run = [answer = std::move(answer), unless_offered](Script& script) {
                     const std::string offer = script.client_request().list(extensions);
                     if (!unless_offered.empty() &&
                         offer.find(unless_offered) != std::string::npos) {
                       script.not_applicable(fmt::format("it offers {}", unless_offered));
                     }
                     script.send_head(script.response().add(extensions, answer));
                     script.expect_opening_failure();
                   }});
}

void add_invalid_answers(Cases& cases) {
  for (const auto& [id, what, parameters] : faults) {
    add_invalid_answer(cases, id, fmt::format("An answer with {}", what),
                       fmt::format("permessage-deflate; {}", parameters), negotiation);
  }
  add_invalid_answer(cases, "client-window-without-value",
                     "An answer with client_max_window_bits without a value",
                     "permessage-deflate; client_max_window_bits", "RFC 7692 section 7.1.2.2");
  add_invalid_answer(cases, "twice", "An answer with permessage-deflate twice",
                     "permessage-deflate, permessage-deflate", "RFC 7692 section 5.1");
  add_invalid_answer(cases, "and-unknown", "An answer with permessage-deflate and another",
                     "permessage-deflate, x-unknown", "RFC 6455 section 4.1");
  add_invalid_answer(cases, "other-name", "An answer with an extension of a similar name",
                     "permessage-deflat", "RFC 6455 section 4.1");
  add_invalid_answer(cases, "bzip2", "An answer with permessage-bzip2", "permessage-bzip2",
                     "RFC 6455 section 4.1", "permessage-bzip2");
  add_invalid_answer(cases, "not-offered", "An answer with permessage-deflate, not offered",
                     "permessage-deflate", "RFC 6455 section 4.1", "permessage-deflate");
  add_invalid_answer(cases, "client-window-not-offered",
                     "An answer with client_max_window_bits, not offered",
                     "permessage-deflate; client_max_window_bits=10", "RFC 7692 section 7.1.2.2",
                     "client_max_window_bits");
  cases.push_back(
      {.id = "deflate/bad-answer-without-demanded",
       .title = "An answer without the server's parameters that the client has demanded",
       .expected = "it ends the connection",
       .rule = "RFC 7692 sections 7.1.1.1, 7.1.2.1",
       .checks = Checks::clients,
       .begin = Begin::connected,
       .run = [](Script& script) {
         const std::string offer = script.client_request().list(extensions);
         if (offer.empty()) script.not_applicable("it offers no compression");
         if (allows(offer, "permessage-deflate")) {
           script.not_applicable("it demands no parameter of the server");
         }
         script.send_head(script.response().add(extensions, "permessage-deflate"));
         script.expect_opening_failure();
       }});
}

}  // namespace

void add_deflate_opening_cases(Cases& cases) {
  add_valid_offers(cases);
  add_invalid_offers(cases);
  add_valid_answers(cases);
  add_invalid_answers(cases);
}

}  // namespace duplex::app::check
