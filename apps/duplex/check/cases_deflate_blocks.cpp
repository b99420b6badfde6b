#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "deflate_parts.hpp"

// The data of compressed messages, byte for byte: what senders may make of a message (RFC 7692
// section 7.2.1).

namespace duplex::app::check {
namespace {

using namespace std::string_literals;

/// A payload that is written here, byte for byte, and what it stands for.
void add_bytes(Cases& cases, std::string_view id, std::string title, std::string rule,
               std::vector<std::string> payloads, Message message) {
  add_deflate_case(cases, id, std::move(title),
                   payloads.size() == 1 ? "it is echoed" : "all are echoed", std::move(rule),
                   [payloads = std::move(payloads), message = std::move(message)](Script& script) {
                     for (const std::string& payload : payloads) {
                       script.send_together(compressed_frames(message.type, payload));
                       script.expect_echo(message);
                     }
                     script.close();
                   });
}

/// The examples of section 7.2.3.
void add_examples(Cases& cases) {
  const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  const Message message = text("Hello");
  add_bytes(cases, "example-one-block", "The RFC's example of a message in one block",
            "RFC 7692 section 7.2.3.1", {hello}, message);
  for (const Delivery delivery : {Delivery::separate, Delivery::together, Delivery::bytewise}) {
    add_deflate_case(cases, "example-fragments" + id_suffix(delivery),
                     "The RFC's example of a message in two fragments" + title_suffix(delivery),
                     "it is echoed", "RFC 7692 section 7.2.3.1",
                     [hello, message, delivery](Script& script) {
                       deliver(script, compressed_frames(Message::Type::text, hello, 3), delivery);
                       script.expect_echo(message);
                       script.close();
                     });
  }
  add_deflate_case(cases, "example-same-again",
                   "The RFC's example without a shared window: the message twice",
                   "both are echoed", "RFC 7692 section 7.2.3.2", [hello, message](Script& script) {
                     for (int i = 0; i < 2; ++i) {
                       script.send_together(compressed_frames(Message::Type::text, hello));
                       script.expect_echo(message);
                     }
                     script.close();
                   });
  add_deflate_case(cases, "example-shared-window",
                   "The RFC's example of a message that refers to the one before it",
                   "both are echoed", "RFC 7692 section 7.2.3.2", [hello, message](Script& script) {
                     const End ours = script.checks_server() ? End::client : End::server;
                     if (!script.compression().from(ours).keeps_context) {
                       script.not_applicable("it lets us keep no window between messages");
                     }
                     for (const std::string& payload : {hello, "\xf2\x00\x11\x00\x00"s}) {
                       script.send_together(compressed_frames(Message::Type::text, payload));
                       script.expect_echo(message);
                     }
                     script.close();
                   });
  add_bytes(cases, "example-stored-block", "The RFC's example of a block without compression",
            "RFC 7692 section 7.2.3.3", {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s}, message);
  add_bytes(cases, "example-final-block", "The RFC's example of a block with BFINAL",
            "RFC 7692 section 7.2.3.4", {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}, message);
  add_bytes(cases, "example-two-blocks", "The RFC's example of two blocks in one message",
            "RFC 7692 section 7.2.3.5", {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s},
            message);
  add_bytes(cases, "example-empty", "The RFC's example of an empty message",
            "RFC 7692 section 7.2.3.6", {"\x00"s}, text(""));
  add_deflate_case(
      cases, "example-empty-last-fragment", "The RFC's example with an empty fragment behind it",
      "it is echoed", "RFC 7692 section 7.2.3.6", [message](Script& script) {
        std::vector<Frame> frames = frames_of(
            Message::Type::text,
            std::vector<std::string>{"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"s, "\x00"s});
        frames.front().reserved = rsv::one;
        script.send_together(frames);
        script.expect_echo(message);
        script.close();
      });
}

/// What a sender may make of a message (section 7.2.1).
void add_blocks(Cases& cases) {
  const std::string json = json_payload(10000);
  const struct {
    std::string_view id;
    std::string_view title;
    Blocks blocks;
  } kinds[] = {
      {"blocks-stored", "blocks without compression", {.level = Z_NO_COMPRESSION}},
      {"blocks-fixed", "a block with fixed codes", {.strategy = Z_FIXED}},
      {"blocks-dynamic", "a block with codes of its own", {.level = Z_BEST_COMPRESSION}},
      {"blocks-fast", "blocks as the fastest level makes them", {.level = Z_BEST_SPEED}},
      {"blocks-huffman-only", "a block without references", {.strategy = Z_HUFFMAN_ONLY}},
      {"blocks-run-lengths", "a block with references to the byte before", {.strategy = Z_RLE}},
      {"blocks-many", "a hundred blocks, each byte-aligned", {.flush_every = 100}},
      {"blocks-many-unaligned",
       "a hundred blocks, not byte-aligned",
       {.flush_every = 100, .flush = Z_BLOCK}},
      {"blocks-many-partial",
       "a hundred blocks with empty fixed ones between",
       {.flush_every = 100, .flush = Z_PARTIAL_FLUSH}},
      {"blocks-many-independent",
       "a hundred blocks without references to each other",
       {.flush_every = 100, .flush = Z_FULL_FLUSH}},
      {"blocks-stored-many",
       "a hundred blocks without compression",
       {.level = Z_NO_COMPRESSION, .flush_every = 100}},
  };
  for (const auto& [id, title, blocks] : kinds) {
    add_bytes(cases, id, fmt::format("JSON of 10000 bytes in {}, twice", title), compressing,
              {deflated(json, blocks), deflated(json, blocks)}, text(json));
  }
  std::string empty_blocks;
  for (int i = 0; i < 1000; ++i) empty_blocks += "\x00\x00\x00\xff\xff"s;
  add_bytes(cases, "blocks-empty", "A thousand empty blocks before a message", compressing,
            {empty_blocks + deflated("at last")}, text("at last"));
  add_bytes(cases, "blocks-empty-only", "A thousand empty blocks and nothing else", compressing,
            {empty_blocks + '\0'}, text(""));
  // Section 7.2.3.4.
  const std::string final = deflated(json, {.final = true}) + '\0';
  add_bytes(cases, "final-block", "JSON of 10000 bytes in blocks of which the last has BFINAL",
            "RFC 7692 sections 7.2.1, 7.2.3.4", {final}, text(json));
  add_bytes(cases, "final-block-thrice",
            "Three messages in blocks of which the last has BFINAL, and one without",
            "RFC 7692 sections 7.2.1, 7.2.3.4", {final, final, final, deflated(json)}, text(json));
  add_bytes(cases, "final-block-stored", "A message in one block without compression, with BFINAL",
            "RFC 7692 sections 7.2.1, 7.2.3.4",
            {deflated("Hello", {.level = Z_NO_COMPRESSION, .final = true}) + '\0'}, text("Hello"));
  add_bytes(cases, "final-block-empty", "An empty message in one block with BFINAL",
            "RFC 7692 sections 7.2.1, 7.2.3.4", {deflated("", {.final = true}) + '\0'}, text(""));
  add_deflate_case(
      cases, "final-block-inside", "A block with BFINAL, and another behind it in the same message",
      "both are in the echo; acceptable: it fails with 1007 or 1002", compressing,
      [](Script& script) {
        script.send_together(compressed_frames(
            Message::Type::text, deflated("first, ", {.final = true}) + deflated("second")));
        const bool failed = script.fails_or_echoes(text("first, second"), {code::invalid_payload},
                                                   {code::protocol_error});
        if (failed) script.end_acceptable("it fails; section 7.2.1 allows such blocks");
        script.close();
      });
}

}  // namespace

void add_deflate_block_cases(Cases& cases) {
  add_examples(cases);
  add_blocks(cases);
}

}  // namespace duplex::app::check
