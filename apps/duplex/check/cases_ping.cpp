#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "case_words.hpp"
#include "cases.hpp"
#include "payloads.hpp"
#include "script.hpp"

namespace duplex::app::check {
namespace {

constexpr auto control_rule = "RFC 6455 section 5.5";
constexpr auto ping_rule = "RFC 6455 sections 5.5.2, 5.5.3";
constexpr auto same_payload = "a pong with the same payload";

Frame ping(std::string payload) {
  return {.opcode = Opcode::ping, .payload = std::move(payload)};
}

Frame pong(std::string payload) {
  return {.opcode = Opcode::pong, .payload = std::move(payload)};
}

void add_payload(Cases& cases, std::string_view id, const std::string& title,
                 const std::string& payload) {
  cases.push_back({.id = fmt::format("ping/{}", id),
                   .title = title,
                   .expected = same_payload,
                   .rule = ping_rule,
                   .run = [payload](Script& script) {
                     script.send(ping(payload));
                     script.expect_pong(payload);
                     script.close();
                   }});
  cases.push_back({.id = fmt::format("ping/{}-by-byte", id),
                   .title = title + ", byte by byte",
                   .expected = same_payload,
                   .rule = ping_rule,
                   .run = [payload](Script& script) {
                     script.send_chopped(ping(payload), 1);
                     script.expect_pong(payload);
                     script.close();
                   }});
}

void add_payloads(Cases& cases) {
  for (const std::size_t bytes : {0UL, 1UL, 2UL, 8UL, 16UL, 63UL, 64UL, 124UL, 125UL}) {
    add_payload(cases, fmt::format("{}", bytes), fmt::format("A ping of {}", bytes_text(bytes)),
                ascii_payload(bytes));
  }
  add_payload(cases, "binary-125", "A ping of 125 bytes of all kinds", binary_payload(125));
  add_payload(cases, "zeros", "A ping of 125 zero bytes", std::string(125, '\0'));
  add_payload(cases, "not-utf8", "A ping with bytes that are not UTF-8",
              "\xff\xfe\xc0\xed\xa0\x80");
}

/// More than 125 bytes, or in fragments: no control frame may be so.
void add_refused(Cases& cases) {
  for (const Opcode opcode : {Opcode::ping, Opcode::pong}) {
    for (const std::size_t bytes : {126UL, 127UL, 1000UL, 65536UL}) {
      cases.push_back({.id = fmt::format("ping/{}-of-{}", name(opcode), bytes),
                       .title = fmt::format("A {} of {}", name(opcode), bytes_text(bytes)),
                       .expected = fails_1002,
                       .rule = control_rule,
                       .run = [opcode, bytes](Script& script) {
                         script.send({.opcode = opcode, .payload = ascii_payload(bytes)});
                         script.expect_failure({code::protocol_error});
                       }});
    }
    cases.push_back({.id = fmt::format("ping/{}-without-fin", name(opcode)),
                     .title = fmt::format("A {} without FIN", name(opcode)),
                     .expected = fails_1002,
                     .rule = control_rule,
                     .run = [opcode](Script& script) {
                       script.send({.opcode = opcode, .payload = "hel", .fin = false});
                       script.expect_failure({code::protocol_error});
                     }});
    cases.push_back({.id = fmt::format("ping/{}-in-fragments", name(opcode)),
                     .title = fmt::format("A {} in two fragments", name(opcode)),
                     .expected = fails_1002,
                     .rule = control_rule,
                     .run = [opcode](Script& script) {
                       script.send_together({{.opcode = opcode, .payload = "hel", .fin = false},
                                             {.opcode = Opcode::continuation, .payload = "lo"}});
                       script.expect_failure({code::protocol_error});
                     }});
    cases.push_back({.id = fmt::format("ping/{}-without-fin-in-message", name(opcode)),
                     .title = fmt::format("A {} without FIN, between fragments", name(opcode)),
                     .expected = fails_1002,
                     .rule = control_rule,
                     .run = [opcode](Script& script) {
                       script.send({.payload = "be", .fin = false});
                       script.send({.opcode = opcode, .payload = "hel", .fin = false});
                       script.expect_failure({code::protocol_error});
                     }});
  }
}

/// As for data: the RFC forbids it to who sends.
void add_longer_forms(Cases& cases) {
  for (const Opcode opcode : {Opcode::ping, Opcode::pong}) {
    for (const auto& [form, bits] :
         {std::pair(LengthForm::two_bytes, 16), std::pair(LengthForm::eight_bytes, 64)}) {
      cases.push_back({.id = fmt::format("ping/{}-5-in-{}-bits", name(opcode), bits),
                       .title = fmt::format("A {} of 5 bytes, the length written in {} bits",
                                            name(opcode), bits),
                       .expected = fails_1002,
                       .rule = "RFC 6455 section 5.2",
                       .run = [opcode, form = form](Script& script) {
                         script.send({.opcode = opcode, .payload = "hello", .form = form});
                         // Shows who has taken it.
                         script.send_message(text("after"));
                         script.may_pong("hello");
                         if (script.fails_or_echoes(text("after"), {code::protocol_error})) return;
                         script.acceptable("it takes lengths that are not in the fewest bits");
                         script.close();
                       }});
    }
  }
}

std::vector<Frame> ten_pings() {
  std::vector<Frame> pings;
  pings.reserve(10);
  for (int i = 0; i < 10; ++i) pings.push_back(ping(fmt::format("ping {}", i)));
  return pings;
}

void add_many(Cases& cases) {
  constexpr auto the_last = "a pong to the last at least, in order";
  cases.push_back({.id = "ping/ten",
                   .title = "Ten pings, one after another's pong",
                   .expected = "a pong to each",
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     for (const Frame& frame : ten_pings()) {
                       script.send(frame);
                       script.expect_pong(frame.payload);
                     }
                     script.close();
                   }});
  cases.push_back({.id = "ping/ten-in-ten-writes",
                   .title = "Ten pings without waiting for pongs",
                   .expected = the_last,
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     for (const Frame& frame : ten_pings()) script.send(frame);
                     script.expect_pong("ping 9");
                     script.close();
                   }});
  cases.push_back({.id = "ping/ten-in-one-write",
                   .title = "Ten pings in one write",
                   .expected = the_last,
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     script.send_together(ten_pings());
                     script.expect_pong("ping 9");
                     script.close();
                   }});
  cases.push_back({.id = "ping/ten-by-byte",
                   .title = "Ten pings byte by byte",
                   .expected = the_last,
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     for (const Frame& frame : ten_pings()) script.send_chopped(frame, 1);
                     script.expect_pong("ping 9");
                     script.close();
                   }});
}

