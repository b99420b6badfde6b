#pragma once

#include <array>
#include <optional>

#include "fuzz/websocket/transcript.hpp"
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {

/// A stream as the parser saw it: the frames put together and written again, the number of the
/// last one's bytes that are missing, and the error.
struct ParsedStream {
  std::vector<std::byte> encoded;
  std::size_t frames = 0;
  std::uint64_t missing_bytes = 0;
  std::optional<Error> error;

  bool operator==(const ParsedStream&) const = default;
};

inline ParsedStream parse_stream(Role role, ConstBytes stream, transcript::Pace pace) {
  using transcript::require;
  ParsedStream parsed;
  FrameParser parser(role);
  transcript::play(stream, std::move(pace), [&](Bytes& input) {
    const std::size_t size = input.size();
    const auto frame = parser.next(input);
    if (!frame) {
      parsed.error = frame.error();
      return false;
    }
    if (!*frame) {
      require(input.empty() || input.size() <= 130);
      require(input.size() == size);
      return false;
    }
    const auto& [header, payload, begins, ends] = **frame;
    require(input.size() < size);
    require(begins == (parsed.missing_bytes == 0));
    require(begins || header.payload_bytes == parsed.missing_bytes);
    require(!is_control(header.opcode) || (begins && ends));
    if (begins) {
      std::array<std::byte, frame_header_bytes_max> bytes;
      const std::size_t header_size = encode_frame_header(header, bytes);
      parsed.encoded.insert(parsed.encoded.end(), bytes.begin(),
                            bytes.begin() + static_cast<std::ptrdiff_t>(header_size));
      ++parsed.frames;
    }
    parsed.missing_bytes = header.payload_bytes - payload.size();
    require(ends == (parsed.missing_bytes == 0));
    if (header.masked) apply_mask(payload, header.mask_key);
    parsed.encoded.insert(parsed.encoded.end(), payload.begin(), payload.end());
    return true;
  });
  return parsed;
}

/// The first byte says whose frames these are and how unevenly they come; the others are the
/// stream. However it is cut, the parser sees the same frames, goes forward with each, and what it
/// saw is what a writer would have written: there is only one form of each frame.
inline void check_frame_parser(ConstBytes data) {
  using transcript::require;
  if (data.empty()) return;
  const auto choice = std::to_integer<std::uint32_t>(data[0]);
  const Role role = (choice & 1U) != 0 ? Role::client : Role::server;
  const ConstBytes stream = data.subspan(1);
  const ParsedStream parsed = parse_stream(role, stream, transcript::whole());
  require(parse_stream(role, stream, transcript::steps(1)) == parsed);
  require(parse_stream(role, stream, transcript::uneven(choice)) == parsed);
  require(parsed.encoded.size() <= stream.size());
  require(std::ranges::equal(parsed.encoded, stream.first(parsed.encoded.size())));
}

}  // namespace duplex::websocket
