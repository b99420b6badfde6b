#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "case_parts.hpp"
#include "case_words.hpp"
#include "cases.hpp"
#include "payloads.hpp"

namespace duplex::app::check {
namespace {

constexpr auto fragmentation = "RFC 6455 section 5.4";
constexpr auto fragmentation_and_pings = "RFC 6455 sections 5.4, 5.5.2";

constexpr std::array deliveries{Delivery::separate, Delivery::together, Delivery::bytewise};

std::string joined(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  return whole;
}

/// The ways to cut a short message, empty fragments among them.
void add_shapes(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<std::string> parts;
  } shapes[] = {
      {"two", "two fragments", {"frag", "ments"}},
      {"three", "three fragments", {"fr", "agme", "nts"}},
      {"single-bytes", "fragments of one byte", {"f", "r", "a", "g", "m", "e", "n", "t", "s"}},
      {"empty-first", "two fragments, the first empty", {"", "fragments"}},
      {"empty-last", "two fragments, the last empty", {"fragments", ""}},
      {"empty-middle", "three fragments, the middle one empty", {"frag", "", "ments"}},
      {"empty-around", "three fragments, the first and the last empty", {"", "fragments", ""}},
      {"all-empty", "three fragments, all empty", {"", "", ""}},
  };
  for (const auto& shape : shapes) {
    for (const auto type : {Message::Type::text, Message::Type::binary}) {
      for (const Delivery delivery : deliveries) {
        const std::vector<Frame> frames = frames_of(type, shape.parts);
        const Message message{type, joined(shape.parts)};
        cases.push_back(
            {.id = fmt::format("fragments/{}-{}{}", word(type), shape.id, id_suffix(delivery)),
             .title =
                 fmt::format("{} in {}{}", title_word(type), shape.title, title_suffix(delivery)),
             .expected = "it is echoed",
             .rule = fragmentation,
             .run = [frames, message, delivery](Script& script) {
               deliver(script, frames, delivery);
               script.expect_echo(message);
               script.close();
             }});
      }
    }
  }
}

/// Fragments next to the limits of each form of the length.
void add_boundaries(Cases& cases) {
  for (const std::size_t bytes : {125UL, 126UL, 127UL, 65535UL, 65536UL}) {
    for (const bool first : {true, false}) {
      const std::string large = binary_payload(bytes);
      const std::vector<std::string> parts =
          first ? std::vector<std::string>{large, "."} : std::vector<std::string>{".", large};
      cases.push_back({.id = fmt::format("fragments/{}-of-{}", first ? "first" : "last", bytes),
                       .title = fmt::format("Binary in two fragments, the {} one of {} bytes",
                                            first ? "first" : "last", bytes),
                       .expected = "it is echoed",
                       .rule = fragmentation,
                       .run = [parts](Script& script) {
                         deliver(script, frames_of(Message::Type::binary, parts),
                                 Delivery::separate);
                         script.expect_echo(binary(joined(parts)));
                         script.close();
                       }});
    }
  }
}

void add_sizes(Cases& cases) {
  constexpr std::size_t message_bytes = 65536;
  for (const std::size_t bytes : {1UL, 2UL, 125UL, 127UL, 1000UL, 4096UL, 16384UL, 65535UL}) {
    cases.push_back({.id = fmt::format("fragments/64-kib-by-{}", bytes),
                     .title = fmt::format("Text of 64 KiB in fragments of {} byte{}", bytes,
                                          bytes == 1 ? "" : "s"),
                     .expected = "it is echoed",
                     .rule = fragmentation,
                     .time_factor = 4,
                     .run = [bytes](Script& script) {
                       const Message message = text(ascii_payload(message_bytes));
                       script.send_together(fragments(message, bytes));
                       script.expect_echo(message);
                       script.close();
                     }});
  }
  for (const auto type : {Message::Type::text, Message::Type::binary}) {
    cases.push_back({.id = fmt::format("fragments/{}-thousand", word(type)),
                     .title = fmt::format("{} in 1000 fragments of 4 bytes", title_word(type)),
                     .expected = "it is echoed",
                     .rule = fragmentation,
                     .time_factor = 2,
                     .run = [type](Script& script) {
                       const Message message{type, ascii_payload(4000)};
                       script.send_together(fragments(message, 4));
                       script.expect_echo(message);
                       script.close();
                     }});
  }
  cases.push_back({.id = "fragments/thousand-empty",
                   .title = "Text in 1000 empty fragments, and one that is not",
                   .expected = "it is echoed",
                   .rule = fragmentation,
                   .time_factor = 2,
                   .run = [](Script& script) {
                     std::vector<std::string> parts(1001);
                     parts.back() = "at last";
                     deliver(script, frames_of(Message::Type::text, parts), Delivery::together);
                     script.expect_echo(text("at last"));
                     script.close();
                   }});
}

void add_sequences(Cases& cases) {
  for (const Delivery delivery : deliveries) {
    cases.push_back({.id = "fragments/ten-messages" + id_suffix(delivery),
                     .title = "Ten messages in three fragments each" + title_suffix(delivery),
                     .expected = "all are echoed, in order",
                     .rule = fragmentation,
                     .run = [delivery](Script& script) {
                       std::vector<Frame> frames;
                       std::vector<Message> messages;
                       for (int i = 0; i < 10; ++i) {
                         const Message message{
                             i % 2 == 0 ? Message::Type::text : Message::Type::binary,
                             fmt::format("message {}", i)};
                         for (const Frame& frame : fragments(message, 4)) frames.push_back(frame);
                         messages.push_back(message);
                       }
                       deliver(script, frames, delivery);
                       for (const Message& message : messages) script.expect_echo(message);
                       script.close();
                     }});
  }
  cases.push_back({.id = "fragments/whole-after-fragments",
                   .title = "A message in fragments, one in a single frame, one in fragments",
                   .expected = "all are echoed, in order",
                   .rule = fragmentation,
                   .run = [](Script& script) {
                     for (const Message& message : {text("first"), text("third")}) {
                       script.send_together(fragments(message, 2));
                       script.expect_echo(message);
                       echo(script, binary("between"));
                     }
                     script.close();
                   }});
}

/// Control frames in the middle of a message (section 5.4), which have to be answered there: the
/// rest of the message is sent only when the pong is there.
void add_pings_between(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<std::string> pings;
  } between[] = {
      {"ping-between", "A ping between two fragments", {"ping"}},
      {"empty-ping-between", "An empty ping between two fragments", {""}},
      {"long-ping-between", "A ping of 125 bytes between two fragments", {ascii_payload(125)}},
      {"two-pings-between", "Two pings between two fragments", {"one", "two"}},
      {"ten-pings-between",
       "Ten pings between two fragments",
       {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
  };
  for (const auto& [id, title, pings] : between) {
    for (const auto type : {Message::Type::text, Message::Type::binary}) {
      cases.push_back(
          {.id = fmt::format("fragments/{}-{}", word(type), id),
           .title = fmt::format("{} of {}", title, word(type)),
           .expected = "the last ping is answered in the middle of the message, which is echoed",
           .rule = fragmentation_and_pings,
           .run = [type, pings](Script& script) {
             const std::vector<Frame> frames =
                 frames_of(type, std::vector<std::string>{"frag", "ments"});
             script.send(frames.front());
             for (const std::string& ping : pings) {
               script.send({.opcode = Opcode::ping, .payload = ping});
             }
             script.expect_pong(pings.back());
             script.send(frames.back());
             script.expect_echo({type, "fragments"});
             script.close();
           }});
    }
  }
  for (const Delivery delivery : deliveries) {
    cases.push_back({.id = "fragments/ping-after-each" + id_suffix(delivery),
                     .title = "Text in five fragments with a ping after each but the last" +
                              title_suffix(delivery),
                     .expected = "the last ping is answered, and the message is echoed",
                     .rule = fragmentation_and_pings,
                     .run = [delivery](Script& script) {
                       std::vector<Frame> frames;
                       for (const Frame& frame : fragments(text("abcdefghij"), 2)) {
                         if (!frames.empty()) {
                           frames.push_back({.opcode = Opcode::ping,
                                             .payload = fmt::format("before {}", frame.payload)});
                         }
                         frames.push_back(frame);
                       }
                       deliver(script, frames, delivery);
                       script.expect_pong("before ij");
                       script.expect_echo(text("abcdefghij"));
                       script.close();
                     }});
    cases.push_back(
        {.id = "fragments/ping-inside-character" + id_suffix(delivery),
         .title = "A ping between the two halves of a character" + title_suffix(delivery),
         .expected = "the ping is answered, and the message is echoed",
         .rule = "RFC 6455 sections 5.4, 5.6",
         .run = [delivery](Script& script) {
           // U+20AC, cut behind its second byte.
           deliver(script,
                   std::vector<Frame>{{.payload = "10 \xe2\x82", .fin = false},
                                      {.opcode = Opcode::ping, .payload = "\xac"},
                                      {.opcode = Opcode::continuation, .payload = "\xac"}},
                   delivery);
           script.expect_pong("\xac");
           script.expect_echo(text("10 \xe2\x82\xac"));
           script.close();
         }});
    cases.push_back(
        {.id = "fragments/pong-between" + id_suffix(delivery),
         .title = "A pong that nobody asked for between two fragments" + title_suffix(delivery),
         .expected = "the message is echoed",
         .rule = "RFC 6455 sections 5.4, 5.5.3",
         .run = [delivery](Script& script) {
           deliver(script,
                   std::vector<Frame>{{.payload = "frag", .fin = false},
                                      {.opcode = Opcode::pong, .payload = "unasked"},
                                      {.opcode = Opcode::continuation, .payload = "ments"}},
                   delivery);
           script.expect_echo(text("fragments"));
           script.close();
         }});
  }
}

/// Closing handshakes in the middle of a message: nothing forbids them.
void add_closes_between(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<Frame> before;
  } closes[] = {
      {"close-between",
       "A close frame after the first fragment of a message",
       {{.payload = "frag", .fin = false}}},
      {"close-after-empty",
       "A close frame after the first fragment of a message, which is empty",
       {{.payload = "", .fin = false}}},
      {"close-inside-character",
       "A close frame after a fragment that ends in the middle of a character",
       {{.payload = "10 \xe2\x82", .fin = false}}},
      {"close-after-two",
       "A close frame after two fragments of a message",
       {{.opcode = Opcode::binary, .payload = "fr", .fin = false},
        {.opcode = Opcode::continuation, .payload = "ag", .fin = false}}},
  };
  for (const auto& close : closes) {
    for (const Delivery delivery : deliveries) {
      std::vector<Frame> frames = close.before;
      frames.push_back({.opcode = Opcode::close, .payload = close_payload(code::normal)});
      cases.push_back({.id = fmt::format("fragments/{}{}", close.id, id_suffix(delivery)),
                       .title = fmt::format("{}{}", close.title, title_suffix(delivery)),
                       .expected = "it is answered with 1000, and nothing is echoed",
                       .rule = "RFC 6455 sections 5.4, 5.5.1",
                       .run = [frames, delivery](Script& script) {
                         deliver(script, frames, delivery);
                         script.expect_failure({code::normal}, any_error);
                       }});
    }
  }
}

/// Frames that no order of section 5.4 has.
void add_wrong_orders(Cases& cases) {
  const Frame start{.payload = "frag", .fin = false};
  const Frame binary_start{.opcode = Opcode::binary, .payload = "frag", .fin = false};
  const Frame middle{.opcode = Opcode::continuation, .payload = "men", .fin = false};
  const Frame end{.opcode = Opcode::continuation, .payload = "ts"};
  const Frame empty_end{.opcode = Opcode::continuation};
  const Frame whole_text{.payload = "whole"};
  const Frame whole_binary{.opcode = Opcode::binary, .payload = "whole"};
  const Frame ping{.opcode = Opcode::ping, .payload = "ping"};
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<Frame> frames;
    /// What comes before the fault, and may be answered.
    std::vector<Message> may_echo = {};
  } orders[] = {
      {"continuation-first", "A continuation with FIN, and no message to go on with", {end}},
      {"continuation-first-without-fin",
       "A continuation without FIN, and no message to go on with",
       {middle}},
      {"continuation-first-empty",
       "An empty continuation, and no message to go on with",
       {empty_end}},
      {"continuation-after-ping", "A continuation after a ping", {ping, end}},
      {"continuation-after-text",
       "A continuation after text in a single frame",
       {whole_text, end},
       {text("whole")}},
      {"continuation-after-binary",
       "A continuation after binary in a single frame",
       {whole_binary, end},
       {binary("whole")}},
      {"continuation-without-fin-after-text",
       "A continuation without FIN after text in a single frame",
       {whole_text, middle},
       {text("whole")}},
      {"continuation-after-end",
       "A continuation after the last fragment of a message",
       {start, end, end},
       {text("fragts")}},
      {"continuation-without-fin-after-end",
       "A continuation without FIN after the last fragment of a message",
       {start, end, middle},
       {text("fragts")}},
      {"empty-continuation-after-end",
       "An empty continuation after the last fragment of a message",
       {start, middle, end, empty_end},
       {text("fragments")}},
      {"text-in-text", "Text inside of a fragmented text message", {start, whole_text}},
      {"binary-in-text", "Binary inside of a fragmented text message", {start, whole_binary}},
      {"text-in-binary", "Text inside of a fragmented binary message", {binary_start, whole_text}},
      {"binary-in-binary",
       "Binary inside of a fragmented binary message",
       {binary_start, whole_binary}},
      {"start-in-text", "Two first fragments of text, one after the other", {start, start}},
      {"start-in-binary",
       "Two first fragments of binary, one after the other",
       {binary_start, binary_start}},
      {"text-after-middle", "Text after two fragments of a message", {start, middle, whole_text}},
      {"empty-text-in-text", "Empty text inside of a fragmented message", {start, Frame{}}},
      {"text-instead-of-continuations",
       "A message whose fragments are all called text",
       {start, {.payload = "men", .fin = false}, {.payload = "ts"}}},
      {"text-after-ping-between",
       "Text inside of a fragmented message, behind a ping",
       {start, ping, whole_text}},
  };
  for (const auto& order : orders) {
    for (const Delivery delivery : deliveries) {
      cases.push_back(
          {.id = fmt::format("fragments/{}{}", order.id, id_suffix(delivery)),
           .title = fmt::format("{}{}", order.title, title_suffix(delivery)),
           .expected = "it fails with 1002",
           .rule = fragmentation,
           .run = [frames = order.frames, may_echo = order.may_echo, delivery](Script& script) {
             for (const Message& message : may_echo) script.may_echo(message);
             script.may_pong("ping");
             deliver(script, frames, delivery);
             script.expect_failure({code::protocol_error}, any_error);
           }});
    }
  }
}

}  // namespace

void add_fragment_cases(Cases& cases) {
  add_shapes(cases);
  add_boundaries(cases);
  add_sizes(cases);
  add_sequences(cases);
  add_pings_between(cases);
  add_closes_between(cases);
  add_wrong_orders(cases);
}

}  // namespace duplex::app::check
