#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "case_parts.hpp"
#include "cases.hpp"
#include "payloads.hpp"

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

constexpr auto close_frame = "RFC 6455 section 5.5.1";
constexpr auto codes = "RFC 6455 sections 5.5.1, 7.4";
constexpr auto reasons = "RFC 6455 sections 5.5.1, 8.1";

Frame close_with(std::uint16_t code, std::string_view reason = {}) {
  return {.opcode = Opcode::close, .payload = close_payload(code, reason)};
}

/// Codes that an endpoint may send.
void add_valid_codes(Cases& cases) {
  const struct {
    std::string_view what;
    std::uint16_t code;
    Checks checks = Checks::both;
  } valid[] = {
      {"a normal end", 1000},
      {"the endpoint goes away", 1001},
      {"a protocol error", 1002},
      {"data that can't be accepted", 1003},
      {"data that does not fit its type", 1007},
      {"a violation of policy", 1008},
      {"a message that is too big", 1009},
      // Section 7.4.1: servers don't use it.
      {"a missing extension", 1010, Checks::servers},
      {"an unexpected condition", 1011},
      {"the first for libraries", 3000},
      {"the last for libraries", 3999},
      {"the first for applications", 4000},
      {"the last for applications", 4999},
  };
  for (const auto& [what, code, checks] : valid) {
    cases.push_back({.id = fmt::format("close/code-{}", code),
                     .title = fmt::format("A close frame with {}: {}", code, what),
                     .expected = fmt::format("it is answered with {}", code),
                     .rule = codes,
                     .checks = checks,
                     .run = [code = code](Script& script) { script.close(code); }});
  }
  // IANA's registry has these; who knows RFC 6455 alone can't.
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1012, 1013, 1014}) {
    cases.push_back({.id = fmt::format("close/code-{}", code),
                     .title = fmt::format("A close frame with {}, registered since", code),
                     .expected = fmt::format("it is answered with {}", code),
                     .rule = "RFC 6455 sections 7.4.2, 11.7",
                     .run = [code](Script& script) {
                       script.send(close_with(code));
                       script.expect_failure({code, code::normal}, any_error);
                     }});
  }
}

/// Codes that no endpoint may send. That the receiver fails the connection is custom; that it must
/// not send them itself, in an answer, is prescribed.
void add_invalid_codes(Cases& cases) {
  const struct {
    std::uint16_t code;
    std::string_view what;
  } invalid[] = {
      {0, "which is not used"},
      {1, "which is not used"},
      {999, "the last that is not used"},
      {1004, "which is reserved"},
      {1005, "which says that there is no code"},
      {1006, "which says that there was no close frame"},
      {1015, "which says that TLS failed"},
      {1016, "which means nothing yet"},
      {1100, "which means nothing yet"},
      {1999, "which means nothing yet"},
      {2000, "which is for extensions to come"},
      {2999, "which is for extensions to come"},
      {5000, "behind all ranges"},
      {9999, "behind all ranges"},
      {65535, "the largest number"},
  };
  for (const auto& [code, what] : invalid) {
    cases.push_back({.id = fmt::format("close/code-{}", code),
                     .title = fmt::format("A close frame with {}, {}", code, what),
                     .expected = "it fails with 1002",
                     .rule = "RFC 6455 sections 7.4.1, 7.4.2",
                     .run = [code = code](Script& script) {
                       script.send(close_with(code));
                       script.expect_failure(
                           {code::protocol_error},
                           {code::normal, code::going_away, code::unsupported_data,
                            code::invalid_payload, code::policy_violation, code::internal_error});
                     }});
  }
}

