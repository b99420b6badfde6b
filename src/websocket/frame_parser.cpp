#include <algorithm>

#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {

namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t rsv1_bit = 0x40;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t two_byte_length = 126;
constexpr std::uint8_t eight_byte_length = 127;

bool is_reserved(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary:
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong: return false;
  }
  return true;
}

std::uint64_t read_big_endian(ConstBytes bytes) noexcept {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8U | static_cast<std::uint64_t>(byte);
  return value;
}

void write_big_endian(std::uint64_t value, Bytes bytes) noexcept {
  for (std::size_t i = bytes.size(); i-- > 0; value >>= 8U) {
    bytes[i] = static_cast<std::byte>(value & 0xFFU);
  }
}

/// The rules for the long forms of the length, of which `there` may be only the beginning: the
/// byte that breaks one is refused when it comes.
std::optional<Error> check_length(ConstBytes there, std::size_t length_bytes) noexcept {
  if (there.empty()) return std::nullopt;
  if (length_bytes == 8 && (there[0] & std::byte{0x80}) != std::byte{0}) {
    return Error::length_too_large;
  }
  // What a shorter form could have said: below 126 in two bytes, below 2^16 in eight.
  const std::size_t zero_bytes = length_bytes == 8 ? 6 : 1;
  if (there.size() < zero_bytes) return std::nullopt;
  if (read_big_endian(there.first(zero_bytes)) != 0) return std::nullopt;
  if (length_bytes == 8) return Error::length_not_minimal;
  if (there.size() == 2 && static_cast<std::uint8_t>(there[1]) < two_byte_length) {
    return Error::length_not_minimal;
  }
  return std::nullopt;
}

}  // namespace

std::expected<std::optional<ParsedHeader>, Error> parse_frame_header(ConstBytes input,
                                                                     FrameRules rules) noexcept {
  if (input.empty()) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(input[0]);
  ParsedHeader parsed{};
  FrameHeader& header = parsed.header;
  header.opcode = static_cast<Opcode>(first & opcode_bits);
  header.fin = (first & fin_bit) != 0;
  header.rsv1 = (first & rsv1_bit) != 0;
  // Only the first frame of a message says that the message is compressed (RFC 7692 section 6).
  const bool begins_message = header.opcode == Opcode::text || header.opcode == Opcode::binary;
  const std::uint8_t allowed_bits = rules.rsv1_allowed && begins_message ? rsv1_bit : 0;
  if ((first & reserved_bits & ~allowed_bits) != 0) {
    return std::unexpected(Error::reserved_bits_set);
  }
  if (is_reserved(header.opcode)) return std::unexpected(Error::reserved_opcode);
  if (is_control(header.opcode) && !header.fin) {
    return std::unexpected(Error::control_frame_fragmented);
  }

  if (input.size() < 2) return std::nullopt;
  const auto second = static_cast<std::uint8_t>(input[1]);
  header.masked = (second & mask_bit) != 0;
  if (header.masked != (rules.role == Role::server)) {
    return std::unexpected(header.masked ? Error::masked_frame_from_server
                                         : Error::unmasked_frame_from_client);
  }
  const auto short_length = static_cast<std::uint8_t>(second & length_bits);
  if (is_control(header.opcode) && short_length > control_payload_bytes_max) {
    return std::unexpected(Error::control_frame_too_long);
  }

  parsed.size = 2;
  header.payload_bytes = short_length;
  if (short_length >= two_byte_length) {
    const std::size_t length_bytes = short_length == eight_byte_length ? 8 : 2;
    const ConstBytes there = input.subspan(2, std::min(input.size() - 2, length_bytes));
    if (const auto error = check_length(there, length_bytes)) return std::unexpected(*error);
    if (there.size() < length_bytes) return std::nullopt;
    header.payload_bytes = read_big_endian(there);
    parsed.size += length_bytes;
  }
  if (header.masked) {
    if (input.size() < parsed.size + header.mask_key.size()) return std::nullopt;
    std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(parsed.size), header.mask_key.size(),
                header.mask_key.begin());
    parsed.size += header.mask_key.size();
  }
  return parsed;
}

std::size_t encode_frame_header(const FrameHeader& header,
                                std::span<std::byte, frame_header_bytes_max> out) noexcept {
  const auto opcode = static_cast<std::uint8_t>(header.opcode);
  out[0] = std::byte{opcode} | std::byte{header.fin ? fin_bit : std::uint8_t{0}} |
           std::byte{header.rsv1 ? rsv1_bit : std::uint8_t{0}};
  std::size_t size = 2;
  std::uint8_t short_length = eight_byte_length;
  if (header.payload_bytes < two_byte_length) {
    short_length = static_cast<std::uint8_t>(header.payload_bytes);
  } else if (header.payload_bytes <= UINT16_MAX) {
    short_length = two_byte_length;
    write_big_endian(header.payload_bytes, out.subspan(size, 2));
    size += 2;
  } else {
    write_big_endian(header.payload_bytes, out.subspan(size, 8));
    size += 8;
  }
  out[1] = std::byte{short_length} | std::byte{header.masked ? mask_bit : std::uint8_t{0}};
  if (header.masked) {
    std::ranges::copy(header.mask_key, out.begin() + static_cast<std::ptrdiff_t>(size));
    size += header.mask_key.size();
  }
  return size;
}

std::expected<std::optional<Frame>, Error> FrameParser::next(Bytes& input) noexcept {
  if (state_ == State::failed) return std::unexpected(error_);
  const bool begins = state_ == State::between_frames;
  if (begins) {
    const auto parsed = parse_frame_header(input, rules());
    if (!parsed) {
      state_ = State::failed;
      error_ = parsed.error();
      return std::unexpected(error_);
    }
    if (!*parsed) return std::nullopt;
    const auto& [header, size] = **parsed;
    if (is_control(header.opcode) && input.size() - size < header.payload_bytes) {
      return std::nullopt;
    }
    rest_ = header;
    input = input.subspan(size);
  } else if (input.empty()) {
    return std::nullopt;
  }

  Frame frame{.header = rest_, .payload = {}, .begins = begins, .ends = false};
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(rest_.payload_bytes, input.size()));
  frame.payload = input.first(size);
  input = input.subspan(size);
  if (rest_.masked) apply_mask(frame.payload, rest_.mask_key);
  rest_.payload_bytes -= size;
  frame.ends = rest_.payload_bytes == 0;
  if (!frame.ends) {
    std::ranges::rotate(rest_.mask_key,
                        rest_.mask_key.begin() + static_cast<std::ptrdiff_t>(size % 4));
  }
  state_ = frame.ends ? State::between_frames : State::in_payload;
  return frame;
}

}  // namespace duplex::websocket
