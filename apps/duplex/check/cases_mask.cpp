#include <fmt/format.h>

#include <string>
#include <string_view>

#include "case_words.hpp"
#include "cases.hpp"
#include "payloads.hpp"
#include "script.hpp"

namespace duplex::app::check {
namespace {

constexpr auto masking_rule = "RFC 6455 section 5.1";

/// Masked where it must not be, or not masked where it must be: all kinds of frames.
void add_wrongly_masked(Cases& cases, Checks checks) {
  const bool servers = checks == Checks::servers;
  const Masking masking = servers ? Masking::never : Masking::always;
  const std::string_view how = servers ? "not masked, to a server" : "masked, to a client";
  const std::string_view word = servers ? "unmasked" : "masked";
  for (const Opcode opcode :
       {Opcode::text, Opcode::binary, Opcode::ping, Opcode::pong, Opcode::close}) {
    cases.push_back({.id = fmt::format("framing/{}-{}", word, name(opcode)),
                     .title = fmt::format("A {} frame that is {}", name(opcode), how),
                     .expected = fails_1002,
                     .rule = masking_rule,
                     .checks = checks,
                     .run = [opcode, masking](Script& script) {
                       const bool close = opcode == Opcode::close;
                       script.send({.opcode = opcode,
                                    .payload = close ? close_payload(code::normal) : "hello",
                                    .masking = masking});
                       script.expect_failure({code::protocol_error});
                     }});
  }
  cases.push_back({.id = fmt::format("framing/{}-empty", word),
                   .title = fmt::format("An empty text frame that is {}", how),
                   .expected = fails_1002,
                   .rule = masking_rule,
                   .checks = checks,
                   .run = [masking](Script& script) {
                     script.send({.masking = masking});
                     script.expect_failure({code::protocol_error});
                   }});
  cases.push_back(
      {.id = fmt::format("framing/{}-continuation", word),
       .title = fmt::format("A text frame as it should be, and a continuation that is {}", how),
       .expected = fails_1002,
       .rule = masking_rule,
       .checks = checks,
       .run = [masking](Script& script) {
         script.send({.payload = "hel", .fin = false});
         script.send({.opcode = Opcode::continuation, .payload = "lo", .masking = masking});
         script.expect_failure({code::protocol_error});
       }});
  cases.push_back({.id = fmt::format("framing/{}-after-text", word),
                   .title = fmt::format("Text as it should be, and text that is {}", how),
                   .expected = fails_1002,
                   .rule = masking_rule,
                   .checks = checks,
                   .run = [masking](Script& script) {
                     script.send({.payload = "before"});
                     script.may_echo(text("before"));
                     script.send({.payload = "hello", .masking = masking});
                     script.expect_failure({code::protocol_error});
                   }});
}

struct NamedKey {
  std::string_view id;
  std::string_view title;
  MaskKey key;
};

constexpr NamedKey keys[] = {
    {"zero", "zero, which changes nothing", {0x00, 0x00, 0x00, 0x00}},
    {"ones", "all ones", {0xff, 0xff, 0xff, 0xff}},
    {"counting", "01 02 03 04", {0x01, 0x02, 0x03, 0x04}},
    {"first-byte", "80 00 00 00", {0x80, 0x00, 0x00, 0x00}},
    {"last-byte", "00 00 00 01", {0x00, 0x00, 0x00, 0x01}},
};

/// Any key will do, and the payload's bytes are counted from the frame's beginning.
void add_keys(Cases& cases) {
  for (const NamedKey& named : keys) {
    for (const std::size_t piece_bytes : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
      const std::string how = piece_bytes == 0   ? ""
                              : piece_bytes == 1 ? ", byte by byte"
                                                 : ", in writes of 7 bytes";
      const std::string id = piece_bytes == 0 ? "" : piece_bytes == 1 ? "-by-byte" : "-by-7";
      cases.push_back(
          {.id = fmt::format("framing/mask-{}{}", named.id, id),
           .title = fmt::format("Messages of 0 to 20 bytes, masked with {}{}", named.title, how),
           .expected = "all are echoed",
           .rule = "RFC 6455 section 5.3",
           .checks = Checks::servers,
           .run = [key = named.key, piece_bytes](Script& script) {
             for (std::size_t bytes = 0; bytes <= 20; ++bytes) {
               const Message message = binary(binary_payload(bytes));
               Frame frame = whole(message);
               frame.mask_key = key;
               if (piece_bytes == 0) {
                 script.send(frame);
               } else {
                 script.send_chopped(frame, piece_bytes);
               }
               script.expect_echo(message);
             }
             script.close();
           }});
    }
  }
}

}  // namespace

void add_mask_cases(Cases& cases) {
  add_wrongly_masked(cases, Checks::servers);
  add_wrongly_masked(cases, Checks::clients);
  add_keys(cases);
}

}  // namespace duplex::app::check
