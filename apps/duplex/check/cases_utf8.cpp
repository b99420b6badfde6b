#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "case_parts.hpp"
#include "cases.hpp"
#include "payloads.hpp"

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr auto text_is_utf8 = "RFC 6455 sections 5.6, 8.1";
constexpr auto not_utf8 = "RFC 6455 section 8.1, RFC 3629 section 3";

/// How long it may take to fail at once, on a slow machine too.
constexpr auto at_once = 500ms;

/// What a code point is in UTF-8 (RFC 3629 section 3), surrogates and all.
std::string encode_utf8(char32_t code_point) {
  const auto continuation = [code_point](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xc0 | (code_point >> 6)), continuation(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xe0 | (code_point >> 12)), continuation(6), continuation(0)};
  }
  return {static_cast<char>(0xf0 | (code_point >> 18)), continuation(12), continuation(6),
          continuation(0)};
}

void add_echo(Cases& cases, std::string id, std::string title, std::vector<Frame> frames,
              const std::string& payload, Delivery delivery = Delivery::separate) {
  cases.push_back({.id = "utf8/" + std::move(id),
                   .title = std::move(title),
                   .expected = "it is echoed",
                   .rule = text_is_utf8,
                   .run = [frames = std::move(frames), payload, delivery](Script& script) {
                     deliver(script, frames, delivery);
                     script.expect_echo(text(payload));
                     script.close();
                   }});
}

void add_failure(Cases& cases, std::string id, std::string title, std::vector<Frame> frames,
                 Delivery delivery = Delivery::separate) {
  cases.push_back({.id = "utf8/" + std::move(id),
                   .title = std::move(title),
                   .expected = "it fails with 1007",
                   .rule = not_utf8,
                   .run = [frames = std::move(frames), delivery](Script& script) {
                     deliver(script, frames, delivery);
                     script.expect_failure({code::invalid_payload}, any_error);
                   }});
}

/// One and the same text, whole and in fragments of one byte.
void add_valid(Cases& cases, std::string_view id, std::string_view title,
               const std::string& payload) {
  add_echo(cases, fmt::format("valid-{}", id), fmt::format("{}", title), {whole(text(payload))},
           payload);
  add_echo(cases, fmt::format("valid-{}-in-bytes", id),
           fmt::format("{}, in fragments of one byte", title), fragments(text(payload), 1),
           payload);
}

/// The limits of each length, and code points that some decoders refuse without reason.
void add_code_points(Cases& cases) {
  const struct {
    char32_t code_point;
    std::string_view what;
  } code_points[] = {
      {0x0, "the smallest code point, NUL"},
      {0x1, "a control character"},
      {0x7f, "the largest code point of one byte"},
      {0x80, "the smallest code point of two bytes"},
      {0x7ff, "the largest code point of two bytes"},
      {0x800, "the smallest code point of three bytes"},
      {0xfff, "the largest code point behind the lead byte E0"},
      {0x1000, "the smallest code point behind the lead byte E1"},
      {0xcfff, "the largest code point behind the lead byte EC"},
      {0xd000, "the smallest code point behind the lead byte ED"},
      {0xd7ff, "the last code point before the surrogates"},
      {0xe000, "the first code point behind the surrogates"},
      {0xfdd0, "a noncharacter, which is valid"},
      {0xfdef, "a noncharacter, which is valid"},
      {0xfeff, "the byte order mark"},
      {0xfffd, "the replacement character"},
      {0xfffe, "a noncharacter, which is valid"},
      {0xffff, "the largest code point of three bytes, a noncharacter"},
      {0x10000, "the smallest code point of four bytes"},
      {0x1ffff, "a noncharacter of four bytes, which is valid"},
      {0x3ffff, "the largest code point behind the lead byte F0"},
      {0x40000, "the smallest code point behind the lead byte F1"},
      {0xfffff, "the largest code point behind the lead byte F3"},
      {0x100000, "the smallest code point behind the lead byte F4"},
      {0x10fffe, "a noncharacter, the last but one of all code points"},
      {0x10ffff, "the largest code point of all, a noncharacter"},
  };
  for (const auto& [code_point, what] : code_points) {
    const auto number = static_cast<unsigned>(code_point);
    add_valid(cases, fmt::format("u{:04x}", number), fmt::format("U+{:04X}, {}", number, what),
              encode_utf8(code_point));
  }
}