/// Nobody has to ask for a pong, and nobody answers one.
void add_unsolicited(Cases& cases) {
  for (const auto& [id, title, payload] :
       {std::tuple("unsolicited-pong", "A pong that nobody asked for", std::string()),
        std::tuple("unsolicited-pong-payload", "A pong that nobody asked for, with a payload",
                   std::string("hello")),
        std::tuple("unsolicited-pong-125", "A pong of 125 bytes that nobody asked for",
                   binary_payload(125))}) {
    cases.push_back({.id = fmt::format("ping/{}", id),
                     .title = title,
                     .expected = "nothing comes of it, and text is echoed",
                     .rule = "RFC 6455 section 5.5.3",
                     .run = [payload = payload](Script& script) {
                       script.send(pong(payload));
                       script.send_message(text("after"));
                       script.expect_echo(text("after"));
                       script.close();
                     }});
  }
  cases.push_back({.id = "ping/unsolicited-pong-and-ping",
                   .title = "A pong that nobody asked for, and then a ping",
                   .expected = "a pong to the ping",
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     script.send(pong("unsolicited"));
                     script.send(ping("asked"));
                     script.expect_pong("asked");
                     script.close();
                   }});
  cases.push_back({.id = "ping/ten-unsolicited-pongs",
                   .title = "Ten pongs that nobody asked for and a ping, in one write",
                   .expected = "a pong to the ping",
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     std::vector<Frame> frames(10, pong("unsolicited"));
                     frames.push_back(ping("asked"));
                     script.send_together(frames);
                     script.expect_pong("asked");
                     script.close();
                   }});
}