void add_bodies(Cases& cases) {
  cases.push_back({.id = "close/empty",
                   .title = "A close frame without a code",
                   .expected = "it is answered with a close frame, with 1000 or without a code",
                   .rule = close_frame,
                   .run = [](Script& script) {
                     script.send({.opcode = Opcode::close});
                     script.expect_close({code::normal}, true);
                   }});
  for (const unsigned byte : {0x00U, 0x03U, 0xffU}) {
    cases.push_back({.id = fmt::format("close/body-of-one-byte-{:02x}", byte),
                     .title = fmt::format("A close frame whose body is the byte {:02X}", byte),
                     .expected = "it fails with 1002",
                     .rule = close_frame,
                     .run = [byte](Script& script) {
                       script.send({.opcode = Opcode::close,
                                    .payload = std::string(1, static_cast<char>(byte))});
                       script.expect_failure({code::protocol_error},
                                             {code::normal, code::unsupported_data,
                                              code::invalid_payload, code::policy_violation});
                     }});
  }
  for (const std::size_t bytes : {1UL, 2UL, 10UL, 50UL, 100UL, 122UL, 123UL}) {
    cases.push_back(
        {.id = fmt::format("close/reason-{}", bytes),
         .title =
             fmt::format("A close frame with a reason of {} byte{}{}", bytes, bytes == 1 ? "" : "s",
                         bytes == 123 ? ", as many as there may be" : ""),
         .expected = "it is answered with 1000",
         .rule = close_frame,
         .run = [bytes](Script& script) { script.close(code::normal, ascii_payload(bytes)); }});
  }
  for (const std::size_t bytes : {124UL, 125UL, 1000UL, 65534UL}) {
    cases.push_back(
        {.id = fmt::format("close/reason-{}", bytes),
         .title = fmt::format("A close frame of {} bytes, more than a control frame may have",
                              bytes + 2),
         .expected = "it fails with 1002",
         .rule = "RFC 6455 section 5.5",
         .run = [bytes](Script& script) {
           script.send(close_with(code::normal, ascii_payload(bytes)));
           script.expect_failure({code::protocol_error}, any_error);
         }});
  }
}

void add_reasons(Cases& cases) {
  std::string euros;
  while (euros.size() < 123) euros += "€";
  const struct {
    std::string_view id;
    std::string_view title;
    std::string reason;
  } valid[] = {
      {"greek", "in Greek", "αντίο κόσμε"},
      {"emoji", "of emoji", "👋🏽 👩‍👩‍👧‍👦"},
      {"nul", "that is NUL", std::string(1, '\0')},
      {"noncharacter", "that is a noncharacter, U+10FFFF", "\U0010ffff"},
      {"euros", "of 123 bytes, all of characters of three bytes", euros},
  };
  for (const auto& [id, title, reason] : valid) {
    cases.push_back(
        {.id = fmt::format("close/reason-{}", id),
         .title = fmt::format("A close frame with a reason {}", title),
         .expected = "it is answered with 1000",
         .rule = reasons,
         .run = [reason = reason](Script& script) { script.close(code::normal, reason); }});
  }
  const struct {
    std::string_view id;
    std::string_view title;
    std::string reason;
  } invalid[] = {
      {"lone-continuation", "that is a continuation byte without a lead byte", "\x80"},
      {"overlong", "with an overlong slash", "bye \xc0\xaf bye"},
      {"surrogate", "with a surrogate", "bye \xed\xa0\x80"},
      {"above", "with a code point above U+10FFFF", "bye \xf4\x90\x80\x80"},
      {"latin-1", "in ISO 8859-1", "f\xfcr immer"},
      {"ff", "that is the byte FF", "\xff"},
      {"incomplete", "that ends in half a character", "bye \xe2\x82"},
      {"incomplete-123", "of 123 bytes that ends in half a character",
       ascii_payload(121) + "\xe2\x82"},
  };
  for (const auto& [id, title, reason] : invalid) {
    cases.push_back({.id = fmt::format("close/invalid-reason-{}", id),
                     .title = fmt::format("A close frame with a reason {}", title),
                     .expected = "it fails with 1007 or 1002",
                     .rule = reasons,
                     .run = [reason = reason](Script& script) {
                       script.send(close_with(code::normal, reason));
                       // Who does not interpret the reason need not notice.
                       script.expect_failure({code::invalid_payload, code::protocol_error},
                                             {code::normal, code::unsupported_data,
                                              code::policy_violation, code::internal_error});
                     }});
  }
}