void add_texts(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view title;
    std::string payload;
  } texts[] = {
      {"greek", "Greek", "Καλημέρα κόσμε"},
      {"cyrillic", "Cyrillic", "Привет, мир"},
      {"japanese", "Japanese", "こんにちは世界"},
      {"arabic", "Arabic, from right to left", "مرحبا بالعالم"},
      {"emoji", "Emoji of several code points", "👩‍👩‍👧‍👦 🇪🇺 👍🏽"},
      {"combining", "Combining characters", "Z\u0351\u036b\u0343 a\u0308 o\u0304"},
      {"mixed-lengths", "Characters of one to four bytes", "aé€😀zß水𝄞"},
      {"nul-inside", "NUL inside of text", "before\0after"s},
      {"byte-order-mark-first", "A byte order mark before text", "\ufefftext"},
      {"replacement-characters", "Replacement characters", "\ufffd\ufffd\ufffd"},
      {"controls", "Control characters, line ends among them", "\x01\x02\t\r\n\x1b\x7f\u0085"},
  };
  for (const auto& sample : texts) add_valid(cases, sample.id, sample.title, sample.payload);
}

/// Characters that lie across the places where frames' lengths and peers' buffers end.
void add_long_texts(Cases& cases) {
  for (const std::size_t bytes : {126UL, 1024UL, 4096UL, 16384UL, 65536UL}) {
    for (std::size_t before = 1; before <= 3; ++before) {
      const std::string payload =
          ascii_payload(bytes - before) + encode_utf8(0x1f600) + ascii_payload(10);
      add_echo(cases, fmt::format("across-{}-by-{}", bytes, before),
               fmt::format("Text with a character of four bytes, of which {} lie{} before byte {}",
                           before, before == 1 ? "s" : "", bytes),
               {whole(text(payload))}, payload);
    }
  }
  std::string euros;
  while (euros.size() < 65536) euros += "€";
  add_echo(cases, "long-three-bytes", "Text of 64 KiB, all of characters of three bytes",
           {whole(text(euros))}, euros);
  add_echo(cases, "long-three-bytes-in-fragments",
           "Text of 64 KiB, all of characters of three bytes, in fragments of 1000 bytes",
           fragments(text(euros), 1000), euros);
}

/// Valid text, cut at every place.
void add_cuts(Cases& cases) {
  const std::string payload = "aé€😀z";
  for (std::size_t cut = 1; cut < payload.size(); ++cut) {
    const std::vector<std::string> parts{payload.substr(0, cut), payload.substr(cut)};
    add_echo(cases, fmt::format("two-fragments-cut-at-{}", cut),
             fmt::format("Characters of one to four bytes, in two fragments cut at byte {}", cut),
             frames_of(Message::Type::text, parts), payload);
    cases.push_back(
        {.id = fmt::format("utf8/two-writes-cut-at-{}", cut),
         .title = fmt::format("A frame of characters of one to four bytes, in two writes that are "
                              "cut at byte {} of the payload",
                              cut),
         .expected = "it is echoed",
         .rule = text_is_utf8,
         .run = [payload, cut](Script& script) {
           const std::string frame = script.encode(whole(text(payload)));
           const std::size_t place = frame.size() - payload.size() + cut;
           script.send_bytes(std::string_view(frame).substr(0, place), "the first part of a frame");
           script.send_bytes(std::string_view(frame).substr(place), "the rest of the frame");
           script.expect_echo(text(payload));
           script.close();
         }});
  }
  add_echo(cases, "byte-by-byte", "Characters of one to four bytes in a frame, byte by byte",
           {whole(text(payload))}, payload, Delivery::bytewise);
}

