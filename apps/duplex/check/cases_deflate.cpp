#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "case_parts.hpp"
#include "cases.hpp"
#include "payloads.hpp"

// Messages where permessage-deflate was agreed on (RFC 7692 sections 6 and 7.2).

namespace duplex::app::check {
namespace {

using namespace std::string_literals;

constexpr auto framing = "RFC 7692 section 6";
constexpr auto first_frame_only = "RFC 7692 section 6.1";
constexpr auto compressing = "RFC 7692 section 7.2.1";
constexpr auto decompressing = "RFC 7692 section 7.2.2";

constexpr std::size_t in_one_frame = std::numeric_limits<std::size_t>::max();
constexpr std::size_t mib = std::size_t{1024} * 1024;

/// The frames of a compressed message.
std::vector<Frame> compressed_frames(Message::Type type, std::string payload,
                                     std::size_t fragment_bytes = in_one_frame) {
  std::vector<Frame> frames = fragments({type, std::move(payload)}, fragment_bytes);
  frames.front().reserved = rsv::one;
  return frames;
}

/// The same, compressed as agreed on.
std::vector<Frame> compress(Script& script, const Message& message,
                            std::size_t fragment_bytes = in_one_frame) {
  return compressed_frames(message.type, script.compress(message.payload), fragment_bytes);
}

void echo_compressed(Script& script, const Message& message) {
  script.send_together(compress(script, message));
  script.expect_echo(message);
}

/// Like JSON as servers send it: few words, many times. Cut off where it is long enough.
std::string json_payload(std::size_t bytes) {
  std::string payload = "[";
  for (int i = 0; payload.size() < bytes; ++i) {
    payload += fmt::format(R"({{"id":{},"name":"sensor {}","value":{}.{},"ok":{}}},)", i, i % 17,
                           i * 7919 % 1000, i % 10, i % 3 != 0);
  }
  payload.resize(bytes);
  return payload;
}

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

/// A case with compression but without parameters.
void add(Cases& cases, std::string_view id, std::string title, std::string expected,
         std::string rule, std::function<void(Script&)> run, int time_factor = 1) {
  cases.push_back({.id = fmt::format("deflate/{}", id),
                   .title = std::move(title),
                   .expected = std::move(expected),
                   .rule = std::move(rule),
                   .compression = Compression{},
                   .time_factor = time_factor,
                   .run = std::move(run)});
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
  add(cases, "never-compressed", "Ten messages, none of them compressed", "all are echoed", framing,
      [](Script& script) {
        for (std::size_t i = 1; i <= 10; ++i) echo(script, text(json_payload(i * 100)));
        script.close();
      });
  add(
      cases, "far-inside", "Random bytes twice in a message, 30000 bytes apart", "it is echoed",
      compressing,
      [](Script& script) {
        const std::string bytes = binary_payload(30000);
        echo_compressed(script, binary(bytes + bytes));
        script.close();
      },
      2);
  add(
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
      add(
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
  add(
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
    add(cases, id, fmt::format("Compressed text with {}", title), "it is echoed", first_frame_only,
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
  add(cases, "ping-between", "Pings between the fragments of a compressed message",
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
  add(cases, "close-between", "A close frame between the fragments of a compressed message",
      "it is answered with 1000, and nothing is echoed",
      "RFC 6455 section 5.5.1, RFC 7692 section 6.1", [](Script& script) {
        script.send(compress(script, text(json_payload(300)), 20).front());
        script.send({.opcode = Opcode::close, .payload = close_payload(code::normal)});
        script.expect_failure({code::normal}, any_error);
      });
  add(cases, "byte-by-byte", "A compressed message in one frame, byte by byte", "it is echoed",
      framing, [](Script& script) {
        const Message message = text(json_payload(500));
        deliver(script, compress(script, message), Delivery::bytewise);
        script.expect_echo(message);
        script.close();
      });
  add(cases, "fragments-byte-by-byte", "A compressed message in fragments, byte by byte",
      "it is echoed", framing, [](Script& script) {
        const Message message = text(json_payload(500));
        deliver(script, compress(script, message, 10), Delivery::bytewise);
        script.expect_echo(message);
        script.close();
      });
}

/// How zlib is told to write a stream of its own.
struct Blocks {
  int level = Z_DEFAULT_COMPRESSION;
  int strategy = Z_DEFAULT_STRATEGY;
  /// How what follows every so many bytes is flushed; 0 for none.
  std::size_t flush_every = 0;
  int flush = Z_SYNC_FLUSH;
  /// Ends with a block that has BFINAL, and without the bytes that would be cut off.
  bool final = false;
};

/// Compressed with an empty window, so that it may follow anything.
std::string deflated(std::string_view bytes, Blocks blocks = {}) {
  z_stream stream{};
  if (deflateInit2(&stream, blocks.level, Z_DEFLATED, -15, 8, blocks.strategy) != Z_OK) {
    throw std::runtime_error("zlib can't compress: out of memory");
  }
  std::string result;
  const auto write = [&stream, &result](std::string_view part, int flush) {
    std::string input(part);
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    std::array<char, 4096> buffer;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      ::deflate(&stream, flush);
      result.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  while (blocks.flush_every != 0 && bytes.size() > blocks.flush_every) {
    write(bytes.substr(0, blocks.flush_every), blocks.flush);
    bytes.remove_prefix(blocks.flush_every);
  }
  write(bytes, blocks.final ? Z_FINISH : Z_SYNC_FLUSH);
  deflateEnd(&stream);
  if (!blocks.final) result.resize(result.size() - 4);
  return result;
}

/// A payload that is written here, byte for byte, and what it stands for.
void add_bytes(Cases& cases, std::string_view id, std::string title, std::string rule,
               std::vector<std::string> payloads, Message message) {
  add(cases, id, std::move(title), payloads.size() == 1 ? "it is echoed" : "all are echoed",
      std::move(rule),
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
    add(cases, "example-fragments" + id_suffix(delivery),
        "The RFC's example of a message in two fragments" + title_suffix(delivery), "it is echoed",
        "RFC 7692 section 7.2.3.1", [hello, message, delivery](Script& script) {
          deliver(script, compressed_frames(Message::Type::text, hello, 3), delivery);
          script.expect_echo(message);
          script.close();
        });
  }
  add(cases, "example-same-again", "The RFC's example without a shared window: the message twice",
      "both are echoed", "RFC 7692 section 7.2.3.2", [hello, message](Script& script) {
        for (int i = 0; i < 2; ++i) {
          script.send_together(compressed_frames(Message::Type::text, hello));
          script.expect_echo(message);
        }
        script.close();
      });
  add(cases, "example-shared-window",
      "The RFC's example of a message that refers to the one before it", "both are echoed",
      "RFC 7692 section 7.2.3.2", [hello, message](Script& script) {
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
  add(cases, "example-empty-last-fragment", "The RFC's example with an empty fragment behind it",
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
  add(cases, "final-block-inside", "A block with BFINAL, and another behind it in the same message",
      "both are in the echo; acceptable: it fails with 1007 or 1002", compressing,
      [](Script& script) {
        script.send_together(compressed_frames(
            Message::Type::text, deflated("first, ", {.final = true}) + deflated("second")));
        const Event event = script.receive();
        if (const auto* const echo = std::get_if<Message>(&event)) {
          if (*echo != text("first, second")) script.wrong(describe(event) + " came");
          return script.close();
        }
        script.end_acceptable(describe(event) + " came; section 7.2.1 allows such blocks");
      });
}

void add_reserved_bits(Cases& cases) {
  const auto add_failure = [&cases](std::string_view id, std::string title, std::string rule,
                                    std::vector<Frame> frames) {
    add(cases, id, std::move(title), "it fails with 1002", std::move(rule),
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
    add(cases, id, std::move(title), "it fails with 1007 or 1002", decompressing,
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
    add(cases, id, std::string(what), "it fails with 1007; acceptable: it does not notice",
        decompressing, [payload = payload](Script& script) {
          script.send_together(compressed_frames(Message::Type::binary, payload));
          const Event event = script.receive();
          if (std::holds_alternative<Message>(event)) {
            script.end_acceptable("it does not notice that the compressed data has no right end");
          }
          const auto* const close = std::get_if<CloseFrame>(&event);
          if (close == nullptr || !close->code) {
            script.end_acceptable("it failed without a code");
          }
          if (*close->code != code::invalid_payload) {
            script.end_acceptable(fmt::format("it failed with {} instead of 1007", *close->code));
          }
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
      add(cases,
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
  add(cases, "utf8-valid-in-fragments",
      "Compressed text of characters of one to four bytes, in fragments of one byte",
      "it is echoed", "RFC 6455 section 8.1, RFC 7692 section 6", [](Script& script) {
        const Message message = text("aé€😀zß水𝄞 Καλημέρα κόσμε");
        script.send_together(compress(script, message, 1));
        script.expect_echo(message);
        script.close();
      });
  add(cases, "utf8-compressed-bytes",
      "Text whose compressed bytes, cut up, are no UTF-8 in any fragment", "it is echoed",
      "RFC 6455 section 8.1, RFC 7692 section 6.1", [](Script& script) {
        const Message message = text(json_payload(3000));
        script.send_together(compress(script, message, 5));
        script.expect_echo(message);
        script.close();
      });
  add(cases, "binary-invalid-utf8", "Compressed binary that is not UTF-8", "it is echoed",
      "RFC 6455 section 5.6", [](Script& script) {
        echo_compressed(script, binary("\xff\xfe\xc0\x80"));
        script.close();
      });
}

/// Small messages that become large ones. Who limits what it takes, refuses them with 1009.
void add_bombs(Cases& cases) {
  for (const std::size_t bytes : {mib, 16 * mib}) {
    for (const std::size_t fragment_bytes : {in_one_frame, std::size_t{100}}) {
      const bool whole = fragment_bytes == in_one_frame;
      add(
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
  add_examples(cases);
  add_sizes(cases);
  add_sequences(cases);
  add_fragments(cases);
  add_blocks(cases);
  add_reserved_bits(cases);
  add_invalid_data(cases);
  add_utf8(cases);
  add_bombs(cases);
}

}  // namespace duplex::app::check
