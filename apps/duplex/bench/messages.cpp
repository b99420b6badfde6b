#include "messages.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

#include "compression.hpp"
#include "stamp.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask.hpp>

namespace duplex::app::bench {
namespace {

using websocket::FrameHeader;
using websocket::Opcode;

/// All forms of all messages together lie in a processor's cache of the second level.
constexpr std::size_t payload_bytes_wanted = std::size_t{32} * 1024;
constexpr std::size_t messages_max = Messages::count_max;

std::size_t message_count(std::size_t bytes) {
  return std::clamp<std::size_t>(payload_bytes_wanted / std::max<std::size_t>(bytes, 1), 2,
                                 messages_max);
}

/// Letters; no two messages begin alike.
std::string letters(std::size_t bytes, std::size_t number) {
  constexpr std::string_view all =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = all[(number + i) % all.size()];
  return text;
}

/// No two messages begin alike. Where a stamp goes is ASCII, so that it cuts no character.
std::string prose(std::size_t bytes, std::size_t number, bool stamped) {
  constexpr std::string_view words[] = {"hello ",  "Grüße ", "žluťoučký ", "καλημέρα ",
                                        "привет ", "世界 ",  "नमस्ते ",      "👋 "};
  std::string text = letters(std::min(bytes, stamped ? Stamp::bytes_max : 1), number);
  for (std::size_t i = number; true; ++i) {
    const std::string_view word = words[i % std::size(words)];
    if (text.size() + word.size() > bytes) break;
    text += word;
  }
  text.resize(bytes, ' ');
  return text;
}

/// An array of records, and of what fills it up.
std::string json(std::size_t bytes, std::mt19937& random) {
  const auto below = [&random](unsigned bound) { return std::to_string(random() % bound); };
  if (bytes == 0) return "";
  if (bytes == 1) return below(10);
  constexpr std::size_t end_bytes = 3;  // at the least `""]`
  std::string text = "[";
  while (true) {
    const std::string record = R"({"id":)" + below(100'000) + R"(,"user":"user-)" + below(1000) +
                               R"(","price":)" + below(1000) + '.' + below(100) +
                               R"(,"active":true,"tags":["a)" + below(9) +
                               R"(","live"],"at":"2026-11-25T20:)" + below(60) + R"(Z"},)";
    if (text.size() + record.size() + end_bytes > bytes) break;
    text += record;
  }
  const std::size_t left = bytes - text.size() - 1;
  if (left == 1) text += below(10);
  if (left >= 2) text += '"' + letters(left - 2, random() % messages_max) + '"';
  return text + ']';
}

Content content_of(const MessageKind& kind) {
  if (kind.content != Content::usual) return kind.content;
  if (kind.compressed) return Content::json;
  return kind.text ? Content::prose : Content::letters;
}

std::vector<std::string> payloads(const MessageKind& kind) {
  // The same in each run.
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp,cert-msc32-c,bugprone-random-generator-seed)
  const auto payload = [&](std::size_t number) {
    switch (content_of(kind)) {
      case Content::usual:
      case Content::letters: return letters(kind.bytes, number);
      case Content::prose: return prose(kind.bytes, number, kind.stamped);
      case Content::json: return json(kind.bytes, random);
      case Content::own: return kind.own;
    }
    std::unreachable();
  };
  std::vector<std::string> result;
  result.reserve(message_count(kind.bytes));
  for (std::size_t i = 0; i < message_count(kind.bytes); ++i) result.push_back(payload(i));
  return result;
}

std::vector<std::string> compress_all(bool keep, const std::vector<std::string>& payloads) {
  std::vector<std::string> result;
  result.reserve(payloads.size());
  Compressor compressor(keep);
  for (const std::string& payload : payloads) result.push_back(compressor.compressed(payload));
  return result;
}

/// With these payloads, which are compressed already if they are to be.
std::vector<std::string> client_frames(const MessageKind& kind,
                                       const std::vector<std::string>& payloads) {
  const Opcode opcode = kind.text ? Opcode::text : Opcode::binary;
  std::mt19937 random{std::random_device{}()};
  std::vector<std::string> frames;
  frames.reserve(payloads.size());
  for (const std::string& payload : payloads) {
    frames.push_back(client_frame(opcode, payload, kind.compressed, random));
  }
  return frames;
}

std::vector<std::string> server_frames(const MessageKind& kind,
                                       const std::vector<std::string>& payloads) {
  std::vector<std::string> frames;
  frames.reserve(payloads.size());
  for (const std::string& payload : payloads) {
    frames.push_back(server_frame(kind.text ? Opcode::text : Opcode::binary, payload));
  }
  return frames;
}

std::string header_of(const FrameHeader& header) {
  std::array<std::byte, websocket::frame_header_bytes_max> bytes;
  const std::size_t size = websocket::encode_frame_header(header, bytes);
  return std::string(as_text(ConstBytes(bytes).first(size)));
}

}  // namespace

std::string_view name(Content content) noexcept {
  switch (content) {
    case Content::usual: return "usual";
    case Content::letters: return "letters";
    case Content::prose: return "prose";
    case Content::json: return "json";
    case Content::own: return "own";
  }
  std::unreachable();
}

std::string client_frame(Opcode opcode, std::string_view payload, bool rsv1, std::mt19937& random) {
  const auto bits = static_cast<std::uint32_t>(random());
  websocket::MaskKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(bits >> (8 * i));
  std::string frame = header_of({.opcode = opcode,
                                 .rsv1 = rsv1,
                                 .masked = true,
                                 .mask_key = key,
                                 .payload_bytes = payload.size()});
  const std::size_t header_bytes = frame.size();
  frame += payload;
  websocket::apply_mask(std::as_writable_bytes(std::span(frame)).subspan(header_bytes), key);
  return frame;
}

std::string_view kind_name(Opcode opcode) noexcept {
  return opcode == Opcode::text ? "text" : "binary";
}

std::string server_frame(Opcode opcode, std::string_view payload) {
  return header_of({.opcode = opcode, .payload_bytes = payload.size()}).append(payload);
}

Messages::Messages(const MessageKind& kind)
    : kind_(kind),
      payloads_(payloads(kind)),
      differ_(std::ranges::adjacent_find(payloads_, std::ranges::not_equal_to()) !=
              payloads_.end()),
      outgoing_(outgoing(kind, payloads_)),
      echoed_(server_frames(kind, payloads_)) {}

Messages::Outgoing Messages::outgoing(const MessageKind& kind,
                                      const std::vector<std::string>& payloads) {
  if (!kind.compressed) return {Round(client_frames(kind, payloads)), std::nullopt};
  const std::vector<std::string> smaller = compress_all(kind.keep, payloads);
  return {Round(client_frames(kind, smaller)), PieceSizes(smaller)};
}

}  // namespace duplex::app::bench
