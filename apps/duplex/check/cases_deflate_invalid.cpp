#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "deflate_parts.hpp"
#include "payloads.hpp"

// Compressed messages that are none: reserved bits, invalid data, and text that is not UTF-8.

namespace duplex::app::check {
namespace {

using namespace std::string_literals;

void add_reserved_bits(Cases& cases) {
  const auto add_failure = [&cases](std::string_view id, std::string title, std::string rule,
                                    std::vector<Frame> frames) {
    add_deflate_case(cases, id, std::move(title), "it fails with 1002", std::move(rule),
                     [frames = std::move(frames)](Script& script) {
                       script.send_together(frames);
                       script.expect_failure({code::protocol_error}, any_error);
                     });
  };
  const std::string payload = deflated(json_payload(100));
  std::vector<Frame> frames = compressed_frames(Message::Type::text, payload, payload.size() / 2);
  frames[1].reserved = rsv::one;
  add_failure("rsv1-on-every-frame", "RSV1 on the continuations of a compressed message, too",
              first_frame_only, frames);
  frames = compressed_frames(Message::Type::text, payload, payload.size() / 3);
  frames.back().reserved = rsv::one;
  add_failure("rsv1-on-last-frame", "RSV1 on the first and the last frame of a compressed message",
              first_frame_only, frames);
  frames = fragments(text("not compressed"), 5);
  frames[1].reserved = rsv::one;
  add_failure("rsv1-on-continuation-only", "RSV1 on a continuation only", first_frame_only, frames);
  add_failure(
      "rsv1-on-empty-continuation", "RSV1 on an empty continuation", first_frame_only,
      {{.payload = "text", .fin = false}, {.opcode = Opcode::continuation, .reserved = rsv::one}});
  for (const auto& [opcode, name, body] :
       std::initializer_list<std::tuple<Opcode, std::string, std::string>>{
           {Opcode::ping, "ping", "ping"},
           {Opcode::pong, "pong", "pong"},
           {Opcode::close, "close", close_payload(code::normal)}}) {
    add_failure("rsv1-on-" + name, fmt::format("A {} frame with RSV1", name), first_frame_only,
                {{.opcode = opcode, .payload = body, .reserved = rsv::one}});
    add_failure(fmt::format("rsv1-on-{}-between", name),
                fmt::format("A {} frame with RSV1 inside of a compressed message", name),
                first_frame_only,
                {compressed_frames(Message::Type::text, payload, 10).front(),
                 {.opcode = opcode, .payload = body, .reserved = rsv::one}});
  }
  const struct {
    std::string_view id;
    std::string_view what;
    std::uint8_t reserved;
  } bits[] = {{"rsv2", "RSV2", rsv::two},
              {"rsv3", "RSV3", rsv::three},
              {"rsv1-rsv2", "RSV1 and RSV2", rsv::one | rsv::two},
              {"rsv1-rsv3", "RSV1 and RSV3", rsv::one | rsv::three},
              {"all-rsv", "all reserved bits", rsv::one | rsv::two | rsv::three}};
  for (const auto& [id, what, reserved] : bits) {
    add_failure(id, fmt::format("Text with {}", what), "RFC 6455 section 5.2",
                {{.payload = payload, .reserved = reserved}});
  }
}

/// What no decompressor can make a message of.
void add_invalid_data(Cases& cases) {
  const auto add_failure = [&cases](std::string_view id, std::string title, std::string payload,
                                    std::size_t fragment_bytes) {
    add_deflate_case(
        cases, id, std::move(title), "it fails with 1007 or 1002", decompressing,
        [payload = std::move(payload), fragment_bytes](Script& script) {
          script.send_together(compressed_frames(Message::Type::binary, payload, fragment_bytes));
          script.expect_failure({code::invalid_payload, code::protocol_error}, any_error);
        });
  };
  const struct {
    std::string_view id;
    std::string_view what;
    std::string payload;
  } payloads[] = {
      {"block-type", "A block of the type that is reserved", "\x06\x00"s},
      {"final-block-type", "A final block of the type that is reserved", "\x07\x00"s},
      {"stored-length", "A block without compression whose lengths don't agree",
       "\x00\x05\x00\xfa\xfehello\x00"s},
      {"too-many-codes", "A block with more codes than there may be", "\xfc\xff\xff\xff\xff"},
      {"length-code", "A block with a length code that there is not", "\x1a\x03\x00\x00"s},
      {"distance-code", "A block with a distance code that there is not", "\x02\x3e\x00\x00"s},
      {"distance", "A reference to before the first byte", "\x02\x02\x00\x00"s},
      {"plain-text", "Text that is not compressed, but marked as if", "hello, this is plain"},
      {"zlib-header", "Data in zlib's own format, with its header",
       "\x78\x9c" + deflated(json_payload(100))},
      {"gzip-header", "Data in the format of gzip, with its header",
       "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"s + deflated(json_payload(100))},
      {"behind-good-data", "A block of the type that is reserved, behind a good one",
       deflated(json_payload(1000)) + "\x00\x00\xff\xff\x06"s},
  };
  for (const auto& [id, what, payload] : payloads) {
    add_failure(fmt::format("invalid-{}", id), std::string(what), payload, in_one_frame);
    add_failure(fmt::format("invalid-{}-in-bytes", id),
                fmt::format("{}, in fragments of one byte", what), payload, 1);
  }
  const struct {
    std::string_view id;
    std::string_view what;
    std::string payload;
  } incomplete[] = {
      {"truncated", "Compressed JSON that ends in its middle",
       deflated(json_payload(1000)).substr(0, 60)},
      {"truncated-stored", "A block without compression that ends in its middle",
       "\x00\x64\x00\x9b\xffhello"s},
      {"no-bytes", "A compressed message of no bytes at all", ""},
      {"final-block-without-end", "A block with BFINAL, and no byte behind it",
       "\xf3\x48\xcd\xc9\xc9\x07\x00"s},
  };
  for (const auto& [id, what, payload] : incomplete) {
    // What is passed over is what zlib makes of it, with the four bytes that were cut off.
    const Message seen = binary(Inflater({}).decompress(payload, 1000).bytes);
    add_deflate_case(
        cases, id, std::string(what),
        "it fails with 1007; acceptable: it echoes what there is, and does not notice",
        decompressing, [payload = payload, seen](Script& script) {
          script.send_together(compressed_frames(Message::Type::binary, payload));
          if (script.fails_or_echoes(seen, {code::invalid_payload}, {code::protocol_error})) return;
          script.acceptable("it does not notice that the compressed data has no right end");
          script.close();
        });
  }
}

/// Text is checked when it is decompressed.
void add_utf8(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    std::string payload;
  } invalid[] = {
      {"lone", "a continuation byte without a lead byte", "abc\x80"},
      {"overlong", "an overlong slash", "abc\xc0\xaf z"},
      {"surrogate", "a surrogate", "abc\xed\xa0\x80 z"},
      {"above", "a code point above U+10FFFF", "abc\xf4\x90\x80\x80 z"},
      {"incomplete", "half a character at its end", "abc\xe2\x82"},
      {"far", "an invalid byte behind 64 KiB", json_payload(65536) + "\xff"},
  };
  for (const auto& [id, what, payload] : invalid) {
    for (const std::size_t fragment_bytes : {in_one_frame, std::size_t{3}}) {
      add_deflate_case(
          cases,
          fmt::format("utf8-{}{}", id, fragment_bytes == in_one_frame ? "" : "-in-fragments"),
          fmt::format("Compressed text with {}{}", what,
                      fragment_bytes == in_one_frame ? "" : ", in fragments of 3 bytes"),
          "it fails with 1007", "RFC 6455 section 8.1, RFC 7692 section 6",
          [payload = payload, fragment_bytes](Script& script) {
            script.send_together(compress(script, text(payload), fragment_bytes));
            script.expect_failure({code::invalid_payload}, any_error);
          });
    }
  }
  add_deflate_case(cases, "utf8-valid-in-fragments",
                   "Compressed text of characters of one to four bytes, in fragments of one byte",
                   "it is echoed", "RFC 6455 section 8.1, RFC 7692 section 6", [](Script& script) {
                     const Message message = text("aé€😀zß水𝄞 Καλημέρα κόσμε");
                     script.send_together(compress(script, message, 1));
                     script.expect_echo(message);
                     script.close();
                   });
  add_deflate_case(cases, "utf8-compressed-bytes",
                   "Text whose compressed bytes, cut up, are no UTF-8 in any fragment",
                   "it is echoed", "RFC 6455 section 8.1, RFC 7692 section 6.1",
                   [](Script& script) {
                     const Message message = text(json_payload(3000));
                     script.send_together(compress(script, message, 5));
                     script.expect_echo(message);
                     script.close();
                   });
  add_deflate_case(cases, "binary-invalid-utf8", "Compressed binary that is not UTF-8",
                   "it is echoed", "RFC 6455 section 5.6", [](Script& script) {
                     echo_compressed(script, binary("\xff\xfe\xc0\x80"));
                     script.close();
                   });
}

}  // namespace

void add_invalid_deflate_cases(Cases& cases) {
  add_reserved_bits(cases);
  add_invalid_data(cases);
  add_utf8(cases);
}

}  // namespace duplex::app::check
