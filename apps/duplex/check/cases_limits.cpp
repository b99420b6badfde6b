#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "case_parts.hpp"
#include "case_words.hpp"
#include "cases.hpp"
#include "payloads.hpp"

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

/// Section 10.4 lets each endpoint limit what it takes, in size and in number.
constexpr auto limits = "RFC 6455 sections 5.2, 10.4";
constexpr auto fragmented_limits = "RFC 6455 sections 5.4, 10.4";
constexpr auto too_much = {code::protocol_error, code::unsupported_data, code::invalid_payload,
                           code::policy_violation, code::internal_error};

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = kib * kib;

/// `4 KiB`, `1 MiB`.
std::string size_name(std::size_t bytes) {
  return bytes < mib ? fmt::format("{} KiB", bytes / kib) : fmt::format("{} MiB", bytes / mib);
}

/// The same for an id: `4-kib`.
std::string size_id(std::size_t bytes) {
  return bytes < mib ? fmt::format("{}-kib", bytes / kib) : fmt::format("{}-mib", bytes / mib);
}

Message message_of(Message::Type type, std::size_t bytes) {
  return type == Message::Type::text ? text(ascii_payload(bytes)) : binary(binary_payload(bytes));
}

/// Large ones may be refused, which `expect_echo` knows.
std::string_view echo_or_refusal(std::size_t bytes) {
  return bytes > Script::size_everyone_takes ? "it is echoed; acceptable: it is refused with 1009"
                                             : "it is echoed";
}

void add_sizes(Cases& cases) {
  for (const auto type : {Message::Type::text, Message::Type::binary}) {
    for (const std::size_t bytes :
         {kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib, mib, 4 * mib, 16 * mib}) {
      cases.push_back(
          {.id = fmt::format("limits/{}-{}", word(type), size_id(bytes)),
           .title = fmt::format("{} of {} in one frame", title_word(type), size_name(bytes)),
           .expected = std::string(echo_or_refusal(bytes)),
           .rule = limits,
           .time_factor = bytes >= mib ? 4 : 1,
           .run = [type, bytes](Script& script) {
             echo(script, message_of(type, bytes));
             script.close();
           }});
    }
    for (const std::size_t bytes : {64UL, kib, 4 * kib, 64 * kib, 256 * kib}) {
      cases.push_back(
          {.id = fmt::format("limits/{}-1-mib-in-fragments-of-{}", word(type), bytes),
           .title = fmt::format("{} of 1 MiB in fragments of {} bytes", title_word(type), bytes),
           .expected = std::string(echo_or_refusal(mib)),
           .rule = fragmented_limits,
           .time_factor = 4,
           .run = [type, bytes](Script& script) {
             const Message message = message_of(type, mib);
             script.send_together(fragments(message, bytes));
             script.expect_echo(message);
             script.close();
           }});
    }
  }
}

void add_pieces(Cases& cases) {
  const struct {
    std::size_t bytes;
    std::size_t piece_bytes;
  } pieces[] = {{kib, 1}, {4 * kib, 7}, {64 * kib, 64}, {64 * kib, 1000}, {mib, 1000}, {mib, 4096}};
  for (const auto& [bytes, piece_bytes] : pieces) {
    cases.push_back(
        {.id = fmt::format("limits/{}-in-writes-of-{}", size_id(bytes), piece_bytes),
         .title = fmt::format("Binary of {} in one frame, in writes of {} byte{}", size_name(bytes),
                              piece_bytes, piece_bytes == 1 ? "" : "s"),
         .expected = std::string(echo_or_refusal(bytes)),
         .rule = limits,
         .time_factor = 4,
         .run = [bytes = bytes, piece_bytes = piece_bytes](Script& script) {
           const Message message = message_of(Message::Type::binary, bytes);
           script.send_chopped(whole(message), piece_bytes);
           script.expect_echo(message);
           script.close();
         }});
  }
  cases.push_back({.id = "limits/slow-bytes",
                   .title = "A frame with 20 ms between all of its bytes",
                   .expected = "it is echoed",
                   .rule = "RFC 6455 section 5.2",
                   .run = [](Script& script) {
                     const std::string frame = script.encode({.payload = "slowly"});
                     for (const char& byte : frame) {
                       script.send_bytes(std::string_view(&byte, 1), "a byte of a frame");
                       if (&byte != &frame.back()) script.expect_silence(20ms);
                     }
                     script.expect_echo(text("slowly"));
                     script.close();
                   }});
}

