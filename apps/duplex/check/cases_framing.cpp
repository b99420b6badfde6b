#include <fmt/format.h>

#include <string>

#include "cases.hpp"
#include "payloads.hpp"
#include "script.hpp"

namespace duplex::app::check {
namespace {

constexpr auto base_framing = "RFC 6455 section 5.2";

/// The lengths next to the limits of each form.
void add_lengths(Cases& cases) {
  for (const std::size_t bytes : {0UL, 1UL, 125UL, 126UL, 127UL, 65535UL, 65536UL}) {
    const Message message = text(ascii_payload(bytes));
    cases.push_back({.id = fmt::format("framing/text-{}", bytes),
                     .title = fmt::format("Text of {} bytes in one frame", bytes),
                     .expected = "it is echoed",
                     .rule = base_framing,
                     .run = [message](Script& script) {
                       script.send_message(message);
                       script.expect_echo(message);
                       script.close();
                     }});
  }
}

void add_reserved_bits(Cases& cases) {
  cases.push_back({.id = "framing/rsv2-text",
                   .title = "Text with the reserved bit RSV2",
                   .expected = "it fails with 1002",
                   .rule = base_framing,
                   .run = [](Script& script) {
                     script.send({.payload = "hello", .reserved = rsv::two});
                     script.expect_failure({code::protocol_error});
                   }});
}

void add_masks(Cases& cases) {
  cases.push_back({.id = "framing/unmasked",
                   .title = "Text that is not masked, to a server",
                   .expected = "it fails with 1002",
                   .rule = "RFC 6455 section 5.1",
                   .checks = Checks::servers,
                   .run = [](Script& script) {
                     script.send({.payload = "hello", .masking = Masking::never});
                     script.expect_failure({code::protocol_error});
                   }});
}

}  // namespace

void add_framing_cases(Cases& cases) {
  add_lengths(cases);
  add_reserved_bits(cases);
  add_masks(cases);
}

}  // namespace duplex::app::check
