#pragma once

#include "fuzz/websocket/transcript.hpp"

namespace duplex::websocket {

/// Masking keys for whom nothing has to be unpredictable.
struct CountingMasks : MaskSource {
  CountingMasks() noexcept : MaskSource(fill) {}

  static void fill(Bytes room) noexcept {
    for (std::size_t i = 0; i < room.size(); i += sizeof(MaskKey)) {
      const MaskKey key = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                           static_cast<std::byte>(i / sizeof(MaskKey))};
      std::ranges::copy(key, room.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
};

/// The first two bytes are options and pace, the others the stream. However it is cut, the session
/// says and writes the same; whole messages and put-together pieces are the same; what it
/// writes is right for the other end; and what it heard comes back from an echo.
inline void check_session(ConstBytes data) {
  using transcript::require;
  if (data.size() < 2) return;
  const auto choice = std::to_integer<std::uint32_t>(data[0]);
  const auto seed = std::to_integer<std::uint32_t>(data[1]);
  const ConstBytes stream = data.subspan(2);
  const Role role = (choice & 1U) != 0 ? Role::client : Role::server;
  const std::uint64_t limit = (choice & 8U) != 0 ? 100 : 1 << 20;
  const auto listen = [&](bool chunks, const transcript::Pace& pace) {
    CountingMasks masks;
    const SessionOptions options{.role = role,
                                 .message_bytes_max = limit,
                                 .deliver_chunks = chunks,
                                 .report_frames = (choice & 4U) != 0,
                                 .masks = &masks};
    return transcript::listen(options, stream, pace);
  };
  const transcript::Said said = listen(false, transcript::whole());
  require(listen(false, transcript::steps(1)) == said);
  require(listen(false, transcript::uneven(seed)) == said);
  require(listen(true, transcript::whole()) == said);
  require(listen(true, transcript::steps(1)) == said);
  require(listen(true, transcript::uneven(seed)) == said);

  const Role other = role == Role::client ? Role::server : Role::client;
  CountingMasks masks;
  const SessionOptions options{.role = other, .masks = &masks};
  for (const std::string& line :
       transcript::listen(options, as_bytes(said.output), transcript::whole()).events) {
    require(!line.starts_with("error"));
  }

  CountingMasks echo_masks;
  const SessionOptions own{.role = role, .masks = &echo_masks};
  Session writer(own);
  ByteQueue echo;
  std::vector<std::string> messages;
  for (const std::string& line : said.events) {
    const bool text = line.starts_with("text ");
    if (!text && !line.starts_with("binary ")) continue;
    const ConstBytes payload = as_bytes(line).subspan(line.find(' ') + 1);
    require(writer.write_message(text ? Opcode::text : Opcode::binary, payload, echo));
    messages.push_back(line);
  }
  require(transcript::listen(options, echo.content(), transcript::uneven(seed)).events == messages);
}

}  // namespace duplex::websocket
