#include <fmt/format.h>

#include <string>
#include <string_view>

#include "case_words.hpp"
#include "cases.hpp"
#include "script.hpp"

namespace duplex::app::check {
namespace {

constexpr auto base_framing = "RFC 6455 section 5.2";

/// What precedes the frame that is wrong.
enum class Before : std::uint8_t { nothing, message, fragment };

/// Sends `frame` behind what has to precede it, and expects that the connection fails.
void fails_with(Script& script, Before before, const Frame& frame, std::size_t piece_bytes = 0) {
  switch (before) {
    case Before::nothing: break;
    case Before::message:
      script.send({.payload = "before"});
      script.may_echo(text("before"));
      break;
    case Before::fragment: script.send({.payload = "begun ", .fin = false}); break;
  }
  if (piece_bytes > 0) {
    script.send_chopped(frame, piece_bytes);
  } else {
    script.send(frame);
  }
  script.expect_failure({code::protocol_error});
}

struct Bits {
  std::uint8_t value;
  /// `rsv1-rsv3`: for ids.
  std::string id;
  /// `RSV1 and RSV3`: for titles.
  std::string title;
};

/// One to all three of them.
std::vector<Bits> all_bits() {
  std::vector<Bits> all;
  for (unsigned combination = 1; combination < 8; ++combination) {
    Bits bits{.value = static_cast<std::uint8_t>(combination << 4), .id = {}, .title = {}};
    constexpr std::uint8_t values[] = {rsv::one, rsv::two, rsv::three};
    for (int number = 1; number <= 3; ++number) {
      if ((bits.value & values[number - 1]) == 0) continue;
      bits.id += fmt::format("{}rsv{}", bits.id.empty() ? "" : "-", number);
      const bool last = (bits.value & ((1U << (7 - number)) - 1) & 0x70U) == 0;
      const std::string_view joint = bits.title.empty() ? "" : last ? " and " : ", ";
      bits.title += fmt::format("{}RSV{}", joint, number);
    }
    all.push_back(bits);
  }
  return all;
}

/// `text`, `a continuation`, for titles.
std::string with_article(Opcode opcode) {
  return opcode == Opcode::text || opcode == Opcode::binary ? name(opcode) + " frame"
                                                            : name(opcode);
}

void add_reserved_bits(Cases& cases) {
  for (const Bits& bits : all_bits()) {
    for (const Opcode opcode : {Opcode::text, Opcode::binary, Opcode::continuation, Opcode::ping,
                                Opcode::pong, Opcode::close}) {
      cases.push_back(
          {.id = fmt::format("framing/{}-on-{}", bits.id, name(opcode)),
           .title = fmt::format("A {} with {}", with_article(opcode), bits.title),
           .expected = fails_1002,
           .rule = base_framing,
           .run = [opcode, reserved = bits.value](Script& script) {
             const bool close = opcode == Opcode::close;
             fails_with(script, opcode == Opcode::continuation ? Before::fragment : Before::nothing,
                        {.opcode = opcode,
                         .payload = close ? close_payload(code::normal) : "hello",
                         .reserved = reserved});
           }});
    }
    cases.push_back({.id = fmt::format("framing/{}-after-text", bits.id),
                     .title = fmt::format("Text, and then text with {}", bits.title),
                     .expected = fails_1002,
                     .rule = base_framing,
                     .run = [reserved = bits.value](Script& script) {
                       fails_with(script, Before::message,
                                  {.payload = "hello", .reserved = reserved});
                     }});
  }
  cases.push_back({.id = "framing/rsv1-by-byte",
                   .title = "A text frame with RSV1, byte by byte",
                   .expected = fails_1002,
                   .rule = base_framing,
                   .run = [](Script& script) {
                     fails_with(script, Before::nothing, {.payload = "hello", .reserved = rsv::one},
                                1);
                   }});
}

void add_reserved_opcodes(Cases& cases) {
  for (const int value : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    const auto opcode = static_cast<Opcode>(value);
    const auto add = [&](std::string_view id, std::string_view title, Before before,
                         const std::string& payload, std::size_t piece_bytes) {
      cases.push_back({.id = fmt::format("framing/opcode-{}{}", value, id),
                       .title = fmt::format(fmt::runtime(title), value),
                       .expected = fails_1002,
                       .rule = base_framing,
                       .run = [=](Script& script) {
                         fails_with(script, before, {.opcode = opcode, .payload = payload},
                                    piece_bytes);
                       }});
    };
    add("", "The reserved opcode {}, without a payload", Before::nothing, "", 0);
    add("-payload", "The reserved opcode {}, with a payload", Before::nothing, "hello", 0);
    add("-after-text", "Text, and then the reserved opcode {}", Before::message, "hello", 0);
    add("-in-message", "The reserved opcode {} between fragments", Before::fragment, "hello", 0);
    add("-by-byte", "The reserved opcode {}, byte by byte", Before::nothing, "hello", 1);
  }
}

}  // namespace

void add_reserved_cases(Cases& cases) {
  add_reserved_bits(cases);
  add_reserved_opcodes(cases);
}

}  // namespace duplex::app::check
