#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "case_words.hpp"
#include "cases.hpp"
#include "payloads.hpp"
#include "script.hpp"

namespace duplex::app::check {
namespace {

constexpr auto base_framing = "RFC 6455 section 5.2";

Message message_of(Message::Type type, std::size_t bytes) {
  return {type, type == Message::Type::text ? ascii_payload(bytes) : binary_payload(bytes)};
}

/// On either side of each length at which another form begins (section 5.2), and of the largest
/// reads that are common.
constexpr std::size_t lengths[] = {0,     1,     2,     124,   125,    126,    127,   128,
                                   65534, 65535, 65536, 65537, 131071, 131072, 262144};

void add_lengths(Cases& cases, Message::Type type) {
  for (const std::size_t bytes : lengths) {
    cases.push_back({.id = fmt::format("framing/{}-{}", word(type), bytes),
                     .title = fmt::format("{} of {}", title_word(type), bytes_text(bytes)),
                     .expected = echoed,
                     .rule = base_framing,
                     .run = [type, bytes](Script& script) {
                       const Message message = message_of(type, bytes);
                       script.send_message(message);
                       script.expect_echo(message);
                       script.close();
                     }});
  }
}

void add_chopped(Cases& cases, Message::Type type) {
  constexpr std::pair<std::size_t, std::size_t> chops[] = {
      {0, 1},        {1, 1},          {125, 1},      {126, 1},     {127, 1},
      {2000, 1},     {65535, 997},    {65535, 1460}, {65536, 997}, {65536, 1460},
      {131071, 997}, {131071, 16384}, {126, 3},      {126, 5},     {131072, 4096}};
  for (const auto& [bytes, piece_bytes] : chops) {
    const std::string how =
        piece_bytes == 1 ? "byte by byte" : fmt::format("in writes of {} bytes", piece_bytes);
    const std::string id = piece_bytes == 1 ? fmt::format("{}-by-byte", bytes)
                                            : fmt::format("{}-by-{}", bytes, piece_bytes);
    cases.push_back({.id = fmt::format("framing/{}-{}", word(type), id),
                     .title = fmt::format("{} of {}, {}", title_word(type), bytes_text(bytes), how),
                     .expected = echoed,
                     .rule = base_framing,
                     .run = [type, bytes = bytes, piece_bytes = piece_bytes](Script& script) {
                       const Message message = message_of(type, bytes);
                       script.send_chopped(whole(message), piece_bytes);
                       script.expect_echo(message);
                       script.close();
                     }});
  }
}

/// Frames and writes need not have anything to do with each other.
void add_together(Cases& cases) {
  for (const std::size_t count : {2UL, 10UL, 200UL}) {
    cases.push_back({.id = fmt::format("framing/{}-in-one-write", count),
                     .title = fmt::format("{} messages in one write", count),
                     .expected = "all are echoed, in their order",
                     .rule = "RFC 6455 section 5.4",
                     .run = [count](Script& script) {
                       std::vector<Frame> frames;
                       frames.reserve(count);
                       for (std::size_t i = 0; i < count; ++i) {
                         frames.push_back({.payload = fmt::format("message {}", i)});
                       }
                       script.send_together(frames);
                       for (const Frame& frame : frames) script.expect_echo(text(frame.payload));
                       script.close();
                     }});
  }
  cases.push_back({.id = "framing/cut-anywhere",
                   .title = "A short message in two writes, cut at each place",
                   .expected = "each is echoed",
                   .rule = base_framing,
                   .run = [](Script& script) {
                     const Message message = text("0123456789abc");
                     const std::size_t size = script.encode(whole(message)).size();
                     for (std::size_t cut = 1; cut < size; ++cut) {
                       const std::string bytes = script.encode(whole(message));
                       script.send_bytes(bytes.substr(0, cut), "the front of a frame");
                       script.send_bytes(bytes.substr(cut), "its rest");
                       script.expect_echo(message);
                     }
                     script.close();
                   }});
  cases.push_back(
      {.id = "framing/cut-between-messages",
       .title = "A message and half of the next one's header in one write, then the rest",
       .expected = "both are echoed",
       .rule = base_framing,
       .run = [](Script& script) {
         const Message first = text("first");
         const Message second = binary(binary_payload(300));
         const std::string bytes = script.encode(whole(first)) + script.encode(whole(second));
         const std::size_t cut = script.encode(whole(first)).size() + 3;
         script.send_bytes(bytes.substr(0, cut), "a frame and the front of another");
         script.expect_echo(first);
         script.send_bytes(bytes.substr(cut), "the rest of it");
         script.expect_echo(second);
         script.close();
       }});
}

/// The RFC forbids them to who sends; who receives them need not mind.
void add_longer_forms(Cases& cases) {
  constexpr std::pair<LengthForm, std::size_t> forms[] = {
      {LengthForm::two_bytes, 0},      {LengthForm::two_bytes, 1},
      {LengthForm::two_bytes, 125},    {LengthForm::eight_bytes, 0},
      {LengthForm::eight_bytes, 125},  {LengthForm::eight_bytes, 126},
      {LengthForm::eight_bytes, 65535}};
  for (const Message::Type type : {Message::Type::text, Message::Type::binary}) {
    for (const auto& [form, bytes] : forms) {
      const int bits = form == LengthForm::two_bytes ? 16 : 64;
      cases.push_back({.id = fmt::format("framing/{}-{}-in-{}-bits", word(type), bytes, bits),
                       .title = fmt::format("{} of {}, the length written in {} bits",
                                            title_word(type), bytes_text(bytes), bits),
                       .expected = fails_1002,
                       .rule = base_framing,
                       .run = [type, form = form, bytes = bytes](Script& script) {
                         const Message message = message_of(type, bytes);
                         Frame frame = whole(message);
                         frame.form = form;
                         script.send(frame);
                         if (script.fails_or_echoes(message, {code::protocol_error})) return;
                         script.acceptable("it takes lengths that are not in the fewest bits");
                         script.close();
                       }});
    }
  }
}

/// The first bit of a length in 64 bits must be 0.
void add_top_bit(Cases& cases) {
  for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
    for (const std::uint64_t rest : {std::uint64_t{5}, std::uint64_t{0x7fffffffffffffff}}) {
      cases.push_back(
          {.id = fmt::format("framing/{}-length-top-bit-{}", name(opcode), rest == 5 ? "5" : "all"),
           .title = fmt::format("A {} frame with a length of {:#018x}", name(opcode),
                                rest | (std::uint64_t{1} << 63)),
           .expected = fails_1002,
           .rule = base_framing,
           .run = [opcode, rest](Script& script) {
             script.send({.opcode = opcode,
                          .payload = "hello",
                          .form = LengthForm::eight_bytes,
                          .claimed_length = rest | (std::uint64_t{1} << 63)});
             // The RFC demands it of the sender; who receives it is safe to refuse it at once.
             if (script.fails_within(std::chrono::seconds(2), {code::protocol_error},
                                     {code::too_big})) {
               return;
             }
             script.acceptable("it waits for a payload of more than 2^63 bytes");
           }});
    }
  }
}

}  // namespace

void add_framing_cases(Cases& cases) {
  for (const Message::Type type : {Message::Type::text, Message::Type::binary}) {
    add_lengths(cases, type);
    add_chopped(cases, type);
  }
  add_together(cases);
  add_longer_forms(cases);
  add_top_bit(cases);
  add_reserved_cases(cases);
  add_mask_cases(cases);
}

}  // namespace duplex::app::check