/// How the close frame comes.
void add_deliveries(Cases& cases) {
  for (const std::size_t piece_bytes : {1UL, 2UL, 3UL}) {
    cases.push_back({.id = fmt::format("close/in-pieces-of-{}", piece_bytes),
                     .title = fmt::format("A close frame with a reason, in pieces of {} byte{}",
                                          piece_bytes, piece_bytes == 1 ? "" : "s"),
                     .expected = "it is answered with 1000",
                     .rule = close_frame,
                     .run = [piece_bytes](Script& script) {
                       script.send_chopped(close_with(code::normal, "in pieces"), piece_bytes);
                       script.expect_close({code::normal}, true);
                     }});
  }
  cases.push_back({.id = "close/after-messages",
                   .title = "A close frame after ten messages that were echoed",
                   .expected = "it is answered with 1000",
                   .rule = close_frame,
                   .run = [](Script& script) {
                     for (int i = 0; i < 10; ++i) echo(script, text(fmt::format("message {}", i)));
                     script.close();
                   }});
  cases.push_back({.id = "close/behind-message",
                   .title = "Text and a close frame in one write",
                   .expected = "the text is echoed or not, and the close frame answered with 1000",
                   .rule = close_frame,
                   .run = [](Script& script) {
                     script.may_echo(text("last words"));
                     script.send_together({{.payload = "last words"}, close_with(code::normal)});
                     script.expect_close({code::normal}, true);
                   }});
  cases.push_back({.id = "close/behind-ping",
                   .title = "A ping and a close frame in one write",
                   .expected = "the close frame is answered with 1000",
                   .rule = close_frame,
                   .run = [](Script& script) {
                     script.send_together(
                         {{.opcode = Opcode::ping, .payload = "ping"}, close_with(code::normal)});
                     script.expect_close({code::normal}, true);
                   }});
}

/// What comes behind our close frame, and is to be discarded: section 1.4.
void add_sequels(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<Frame> frames;
  } sequels[] = {
      {"text", "A close frame, and text behind it", {{.payload = "late"}}},
      {"binary", "A close frame, and binary behind it", {{.opcode = Opcode::binary}}},
      {"fragment", "A close frame, and a fragment behind it", {{.payload = "la", .fin = false}}},
      {"ping",
       "A close frame, and a ping behind it",
       {{.opcode = Opcode::ping, .payload = "late"}}},
      {"pong", "A close frame, and a pong behind it", {{.opcode = Opcode::pong}}},
      {"second-close", "Two close frames with different codes", {close_with(code::going_away)}},
      {"second-close-wrong", "Two close frames, the second with a wrong code", {close_with(1005)}},
      {"reserved-bit",
       "A close frame, and text with RSV3 behind it",
       {{.payload = "late", .reserved = rsv::three}}},
      {"invalid-utf8", "A close frame, and invalid text behind it", {{.payload = "\xff"}}},
      {"hundred-messages", "A close frame, and 100 messages behind it",
       std::vector<Frame>(100, {.payload = "late"})},
  };
  for (const auto& [id, title, frames] : sequels) {
    for (const Delivery delivery : {Delivery::together, Delivery::separate}) {
      cases.push_back({.id = fmt::format("close/then-{}{}", id, id_suffix(delivery)),
                       .title = fmt::format("{}{}", title, title_suffix(delivery)),
                       .expected = "the first is answered with 1000, the rest not at all",
                       .rule = "RFC 6455 sections 1.4, 5.5.1",
                       .run = [frames = frames, delivery](Script& script) {
                         std::vector<Frame> all{close_with(code::normal)};
                         all.insert(all.end(), frames.begin(), frames.end());
                         deliver(script, all, delivery);
                         script.expect_failure({code::normal}, any_error);
                       }});
    }
  }
  cases.push_back({.id = "close/then-noise",
                   .title = "A close frame, and 1000 bytes without a meaning in the same write",
                   .expected = "the close frame is answered with 1000",
                   .rule = "RFC 6455 sections 1.4, 5.5.1",
                   .run = [](Script& script) {
                     const std::string bytes =
                         script.encode(close_with(code::normal)) + binary_payload(1000);
                     script.send_bytes(bytes, "a close frame with 1000, and noise");
                     script.expect_failure({code::normal}, any_error);
                   }});
  cases.push_back({.id = "close/then-half-a-frame",
                   .title = "A close frame, and half a frame in the same write",
                   .expected = "the close frame is answered with 1000",
                   .rule = "RFC 6455 sections 1.4, 5.5.1",
                   .run = [](Script& script) {
                     const std::string bytes = script.encode(close_with(code::normal)) +
                                               script.encode({.payload = "never complete"});
                     script.send_bytes(std::string_view(bytes).substr(0, bytes.size() - 5),
                                       "a close frame with 1000, and the first part of another");
                     script.expect_close({code::normal}, true);
                   }});
}

