// What the protocol cores execute for fixed inputs, for tools/instruction_budget.py.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bench/instructions/counting.hpp"
#include "bench/json.hpp"
#include "connection/outbox.hpp"
#include <duplex/base/utf8.hpp>
#include <duplex/http1/chunk_parser.hpp>
#include <duplex/http1/request_parser.hpp>
#include <duplex/http1/response_parser.hpp>
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::bench {
namespace {

/// Counts what `once` costs when it is done again and again. Its answer is whether it did what it
/// should.
template <typename Once>
void count(const std::string& name, Once once) {
  constexpr int times = 100;
  const auto repeat = [&once, &name] {
    for (int i = 0; i < times; ++i) {
      if (once()) continue;
      std::fprintf(stderr, "%s: not what was expected\n", name.c_str());
      std::exit(1);
    }
  };
  // Lazy linking and the first allocations are not the price of what follows.
  repeat();
  begin_count();
  repeat();
  end_count(name, times);
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const ConstBytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

void count_request(const std::string& name, std::string_view request) {
  auto stream = bytes_of(request);
  const http1::Limits limits;
  http1::FieldTable table;
  http1::RequestParser parser(limits, table);
  count(name, [&] {
    Bytes input(stream);
    int events = 0;
    while (true) {
      const auto event = parser.next(input);
      if (!event) return false;
      if (!*event) return events == 2;
      ++events;
    }
  });
}

void count_requests() {
  count_request("request parser, small", "GET /hello HTTP/1.1\r\nHost: localhost:8080\r\n\r\n");
  count_request("request parser, browser's",
                "GET /articles/2026/the-switch?ref=front HTTP/1.1\r\n"
                "Host: www.example.com\r\n"
                "Connection: keep-alive\r\n"
                "Upgrade-Insecure-Requests: 1\r\n"
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
                "Gecko) Chrome/130.0.0.0 Safari/537.36\r\n"
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
                "Accept-Encoding: gzip, deflate\r\n"
                "Accept-Language: en-GB,en;q=0.9\r\n\r\n");
}

void count_response() {
  auto stream = bytes_of(
      "HTTP/1.1 200 OK\r\n"
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: 12\r\n\r\n"
      "hello world\n");
  const http1::ResponseLimits limits;
  http1::FieldTable table;
  http1::ResponseParser parser(limits, table);
  count("response parser, small", [&] {
    parser.expect({});
    Bytes input(stream);
    int events = 0;
    while (true) {
      const auto event = parser.next(input);
      if (!event) return false;
      if (!*event) return events == 3;
      ++events;
    }
  });
}

void count_chunks() {
  std::string text;
  for (int i = 0; i < 8; ++i) text += "80\r\n" + std::string(128, 'x') + "\r\n";
  auto stream = bytes_of(text + "0\r\n");
  count("chunk parser, 8 chunks of 128 B", [&] {
    http1::ChunkParser parser;
    http1::ChunkParser::Allowance allowance{.content_bytes = 1024, .extension_bytes = 0};
    Bytes input(stream);
    Bytes data;
    while (true) {
      const auto step = parser.next(input, data, allowance);
      if (!step) return false;
      if (*step != http1::ChunkParser::Step::data) {
        return *step == http1::ChunkParser::Step::last_chunk && allowance.content_bytes == 0;
      }
    }
  });
}

void fill_with_anything(Bytes room) noexcept {
  for (std::size_t i = 0; i < room.size(); ++i) room[i] = static_cast<std::byte>(i * 37);
}

std::vector<std::byte> frame_from_client(websocket::Opcode opcode, const std::string& payload) {
  websocket::MaskSource masks(fill_with_anything);
  const websocket::SessionOptions options{.role = websocket::Role::client, .masks = &masks};
  websocket::Session client(options);
  ByteQueue output;
  client.write_message(opcode, as_bytes(payload), output);
  return {output.content().begin(), output.content().end()};
}

void count_frames() {
  const auto frame = frame_from_client(websocket::Opcode::binary, std::string(20, 'x'));
  auto received = frame;
  websocket::FrameParser parser(websocket::Role::server);
  count("frame parser, 20 B", [&] {
    std::ranges::copy(frame, received.begin());
    Bytes input(received);
    const auto found = parser.next(input);
    return found && *found && (*found)->ends;
  });
}

/// What arrives is copied in, as a read would, because it is unmasked in place.
void count_echo(const std::string& name, websocket::Opcode opcode, std::size_t payload_bytes) {
  const auto frame = frame_from_client(opcode, std::string(payload_bytes, 'x'));
  auto received = frame;
  const websocket::SessionOptions options{};
  websocket::Session session(options);
  ByteQueue output;
  count(name, [&] {
    std::ranges::copy(frame, received.begin());
    Bytes input(received);
    output.clear();
    const auto event = session.next(input, output);
    if (!event || !*event) return false;
    const auto& message = std::get<websocket::Session::Message>(**event);
    if (message.payload.size() != payload_bytes) return false;
    if (!session.write_message(message.opcode, message.payload, output)) return false;
    const auto end = session.next(input, output);
    return end && !*end;
  });
}

void count_compressed_echo() {
  constexpr websocket::DeflateParameters nothing_kept{.server_no_context_takeover = true,
                                                      .client_no_context_takeover = true};
  const std::string text = json(1024, 1);
  websocket::MaskSource masks(fill_with_anything);
  const websocket::SessionOptions client_options{
      .role = websocket::Role::client, .masks = &masks, .deflate = {.level = 6}};
  const websocket::SessionOptions server_options{};
  websocket::DeflateWorkspace workspace;
  websocket::Session client(client_options);
  client.enable_deflate(nothing_kept, workspace);
  websocket::Session server(server_options);
  server.enable_deflate(nothing_kept, workspace);
  ByteQueue frame;
  client.write_message(websocket::Opcode::text, as_bytes(text), frame);
  std::vector<std::byte> received(frame.size());
  ByteQueue output;
  count("session, echo of 1 KiB JSON, compressed", [&] {
    std::ranges::copy(frame.content(), received.begin());
    Bytes input(received);
    output.clear();
    const auto event = server.next(input, output);
    if (!event || !*event) return false;
    const auto& message = std::get<websocket::Session::Message>(**event);
    return as_text(message.payload) == text &&
           server.write_message(message.opcode, message.payload, output) &&
           output.size() < text.size();
  });
}

void count_masking() {
  const websocket::MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
  for (const std::size_t size : {std::size_t{125}, std::size_t{16384}}) {
    std::vector<std::byte> payload(size, std::byte{'x'});
    // Twice, so that it is afterwards what it was.
    count("mask and unmask " + std::to_string(size) + " B", [&] {
      websocket::apply_mask(payload, key);
      websocket::apply_mask(payload, key);
      return payload.back() == std::byte{'x'};
    });
  }
}

void count_utf8() {
  const std::string ascii(125, 'x');
  count("UTF-8, 125 B of ASCII", [&] { return is_valid_utf8(as_bytes(ascii)); });
  std::string words;
  while (words.size() < 16384) words += "gr\u00fc\u00dfe \u20ac \U0001F600 ";
  count("UTF-8, 16 KiB of many languages", [&] { return is_valid_utf8(as_bytes(words)); });
}

void count_outbox() {
  const SharedBytes message = SharedBytes::copy_of(as_bytes(std::string(512, 'x')));
  connection::Outbox outbox;
  count("outbox, one shared message", [&] {
    outbox.append(message);
    std::array<iovec, 4> spans;
    if (outbox.next_spans(spans) != 1) return false;
    outbox.consume(message.size());
    return outbox.empty();
  });
  const std::string reply(64, 'x');
  count("outbox, ten small replies", [&] {
    for (int i = 0; i < 10; ++i) outbox.append(as_bytes(reply));
    outbox.consume(10 * reply.size());
    return outbox.empty();
  });
}

}  // namespace
}  // namespace duplex::bench

int main() {
  using namespace duplex::bench;
  using duplex::websocket::Opcode;
  count_requests();
  count_response();
  count_chunks();
  count_frames();
  count_echo("session, echo of 20 B text", Opcode::text, 20);
  count_echo("session, echo of 125 B text", Opcode::text, 125);
  count_echo("session, echo of 1 KiB text", Opcode::text, 1024);
  count_echo("session, echo of 16 KiB binary", Opcode::binary, 16384);
  count_compressed_echo();
  count_masking();
  count_utf8();
  count_outbox();
}