/// Messages that are sent without waiting for their echoes.
void add_pipelines(Cases& cases) {
  const struct {
    std::size_t count;
    std::size_t bytes;
    int time_factor;
  } pipelines[] = {{10, 10, 1},   {100, 10, 1},   {1000, 0, 2},
                   {1000, 10, 2}, {10000, 10, 4}, {100, 4 * kib, 4}};
  for (const auto& [count, bytes, time_factor] : pipelines) {
    for (const auto type : {Message::Type::text, Message::Type::binary}) {
      cases.push_back(
          {.id = fmt::format("limits/{}-{}-of-{}-in-one-write", count, word(type), bytes),
           .title =
               fmt::format("{} messages of {} bytes, {}, in one write", count, bytes, word(type)),
           .expected = "all are echoed, in order",
           .rule = "RFC 6455 sections 5.2, 6.2",
           .time_factor = time_factor,
           .run = [count = count, bytes = bytes, type](Script& script) {
             std::vector<Message> messages;
             std::vector<Frame> frames;
             for (std::size_t i = 0; i < count; ++i) {
               Message message = message_of(type, bytes);
               const std::string number = std::to_string(i);
               if (bytes >= number.size()) message.payload.replace(0, number.size(), number);
               frames.push_back(whole(message));
               messages.push_back(std::move(message));
             }
             script.send_together(frames);
             for (const Message& message : messages) script.expect_echo(message);
             script.close();
           }});
    }
  }
  for (const int count : {100, 1000, 10000}) {
    cases.push_back({.id = fmt::format("limits/{}-pings-in-one-write", count),
                     .title = fmt::format("{} pings in one write", count),
                     .expected = "the last is answered; others may be left out",
                     .rule = "RFC 6455 sections 5.5.2, 5.5.3",
                     .time_factor = 2,
                     .run = [count](Script& script) {
                       std::vector<Frame> frames;
                       for (int i = 1; i <= count; ++i) {
                         frames.push_back({.opcode = Opcode::ping, .payload = std::to_string(i)});
                       }
                       script.send_together(frames);
                       script.expect_pong(std::to_string(count));
                       echo_and_close(script);
                     }});
  }
  cases.push_back({.id = "limits/1000-pongs-in-one-write",
                   .title = "1000 pongs that nobody asked for in one write",
                   .expected = "they are passed over",
                   .rule = "RFC 6455 section 5.5.3",
                   .run = [](Script& script) {
                     script.send_together(
                         std::vector<Frame>(1000, {.opcode = Opcode::pong, .payload = "unasked"}));
                     echo_and_close(script);
                   }});
  cases.push_back({.id = "limits/mixed-in-one-write",
                   .title = "Small and large messages, fragments and pings in one write",
                   .expected = "all messages are echoed, in order, and the last ping is answered",
                   .rule = "RFC 6455 sections 5.2, 5.4, 5.5.2",
                   .time_factor = 2,
                   .run = [](Script& script) {
                     std::vector<Message> messages;
                     std::vector<Frame> frames;
                     for (std::size_t bytes = 1; bytes <= 4096; bytes *= 2) {
                       messages.push_back(message_of(Message::Type::text, bytes));
                       frames.push_back(whole(messages.back()));
                       messages.push_back(message_of(Message::Type::binary, bytes + 1));
                       for (Frame& frame : fragments(messages.back(), bytes / 2 + 1)) {
                         frames.push_back(std::move(frame));
                         frames.push_back(
                             {.opcode = Opcode::ping, .payload = std::to_string(frames.size())});
                       }
                     }
                     const std::string last = frames.back().payload;
                     script.send_together(frames);
                     for (const Message& message : messages) script.expect_echo(message);
                     script.expect_pong(last);
                     script.close();
                   }});
}

/// Waits for what the peer says to a length that will never come.
void expect_refusal_or_patience(Script& script) {
  if (script.fails_within(1s, {code::too_big}, too_much)) return;
  script.end_acceptable("it waits for all of the message");
}

/// Headers that promise more than anyone could keep.
void add_claims(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    std::uint64_t length;
  } claims[] = {
      {"2-31", "2^31", std::uint64_t{1} << 31},
      {"2-32", "2^32", std::uint64_t{1} << 32},
      // Who keeps 32 bits of it sees a message of five.
      {"2-32-and-5", "2^32 + 5", (std::uint64_t{1} << 32) + 5},
      {"2-40", "2^40", std::uint64_t{1} << 40},
      {"2-62", "2^62", std::uint64_t{1} << 62},
      {"2-63-less-1", "2^63 - 1", (std::uint64_t{1} << 63) - 1},
  };
  for (const auto& [id, what, length] : claims) {
    for (const auto type : {Message::Type::text, Message::Type::binary}) {
      cases.push_back(
          {.id = fmt::format("limits/{}-claims-{}", word(type), id),
           .title = fmt::format("A {} frame that says it has {} bytes, and five of them",
                                word(type), what),
           .expected = "it fails with 1009; acceptable: it waits for the rest",
           .rule = limits,
           .run = [length = length, type](Script& script) {
             Frame frame = whole({type, "hello"});
             frame.claimed_length = length;
             script.send(frame);
             expect_refusal_or_patience(script);
           }});
    }
    cases.push_back(
        {.id = fmt::format("limits/continuation-claims-{}", id),
         .title = fmt::format("A fragment, and a continuation that says it has {} bytes", what),
         .expected = "it fails with 1009; acceptable: it waits for the rest",
         .rule = fragmented_limits,
         .run = [length = length](Script& script) {
           script.send({.payload = "hello", .fin = false});
           script.send(
               {.opcode = Opcode::continuation, .payload = "hello", .claimed_length = length});
           expect_refusal_or_patience(script);
         }});
  }
  cases.push_back({.id = "limits/claim-and-end",
                   .title = "A frame that says it has 2^40 bytes, 64 KiB of them, and the end",
                   .expected = "it fails with 1009, or ends the connection",
                   .rule = limits,
                   .run = [](Script& script) {
                     script.send({.opcode = Opcode::binary,
                                  .payload = binary_payload(64 * kib),
                                  .claimed_length = std::uint64_t{1} << 40});
                     script.end_sending();
                     const auto event = script.receive(2s);
                     if (!event) script.end_acceptable("it keeps its half of the connection open");
                     if (std::holds_alternative<EndOfStream>(*event)) return;
                     const auto* const close = std::get_if<CloseFrame>(&*event);
                     if (close == nullptr) script.wrong(describe(*event) + " came");
                     if (close->code != code::too_big) {
                       script.acceptable(describe(*event) + " came instead of one with 1009");
                     }
                   }});
}

}  // namespace

void add_limit_cases(Cases& cases) {
  add_sizes(cases);
  add_pieces(cases);
  add_pipelines(cases);
  add_claims(cases);
}

}  // namespace duplex::app::check
