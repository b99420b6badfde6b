#include "incoming.hpp"

#include <fmt/format.h>

#include <utility>

#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::app::check {
namespace {

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = (number << 8) | static_cast<unsigned char>(byte);
  return number;
}

/// Codes that may stand in a close frame: those of section 7.4 and of IANA's registry, and those
/// for libraries and applications.
bool may_be_sent(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != code::no_status &&
         code != code::abnormal;
}

[[noreturn]] void fault(const std::string& what) {
  throw PeerFault(what);
}

void refuse_faulty(Inflated::Fault found) {
  switch (found) {
    case Inflated::Fault::none: return;
    case Inflated::Fault::invalid:
      fault("it sent a compressed message that can't be decompressed as agreed on");
    case Inflated::Fault::too_long:
      fault(fmt::format("it sent a compressed message of more than {} bytes",
                        Incoming::message_bytes_max));
    case Inflated::Fault::incomplete:
      fault("it sent a compressed message whose data ends in the middle of a block");
  }
}

CloseFrame read_close(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() == 1) fault("its close frame has one byte, which is no code");
  const auto code = static_cast<std::uint16_t>(read_number(payload.substr(0, 2)));
  if (!may_be_sent(code))
    fault(fmt::format("its close frame has the code {}, which none may have", code));
  const std::string_view reason = payload.substr(2);
  if (!is_valid_utf8(as_bytes(reason))) fault("the reason in its close frame is not UTF-8");
  return {code, std::string(reason)};
}

}  // namespace

std::string describe(const Event& event) {
  struct Describe {
    std::string operator()(const Message& message) const {
      return fmt::format("a {} message of {} bytes, {}",
                         message.type == Message::Type::text ? "text" : "binary",
                         message.payload.size(), excerpt(message.payload));
    }
    std::string operator()(const Ping&) const { return "a ping"; }
    std::string operator()(const Pong& pong) const {
      return fmt::format("a pong with {}", excerpt(pong.payload));
    }
    std::string operator()(const CloseFrame& close) const {
      if (!close.code) return "a close frame without a code";
      if (close.reason.empty()) return fmt::format("a close frame with {}", *close.code);
      return fmt::format("a close frame with {} ({})", *close.code, excerpt(close.reason));
    }
    std::string operator()(const EndOfStream& end) const {
      return end.reset ? "a reset of the connection" : "the end of the connection";
    }
  };
  return std::visit(Describe{}, event);
}

Incoming::Incoming(End sender, const std::optional<DeflateParameters>& deflate, Log& log)
    : sender_(sender), log_(log) {
  if (deflate) inflater_.emplace(deflate->from(sender));
}

std::optional<Incoming::Header> Incoming::read_header(std::string_view bytes) const {
  if (bytes.size() < 2) return std::nullopt;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  Header header{.opcode = static_cast<Opcode>(first & 0x0f),
                .fin = (first & 0x80) != 0,
                .reserved = static_cast<std::uint8_t>(first & 0x70),
                .masked = (second & 0x80) != 0,
                .key = {},
                .length = second & 0x7fU,
                .bytes = 2};
  const std::size_t length_bytes = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  const std::size_t key_bytes = header.masked ? 4 : 0;
  if (bytes.size() < 2 + length_bytes + key_bytes) return std::nullopt;
  if (length_bytes > 0) {
    header.length = read_number(bytes.substr(2, length_bytes));
    const std::uint64_t least = length_bytes == 2 ? 126 : 65536;
    if (header.length < least) {
      fault(fmt::format("it wrote the length {} in {} bytes, not in the fewest", header.length,
                        length_bytes));
    }
    header.bytes += length_bytes;
  }
  for (std::size_t i = 0; i < key_bytes; ++i) {
    header.key[i] = static_cast<std::uint8_t>(bytes[header.bytes + i]);
  }
  header.bytes += key_bytes;
  return header;
}

void Incoming::check(const Header& header) const {
  const std::string what = name(header.opcode);
  if (closed_) fault(fmt::format("it sent a frame ({}) behind its close frame", what));
  if (what.starts_with("reserved")) fault(fmt::format("it sent a frame with {}", what));
  const bool control = is_control(header.opcode);
  const bool may_be_compressed =
      inflater_.has_value() && (header.opcode == Opcode::text || header.opcode == Opcode::binary);
  const int allowed = may_be_compressed ? rsv::one : 0;
  if ((header.reserved & ~allowed) != 0) {
    fault(fmt::format("it sent a frame ({}) with a reserved bit that means nothing there", what));
  }
  if (header.masked != (sender_ == End::client)) {
    fault(fmt::format("it sent a frame ({}) that is {}", what,
                      header.masked ? "masked, though a server never masks" : "not masked"));
  }
  if (control && !header.fin) fault(fmt::format("it sent a {} in fragments", what));
  if (control && header.length > 125) {
    fault(fmt::format("it sent a {} of {} bytes; 125 are allowed", what, header.length));
  }
  if (!control && (header.opcode == Opcode::continuation) != message_.has_value()) {
    fault(message_ ? "it began a message inside of another"
                   : "it sent a continuation without a message to go on with");
  }
  const std::size_t so_far = message_ && !control ? message_->payload.size() : 0;
  if (header.length > message_bytes_max - so_far) {
    fault(fmt::format("it sent a message of more than {} bytes", message_bytes_max));
  }
}

std::optional<Event> Incoming::next(std::string_view& bytes) {
  while (const auto header = read_header(bytes)) {
    check(*header);
    if (bytes.size() - header->bytes < header->length) return std::nullopt;
    const auto length = static_cast<std::size_t>(header->length);
    std::string payload(bytes.substr(header->bytes, length));
    bytes.remove_prefix(header->bytes + length);
    if (header->masked) apply_mask(payload, header->key);
    note(*header, payload);
    if (auto event = take_frame(*header, std::move(payload))) return event;
  }
  return std::nullopt;
}

std::optional<Event> Incoming::take_frame(const Header& header, std::string payload) {
  switch (header.opcode) {
    case Opcode::ping: return Ping{std::move(payload)};
    case Opcode::pong: return Pong{std::move(payload)};
    case Opcode::close: closed_ = true; return read_close(payload);
    case Opcode::text:
    case Opcode::binary:
    case Opcode::continuation: break;
  }
  return take_data(header, payload);
}

std::optional<Event> Incoming::take_data(const Header& header, const std::string& payload) {
  if (!message_) {
    message_ = header.opcode == Opcode::text ? text({}) : binary({});
    compressed_ = (header.reserved & rsv::one) != 0;
  }
  message_->payload += payload;
  if (!header.fin) return std::nullopt;
  return finish_message();
}

Message Incoming::finish_message() {
  Message message = *std::exchange(message_, std::nullopt);
  if (compressed_) {
    Inflated inflated = inflater_->decompress(message.payload, message_bytes_max);
    refuse_faulty(inflated.fault);
    message.payload = std::move(inflated.bytes);
  }
  if (message.type == Message::Type::text && !is_valid_utf8(as_bytes(message.payload))) {
    fault("it sent text that is not UTF-8");
  }
  return message;
}

void Incoming::note(const Header& header, std::string_view payload) {
  const Frame frame{.opcode = header.opcode,
                    .payload = std::string(payload),
                    .fin = header.fin,
                    .reserved = header.reserved};
  log_.add(Direction::received, describe(frame, header.masked));
}

std::string Incoming::what_is_incomplete(std::string_view rest) const {
  if (!rest.empty()) return "in the middle of a frame";
  return message_ ? "in the middle of a message" : "";
}

}  // namespace duplex::app::check