/// After a fault nothing more is done (section 7.1.7).
void add_after_failures(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::vector<Frame> frames;
  } sequels[] = {
      {"text", "Text with RSV3, and text behind it", {{.payload = "late"}}},
      {"ping",
       "Text with RSV3, and a ping behind it",
       {{.opcode = Opcode::ping, .payload = "late"}}},
      {"close", "Text with RSV3, and a close frame behind it", {close_with(code::normal)}},
      {"another", "Text with RSV3, and invalid text behind it", {{.payload = "\xff"}}},
  };
  for (const auto& [id, title, frames] : sequels) {
    cases.push_back({.id = fmt::format("close/failed-then-{}", id),
                     .title = fmt::format("{} in the same write", title),
                     .expected = "it fails with 1002, and answers nothing more",
                     .rule = "RFC 6455 section 7.1.7",
                     .run = [frames = frames](Script& script) {
                       std::vector<Frame> all{{.payload = "wrong", .reserved = rsv::three}};
                       all.insert(all.end(), frames.begin(), frames.end());
                       script.send_together(all);
                       script.expect_failure({code::protocol_error}, any_error);
                     }});
  }
}

/// The end of TCP without a closing handshake: to take as it is (section 7.1.5).
void expect_end_of_half_closed(Script& script) {
  while (const auto event = script.receive(2s)) {
    if (std::holds_alternative<EndOfStream>(*event)) return;
    if (std::holds_alternative<Message>(*event)) {
      script.wrong(describe(*event) + " came; no message was complete");
    }
  }
  script.acceptable("it keeps its half of the connection open");
}

void add_ends_without_close(Cases& cases) {
  const auto add = [&cases](std::string_view id, std::string_view title,
                            std::function<void(Script&)> send) {
    cases.push_back({.id = fmt::format("close/end-{}", id),
                     .title = std::string(title),
                     .expected = "it ends the connection, and echoes nothing",
                     .rule = "RFC 6455 sections 7.1.4, 7.1.5",
                     .run = [send = std::move(send)](Script& script) {
                       send(script);
                       script.end_sending();
                       expect_end_of_half_closed(script);
                     }});
  };
  add("at-once", "The end of TCP without a frame", [](Script&) {});
  add("in-header", "The end of TCP behind the first byte of a frame", [](Script& script) {
    script.send_bytes(script.encode({.payload = "text"}).substr(0, 1), "one byte of a frame");
  });
  add("in-payload", "The end of TCP in the middle of a payload", [](Script& script) {
    const std::string frame = script.encode({.payload = "never complete"});
    script.send_bytes(frame.substr(0, frame.size() - 1), "a frame less its last byte");
  });
  add("in-message", "The end of TCP in the middle of a fragmented message",
      [](Script& script) { script.send({.payload = "never complete", .fin = false}); });
  cases.push_back({.id = "close/end-behind-close",
                   .title = "A close frame, and the end of our half of TCP at once",
                   .expected = "the close frame is answered with 1000",
                   .rule = close_frame,
                   .run = [](Script& script) {
                     script.send(close_with(code::normal));
                     script.end_sending();
                     script.expect_failure({code::normal});
                   }});
  cases.push_back({.id = "close/end-behind-message",
                   .title = "Text, and the end of our half of TCP at once",
                   .expected = "it ends the connection, after the echo or without",
                   .rule = "RFC 6455 sections 7.1.4, 7.1.5",
                   .run = [](Script& script) {
                     script.send({.payload = "last words"});
                     script.end_sending();
                     while (const auto event = script.receive(2s)) {
                       if (std::holds_alternative<EndOfStream>(*event)) return;
                       const auto* const message = std::get_if<Message>(&*event);
                       if (message != nullptr && *message != text("last words")) {
                         script.wrong(describe(*event) + " came instead of the echo");
                       }
                     }
                     script.acceptable("it keeps its half of the connection open");
                   }});
}

}  // namespace

void add_close_cases(Cases& cases) {
  add_valid_codes(cases);
  add_invalid_codes(cases);
  add_bodies(cases);
  add_reasons(cases);
  add_deliveries(cases);
  add_sequels(cases);
  add_after_failures(cases);
  add_ends_without_close(cases);
}

}  // namespace duplex::app::check