/// Byte sequences that RFC 3629 does not have. Those that are incomplete are wrong only at the end
/// of a message.
void add_invalid(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    std::string bytes;
    bool incomplete = false;
  } sequences[] = {
      {"lone-80", "a continuation byte without a lead byte", "\x80"},
      {"lone-bf", "the last continuation byte without a lead byte", "\xbf"},
      {"lone-two", "two continuation bytes without a lead byte", "\x80\xbf"},
      {"lone-after-two", "a continuation byte too many behind two bytes", "\xc3\xa9\xa9"},
      {"lone-after-three", "a continuation byte too many behind three bytes", "\xe2\x82\xac\x80"},
      {"lone-after-four", "a continuation byte too many behind four bytes", "\xf0\x9f\x98\x80\x80"},
      {"short-c2", "the lead byte C2 without a continuation", "\xc2", true},
      {"short-df", "the lead byte DF without a continuation", "\xdf", true},
      {"short-e0", "the lead byte E0 without a continuation", "\xe0", true},
      {"short-ef", "the lead byte EF without a continuation", "\xef", true},
      {"short-f0", "the lead byte F0 without a continuation", "\xf0", true},
      {"short-f4", "the lead byte F4 without a continuation", "\xf4", true},
      {"short-e2-82", "the first two of three bytes", "\xe2\x82", true},
      {"short-f0-9f", "the first two of four bytes", "\xf0\x9f", true},
      {"short-f0-9f-98", "the first three of four bytes", "\xf0\x9f\x98", true},
      {"two-leads", "two lead bytes in a row", "\xc3\xc3\xa9"},
      {"lead-instead-of-third", "a lead byte instead of the third byte", "\xe2\x82\xc3\xa9"},
      {"ascii-instead-of-second", "ASCII instead of the second byte", "\xc3("},
      {"ascii-instead-of-third", "ASCII instead of the third byte", "\xe2\x82("},
      {"ascii-instead-of-fourth", "ASCII instead of the fourth byte", "\xf0\x9f\x98("},
      {"overlong-nul-c0-80", "NUL in two bytes, as Java writes it", "\xc0\x80"},
      {"overlong-slash-c0-af", "a slash in two bytes", "\xc0\xaf"},
      {"overlong-c1-bf", "U+007F in two bytes", "\xc1\xbf"},
      {"overlong-e0-80-80", "NUL in three bytes", "\xe0\x80\x80"},
      {"overlong-e0-80-af", "a slash in three bytes", "\xe0\x80\xaf"},
      {"overlong-e0-9f-bf", "U+07FF in three bytes", "\xe0\x9f\xbf"},
      {"overlong-f0-80-80-80", "NUL in four bytes", "\xf0\x80\x80\x80"},
      {"overlong-f0-80-80-af", "a slash in four bytes", "\xf0\x80\x80\xaf"},
      {"overlong-f0-8f-bf-bf", "U+FFFF in four bytes", "\xf0\x8f\xbf\xbf"},
      {"surrogate-d800", "the surrogate U+D800", "\xed\xa0\x80"},
      {"surrogate-db7f", "the surrogate U+DB7F", "\xed\xad\xbf"},
      {"surrogate-dbff", "the surrogate U+DBFF", "\xed\xaf\xbf"},
      {"surrogate-dc00", "the surrogate U+DC00", "\xed\xb0\x80"},
      {"surrogate-dfff", "the surrogate U+DFFF", "\xed\xbf\xbf"},
      {"surrogate-pair", "U+10000 as two surrogates", "\xed\xa0\x80\xed\xb0\x80"},
      {"surrogate-pair-last", "U+10FFFF as two surrogates", "\xed\xaf\xbf\xed\xbf\xbf"},
      {"above-110000", "U+110000, one more than there are", "\xf4\x90\x80\x80"},
      {"above-13ffff", "U+13FFFF, the last behind the lead byte F4", "\xf4\xbf\xbf\xbf"},
      {"above-f5", "a character behind the lead byte F5", "\xf5\x80\x80\x80"},
      {"above-f7", "a character behind the lead byte F7", "\xf7\xbf\xbf\xbf"},
      {"five-bytes", "a character of five bytes", "\xf8\x88\x80\x80\x80"},
      {"five-bytes-overlong", "a slash in five bytes", "\xf8\x80\x80\x80\xaf"},
      {"five-bytes-last", "the largest character of five bytes", "\xfb\xbf\xbf\xbf\xbf"},
      {"six-bytes", "a character of six bytes", "\xfc\x84\x80\x80\x80\x80"},
      {"six-bytes-overlong", "a slash in six bytes", "\xfc\x80\x80\x80\x80\xaf"},
      {"six-bytes-last", "the largest character of six bytes", "\xfd\xbf\xbf\xbf\xbf\xbf"},
      {"byte-c0", "the byte C0", "\xc0"},
      {"byte-c1", "the byte C1", "\xc1"},
      {"byte-f5", "the byte F5", "\xf5"},
      {"byte-fe", "the byte FE", "\xfe"},
      {"byte-ff", "the byte FF", "\xff"},
      {"latin-1", "a word in ISO 8859-1", "caf\xe9 noir"},
      {"utf-16-little-endian", "UTF-16, little endian, with a byte order mark", "\xff\xfeh\0i\0"s},
      {"utf-16-big-endian", "UTF-16, big endian, with a byte order mark", "\xfe\xff\0h\0i"s},
  };
  for (const auto& sequence : sequences) {
    add_failure(cases, fmt::format("invalid-{}", sequence.id),
                fmt::format("Text of nothing but {}", sequence.what),
                {whole(text(sequence.bytes))});
    const std::string inside =
        "Ähnlich " + sequence.bytes + (sequence.incomplete ? "" : " ähnlich");
    add_failure(cases, fmt::format("invalid-{}-in-bytes", sequence.id),
                fmt::format("Text with {}{}, in fragments of one byte", sequence.what,
                            sequence.incomplete ? " at its end" : ""),
                fragments(text(inside), 1), Delivery::together);
  }
}

