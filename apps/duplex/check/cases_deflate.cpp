#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cases.hpp"
#include "deflate_parts.hpp"
#include "payloads.hpp"

// Messages where permessage-deflate was agreed on (RFC 7692 sections 6 and 7.2): of any size, one
// after another, and in fragments.

namespace duplex::app::check {
namespace {

constexpr auto framing = "RFC 7692 section 6";

constexpr std::size_t mib = std::size_t{1024} * 1024;

struct Parameters {
  std::string_view id;
  std::string_view what;
  std::string_view offer;
};

constexpr std::array parameters{
    Parameters{"default", "no parameters", "permessage-deflate"},
    Parameters{"no-takeover", "no context takeover",
               "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
    Parameters{"window-9", "windows of nine bits",
               "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"},
    Parameters{"no-takeover-window-10", "no context takeover and windows of ten bits",
               "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
               "server_max_window_bits=10; client_max_window_bits=10"},
};

/// Every size of every kind of data, with every set of parameters.
void add_sizes(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    Message (*make)(std::size_t bytes);
  } contents[] = {
      {"text", "Text", [](std::size_t bytes) { return text(ascii_payload(bytes)); }},
      {"json", "JSON", [](std::size_t bytes) { return text(json_payload(bytes)); }},
      {"random", "Random bytes", [](std::size_t bytes) { return binary(binary_payload(bytes)); }},
      {"zeros", "Zeros", [](std::size_t bytes) { return binary(std::string(bytes, '\0')); }},
  };
  for (const auto& [parameters_id, parameters_what, offer] : parameters) {
    for (const auto& content : contents) {
      for (const std::size_t bytes : {0UL, 1UL, 125UL, 126UL, 1000UL, 4096UL, 65536UL, mib}) {
        cases.push_back({.id = fmt::format("deflate/{}-{}-{}", parameters_id, content.id, bytes),
                         .title = fmt::format("{}, {} byte{}, three times, with {}", content.what,
                                              bytes, bytes == 1 ? "" : "s", parameters_what),
                         .expected = "all are echoed",
                         .rule = framing,
                         .compression = Compression{.offer = std::string(offer)},
                         .time_factor = bytes == mib ? 6 : 1,
                         .run = [make = content.make, bytes](Script& script) {
                           const Message message = make(bytes);
                           for (int i = 0; i < 3; ++i) echo_compressed(script, message);
                           script.close();
                         }});
      }
    }
  }
}

/// Several messages, and the window that they share, or do not.
void add_sequences(Cases& cases) {
  for (const auto& [id, what, offer] : parameters) {
    cases.push_back({.id = fmt::format("deflate/twenty-messages-{}", id),
                     .title = fmt::format("Twenty similar messages, with {}", what),
                     .expected = "all are echoed, in order",
                     .rule = "RFC 7692 sections 7.1.1, 7.2",
                     .compression = Compression{.offer = std::string(offer)},
                     .time_factor = 2,
                     .run = [](Script& script) {
                       for (std::size_t i = 1; i <= 20; ++i) {
                         echo_compressed(script, text(json_payload(i * 100)));
                       }
                       script.close();
                     }});
    cases.push_back({.id = fmt::format("deflate/mixed-{}", id),
                     .title = fmt::format("Messages with and without compression, with {}", what),
                     .expected = "all are echoed, in order",
                     .rule = framing,
                     .compression = Compression{.offer = std::string(offer)},
                     .time_factor = 2,
                     .run = [](Script& script) {
                       for (std::size_t i = 1; i <= 5; ++i) {
                         const Message message = text(json_payload(i * 100));
                         echo_compressed(script, message);
                         echo(script, message);
                         script.send_together(fragments(message, 30));
                         script.expect_echo(message);
                         echo_compressed(script, binary(""));
                       }
                       script.close();
                     }});
    cases.push_back(
        {.id = fmt::format("deflate/hundred-in-one-write-{}", id),
         .title = fmt::format("A hundred compressed messages in one write, with {}", what),
         .expected = "all are echoed, in order",
         .rule = framing,
         .compression = Compression{.offer = std::string(offer)},
         .time_factor = 2,
         .run = [](Script& script) {
           std::vector<Message> messages;
           std::vector<Frame> frames;
           for (std::size_t i = 0; i < 100; ++i) {
             messages.push_back(text(fmt::format("message {} {}", i, json_payload(i))));
             for (Frame& frame : compress(script, messages.back())) {
               frames.push_back(std::move(frame));
             }
           }
           script.send_together(frames);
           for (const Message& message : messages) script.expect_echo(message);
           script.close();
         }});
  }
  add_deflate_case(cases, "never-compressed", "Ten messages, none of them compressed",
                   "all are echoed", framing, [](Script& script) {
                     for (std::size_t i = 1; i <= 10; ++i)
                       echo(script, text(json_payload(i * 100)));
                     script.close();
                   });
  add_deflate_case(
      cases, "far-inside", "Random bytes twice in a message, 30000 bytes apart", "it is echoed",
      compressing,
      [](Script& script) {
        const std::string bytes = binary_payload(30000);
        echo_compressed(script, binary(bytes + bytes));
        script.close();
      },
      2);
  add_deflate_case(
      cases, "far-across", "The same 30000 random bytes in three messages", "all are echoed",
      "RFC 7692 section 7.2.3.2",
      [](Script& script) {
        for (int i = 0; i < 3; ++i) echo_compressed(script, binary(binary_payload(30000)));
        script.close();
      },
      2);
}

/// Compressed messages cut into frames: the cuts are the compressed bytes' (section 6.1).
void add_fragments(Cases& cases) {
  for (const std::size_t message_bytes : {100UL, 65536UL}) {
    for (const std::size_t fragment_bytes : {1UL, 2UL, 7UL, 125UL, 1000UL, 65535UL}) {
      if (message_bytes == 100 && fragment_bytes > 7) continue;
      add_deflate_case(
          cases, fmt::format("{}-by-{}", message_bytes, fragment_bytes),
          fmt::format("JSON of {} bytes, compressed, in fragments of {} byte{}", message_bytes,
                      fragment_bytes, fragment_bytes == 1 ? "" : "s"),
          "it is echoed", first_frame_only,
          [message_bytes, fragment_bytes](Script& script) {
            const Message message = text(json_payload(message_bytes));
            for (int i = 0; i < 2; ++i) {
              script.send_together(compress(script, message, fragment_bytes));
              script.expect_echo(message);
            }
            script.close();
          },
          2);
    }
  }
  add_deflate_case(
      cases, "random-64-kib-by-1000",
      "Random bytes, 64 KiB, compressed, in fragments of 1000 bytes", "it is echoed",
      first_frame_only,
      [](Script& script) {
        const Message message = binary(binary_payload(65536));
        script.send_together(compress(script, message, 1000));
        script.expect_echo(message);
        script.close();
      },
      2);
  const struct {
    std::string_view id;
    std::string_view title;
    std::size_t empty_before;
    std::size_t empty_behind;
  } empties[] = {{"empty-first", "an empty fragment before it", 1, 0},
                 {"empty-last", "an empty fragment behind it", 0, 1},
                 {"empty-around", "two empty fragments before and behind it", 2, 2}};
  for (const auto& [id, title, empty_before, empty_behind] : empties) {
    add_deflate_case(cases, id, fmt::format("Compressed text with {}", title), "it is echoed",
                     first_frame_only,
                     [before = empty_before, behind = empty_behind](Script& script) {
                       const Message message = text(json_payload(200));
                       std::vector<std::string> parts(before + 1 + behind);
                       parts[before] = script.compress(message.payload);
                       std::vector<Frame> frames = frames_of(Message::Type::text, parts);
                       frames.front().reserved = rsv::one;
                       script.send_together(frames);
                       script.expect_echo(message);
                       script.close();
                     });
  }
  add_deflate_case(cases, "ping-between", "Pings between the fragments of a compressed message",
                   "they are answered in the middle of the message, which is echoed",
                   "RFC 6455 section 5.4, RFC 7692 section 6.1", [](Script& script) {
                     const Message message = text(json_payload(300));
                     int count = 0;
                     for (const Frame& frame : compress(script, message, 20)) {
                       script.send(frame);
                       if (frame.fin) break;
                       script.send({.opcode = Opcode::ping, .payload = std::to_string(++count)});
                       script.expect_pong(std::to_string(count));
                     }
                     script.expect_echo(message);
                     script.close();
                   });
  add_deflate_case(cases, "close-between",
                   "A close frame between the fragments of a compressed message",
                   "it is answered with 1000, and nothing is echoed",
                   "RFC 6455 section 5.5.1, RFC 7692 section 6.1", [](Script& script) {
                     script.send(compress(script, text(json_payload(300)), 20).front());
                     script.send({.opcode = Opcode::close, .payload = close_payload(code::normal)});
                     script.expect_failure({code::normal}, any_error);
                   });
  add_deflate_case(cases, "byte-by-byte", "A compressed message in one frame, byte by byte",
                   "it is echoed", framing, [](Script& script) {
                     const Message message = text(json_payload(500));
                     deliver(script, compress(script, message), Delivery::bytewise);
                     script.expect_echo(message);
                     script.close();
                   });
  add_deflate_case(cases, "fragments-byte-by-byte",
                   "A compressed message in fragments, byte by byte", "it is echoed", framing,
                   [](Script& script) {
                     const Message message = text(json_payload(500));
                     deliver(script, compress(script, message, 10), Delivery::bytewise);
                     script.expect_echo(message);
                     script.close();
                   });
}

/// Small messages that become large ones. Who limits what it takes, refuses them with 1009.
void add_bombs(Cases& cases) {
  for (const std::size_t bytes : {mib, 16 * mib}) {
    for (const std::size_t fragment_bytes : {in_one_frame, std::size_t{100}}) {
      const bool whole = fragment_bytes == in_one_frame;
      add_deflate_case(
          cases, fmt::format("bomb-{}-mib{}", bytes / mib, whole ? "" : "-in-fragments"),
          fmt::format("{} MiB of zeros, compressed to a thousandth{}", bytes / mib,
                      whole ? "" : ", in fragments of 100 bytes"),
          "it is echoed; acceptable: it is refused with 1009",
          "RFC 6455 section 10.4, RFC 7692 section 8",
          [bytes, fragment_bytes](Script& script) {
            const Message message = binary(std::string(bytes, '\0'));
            script.send_together(compress(script, message, fragment_bytes));
            script.expect_echo(message);
            script.close();
          },
          6);
    }
  }
}

}  // namespace

void add_deflate_cases(Cases& cases) {
  add_sizes(cases);
  add_sequences(cases);
  add_fragments(cases);
  add_bombs(cases);
}

}  // namespace duplex::app::check