/// Between fragments, and between messages.
void add_among_messages(Cases& cases) {
  cases.push_back({.id = "ping/with-text-in-one-write",
                   .title = "A ping, text and a ping in one write",
                   .expected = "pongs, and the text is echoed",
                   .rule = ping_rule,
                   .run = [](Script& script) {
                     script.send_together({ping("first"), {.payload = "hello"}, ping("second")});
                     script.expect_echo(text("hello"));
                     script.expect_pong("second");
                     script.close();
                   }});
  cases.push_back({.id = "ping/in-message",
                   .title = "A ping between two fragments",
                   .expected = "the pong comes before the message is complete; then the echo",
                   .rule = "RFC 6455 sections 5.4, 5.5.2",
                   .run = [](Script& script) {
                     script.send({.payload = "hel", .fin = false});
                     script.send(ping("between"));
                     script.expect_pong("between");
                     script.send({.opcode = Opcode::continuation, .payload = "lo"});
                     script.expect_echo(text("hello"));
                     script.close();
                   }});
  cases.push_back({.id = "ping/in-message-one-write",
                   .title = "Two fragments with a ping between them, in one write",
                   .expected = "a pong, and the echo",
                   .rule = "RFC 6455 sections 5.4, 5.5.2",
                   .run = [](Script& script) {
                     script.send_together({{.payload = "hel", .fin = false},
                                           ping("between"),
                                           {.opcode = Opcode::continuation, .payload = "lo"}});
                     script.expect_pong("between");
                     script.expect_echo(text("hello"));
                     script.close();
                   }});
  cases.push_back({.id = "ping/between-all-fragments",
                   .title = "A message in ten fragments with a ping behind each but the last",
                   .expected = "a pong to each, and the echo",
                   .rule = "RFC 6455 sections 5.4, 5.5.2",
                   .run = [](Script& script) {
                     const Message message = binary(binary_payload(1000));
                     int number = 0;
                     for (const Frame& frame : fragments(message, 100)) {
                       script.send(frame);
                       if (frame.fin) break;
                       const std::string payload = fmt::format("{}", ++number);
                       script.send(ping(payload));
                       script.expect_pong(payload);
                     }
                     script.expect_echo(message);
                     script.close();
                   }});
  cases.push_back({.id = "ping/pong-in-message",
                   .title = "A pong that nobody asked for between two fragments",
                   .expected = "the message is echoed",
                   .rule = "RFC 6455 sections 5.4, 5.5.3",
                   .run = [](Script& script) {
                     script.send_together({{.payload = "hel", .fin = false},
                                           pong("between"),
                                           {.opcode = Opcode::continuation, .payload = "lo"}});
                     script.expect_echo(text("hello"));
                     script.close();
                   }});
  cases.push_back({.id = "ping/in-message-by-byte",
                   .title = "Two fragments with a ping between them, byte by byte",
                   .expected = "the pong, and the echo",
                   .rule = "RFC 6455 sections 5.4, 5.5.2",
                   .run = [](Script& script) {
                     script.send_chopped({.payload = "hel", .fin = false}, 1);
                     script.send_chopped(ping("between"), 1);
                     script.expect_pong("between");
                     script.send_chopped({.opcode = Opcode::continuation, .payload = "lo"}, 1);
                     script.expect_echo(text("hello"));
                     script.close();
                   }});
}

}  // namespace

void add_ping_cases(Cases& cases) {
  add_payloads(cases);
  add_refused(cases);
  add_longer_forms(cases);
  add_many(cases);
  add_unsolicited(cases);
  add_among_messages(cases);
}

}  // namespace duplex::app::check