void add_invalid_messages(Cases& cases) {
  add_failure(cases, "invalid-at-the-end-of-64-kib", "Text of 64 KiB, of which the last byte is FF",
              {whole(text(ascii_payload(65535) + "\xff"))});
  add_failure(cases, "incomplete-at-the-end-of-64-kib",
              "Text of 64 KiB that ends in the middle of a character",
              {whole(text(ascii_payload(65534) + "\xe2\x82"))});
  add_failure(cases, "invalid-byte-by-byte", "Text with an overlong slash, byte by byte",
              {whole(text("a\xc0\xaf z"))}, Delivery::bytewise);
  add_failure(cases, "invalid-behind-pong",
              "Text with half a character, a pong with the other half, and a letter",
              {{.payload = "10 \xe2\x82", .fin = false},
               {.opcode = Opcode::pong, .payload = "\xac"},
               {.opcode = Opcode::continuation, .payload = "\xc2\xac"}});
  add_failure(cases, "incomplete-with-empty-end",
              "Text with half a character, and an empty last fragment",
              {{.payload = "10 \xe2\x82", .fin = false}, {.opcode = Opcode::continuation}});
  add_failure(cases, "character-in-two-messages",
              "Text that ends in half a character, and text that begins with the other half",
              {{.payload = "10 \xe2\x82"}, {.payload = "\xac"}});
}

