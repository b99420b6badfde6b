#include "frame.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace duplex::app::check {
namespace {

constexpr std::size_t excerpt_bytes_max = 48;

void append_number(std::string& bytes, std::uint64_t number, int byte_count) {
  for (int shift = 8 * (byte_count - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift));
  }
}

LengthForm form_of(const Frame& frame, std::uint64_t length) {
  if (frame.form != LengthForm::minimal) return frame.form;
  if (length < 126) return LengthForm::seven_bits;
  return length < 65536 ? LengthForm::two_bytes : LengthForm::eight_bytes;
}

bool is_printable(char character) {
  return character >= 0x20 && character < 0x7f;
}

std::string describe_payload(const Frame& frame) {
  const std::string_view payload = frame.payload;
  if (frame.opcode != Opcode::close || payload.size() < 2) return excerpt(payload);
  const std::string code = fmt::format(
      "{}", static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]));
  return payload.size() == 2 ? code : code + " " + excerpt(payload.substr(2));
}

std::string_view form_note(LengthForm form) {
  switch (form) {
    case LengthForm::minimal: return "";
    case LengthForm::seven_bits: return ", length in 7 bits";
    case LengthForm::two_bytes: return ", length in 16 bits";
    case LengthForm::eight_bytes: return ", length in 64 bits";
  }
  return "";
}

}  // namespace

std::string name(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation: return "continuation";
    case Opcode::text: return "text";
    case Opcode::binary: return "binary";
    case Opcode::close: return "close";
    case Opcode::ping: return "ping";
    case Opcode::pong: return "pong";
  }
  return fmt::format("reserved opcode 0x{:x}", static_cast<unsigned>(opcode));
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_number(payload, code, 2);
  return payload.append(reason);
}

std::string encode(const Frame& frame, End sender, MaskKey mask_key) {
  const std::uint64_t length = frame.claimed_length.value_or(frame.payload.size());
  const bool masked = frame.masking == Masking::always ||
                      (frame.masking == Masking::as_prescribed && sender == End::client);
  const unsigned mask_bit = masked ? 0x80 : 0;
  std::string bytes;
  bytes.reserve(frame.payload.size() + 14);
  const unsigned first =
      (frame.fin ? 0x80U : 0U) | frame.reserved | (static_cast<unsigned>(frame.opcode) & 0x0fU);
  bytes.push_back(static_cast<char>(first));
  switch (form_of(frame, length)) {
    case LengthForm::minimal:
    case LengthForm::seven_bits:
      bytes.push_back(static_cast<char>(mask_bit | (length & 0x7f)));
      break;
    case LengthForm::two_bytes:
      bytes.push_back(static_cast<char>(mask_bit | 126));
      append_number(bytes, length, 2);
      break;
    case LengthForm::eight_bytes:
      bytes.push_back(static_cast<char>(mask_bit | 127));
      append_number(bytes, length, 8);
      break;
  }
  if (!masked) return bytes += frame.payload;
  const MaskKey key = frame.mask_key.value_or(mask_key);
  for (const std::uint8_t byte : key) bytes.push_back(static_cast<char>(byte));
  std::string payload = frame.payload;
  apply_mask(payload, key);
  return bytes += payload;
}

void apply_mask(std::string& payload, MaskKey key) noexcept {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key[i % key.size()]);
  }
}

std::string describe(const Frame& frame, bool masked) {
  std::string text = name(frame.opcode);
  if (frame.fin) text += ", FIN";
  if ((frame.reserved & rsv::one) != 0) text += ", RSV1";
  if ((frame.reserved & rsv::two) != 0) text += ", RSV2";
  if ((frame.reserved & rsv::three) != 0) text += ", RSV3";
  text += fmt::format(", {} byte{}", frame.payload.size(), frame.payload.size() == 1 ? "" : "s");
  if (frame.claimed_length) text += fmt::format(", said to be {}", *frame.claimed_length);
  text += form_note(frame.form);
  if (masked) text += ", masked";
  if (masked && frame.mask_key) {
    const MaskKey& key = *frame.mask_key;
    text += fmt::format(" with {:02x} {:02x} {:02x} {:02x}", key[0], key[1], key[2], key[3]);
  }
  if (!frame.payload.empty()) text += "  " + describe_payload(frame);
  return text;
}

std::string excerpt(std::string_view bytes) {
  const std::string_view shown = bytes.substr(0, excerpt_bytes_max);
  const std::string_view more = shown.size() < bytes.size() ? " ..." : "";
  if (std::ranges::all_of(shown, is_printable)) return fmt::format("\"{}\"{}", shown, more);
  std::string text;
  for (const char byte : shown) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(byte));
  }
  return text.append(more);
}

}  // namespace duplex::app::check