/// Faults that are plain before the message is complete. When to notice is not prescribed: section
/// 8.1 asks for it when the text is interpreted.
void add_fail_fast(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    std::string before;
    std::string fault;
  } faults[] = {
      {"lone", "a continuation byte without a lead byte", "abc", "\x80"},
      {"ff", "the byte FF", "abc", "\xff"},
      {"c0", "the byte C0, which nothing can make valid", "abc", "\xc0"},
      {"overlong", "the second byte of an overlong form", "abc\xe0", "\x80"},
      {"surrogate", "the second byte of a surrogate", "abc\xed", "\xa0"},
      {"overlong-four", "the second byte of an overlong form of four", "abc\xf0", "\x8f"},
      {"above", "the second byte of a code point above U+10FFFF", "abc\xf4", "\x90"},
  };
  for (const auto& [id, what, before, fault] : faults) {
    cases.push_back(
        {.id = fmt::format("utf8/fail-fast-fragment-{}", id),
         .title = fmt::format("A fragment with {}, and the last fragment a while later", what),
         .expected = "it fails with 1007 before the last fragment comes",
         .rule = not_utf8,
         .time_factor = 2,
         .run = [before = before, fault = fault](Script& script) {
           script.send({.payload = before, .fin = false});
           script.send({.opcode = Opcode::continuation, .payload = fault, .fin = false});
           if (script.fails_within(at_once, {code::invalid_payload}, any_error)) return;
           script.acceptable("it fails only when the message is complete");
           script.send({.opcode = Opcode::continuation, .payload = "z"});
           script.expect_failure({code::invalid_payload}, any_error);
         }});
    cases.push_back(
        {.id = fmt::format("utf8/fail-fast-frame-{}", id),
         .title = fmt::format("A frame with {}, whose last byte comes a while later", what),
         .expected = "it fails with 1007 before the last byte comes",
         .rule = not_utf8,
         .time_factor = 2,
         .run = [payload = before + fault + "z"](Script& script) {
           const std::string frame = script.encode(whole(text(payload)));
           const std::size_t all_but_one = frame.size() - 1;
           script.send_bytes(std::string_view(frame).substr(0, all_but_one), "all but a byte");
           if (script.fails_within(at_once, {code::invalid_payload}, any_error)) return;
           script.acceptable("it fails only when the frame is complete");
           script.send_bytes(std::string_view(frame).substr(all_but_one), "the last byte");
           script.expect_failure({code::invalid_payload}, any_error);
         }});
  }
}

/// Where the rules for text do not hold.
void add_other_payloads(Cases& cases) {
  const struct {
    std::string_view id;
    std::string_view what;
    std::string payload;
  } payloads[] = {
      {"lone-continuation", "a continuation byte without a lead byte", "\x80"},
      {"overlong", "an overlong slash", "\xc0\xaf"},
      {"surrogate", "a surrogate", "\xed\xa0\x80"},
      {"above", "a code point above U+10FFFF", "\xf4\x90\x80\x80"},
      {"fe-ff", "the bytes FE and FF", "\xfe\xff"},
      {"incomplete", "half a character", "abc\xe2\x82"},
  };
  for (const auto& [id, what, payload] : payloads) {
    cases.push_back({.id = fmt::format("utf8/binary-{}", id),
                     .title = fmt::format("Binary with {}, whole and in fragments of a byte", what),
                     .expected = "it is echoed twice",
                     .rule = "RFC 6455 section 5.6",
                     .run = [payload = payload](Script& script) {
                       echo(script, binary(payload));
                       script.send_together(fragments(binary(payload), 1));
                       script.expect_echo(binary(payload));
                       script.close();
                     }});
    cases.push_back({.id = fmt::format("utf8/ping-{}", id),
                     .title = fmt::format("A ping with {}", what),
                     .expected = "it is answered with the same payload",
                     .rule = "RFC 6455 sections 5.5.2, 5.5.3",
                     .run = [payload = payload](Script& script) {
                       script.send({.opcode = Opcode::ping, .payload = payload});
                       script.expect_pong(payload);
                       echo_and_close(script);
                     }});
  }
  cases.push_back({.id = "utf8/text-after-half-a-character-in-binary",
                   .title = "Binary that ends in half a character, and then valid text",
                   .expected = "both are echoed",
                   .rule = text_is_utf8,
                   .run = [](Script& script) {
                     echo(script, binary("10 \xe2\x82"));
                     echo(script, text("10 €"));
                     script.close();
                   }});
  cases.push_back({.id = "utf8/pong-invalid",
                   .title = "A pong that nobody asked for, with bytes that are not UTF-8",
                   .expected = "it is passed over",
                   .rule = "RFC 6455 section 5.5.3",
                   .run = [](Script& script) {
                     script.send({.opcode = Opcode::pong, .payload = "\xff\xfe\xc0"});
                     echo_and_close(script);
                   }});
}

}  // namespace

void add_utf8_cases(Cases& cases) {
  add_code_points(cases);
  add_texts(cases);
  add_long_texts(cases);
  add_cuts(cases);
  add_invalid(cases);
  add_invalid_messages(cases);
  add_fail_fast(cases);
  add_other_payloads(cases);
}

}  // namespace duplex::app::check
