#pragma once

#include <cstdint>
#include <string>

#include "fuzz/websocket/session_properties.hpp"
#include "fuzz/websocket/transcript.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/deflate_parameters.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {

/// The first three bytes are options, pace and what was agreed on, the others the stream. However
/// it is cut, the session says and writes the same, for whole messages and for pieces; both agree
/// where nothing is wrong; and what was heard comes back from an echo, compressed.
inline void check_session_deflate(ConstBytes data) {
  using transcript::require;
  if (data.size() < 3) return;
  const auto choice = std::to_integer<std::uint32_t>(data[0]);
  const auto seed = std::to_integer<std::uint32_t>(data[1]);
  const auto agreed = DeflateParameters::from_key(std::to_integer<std::uint8_t>(data[2]));
  const ConstBytes stream = data.subspan(3);
  const Role role = (choice & 1U) != 0 ? Role::server : Role::client;
  const std::uint64_t limit = (choice & 2U) != 0 ? 100 : 1 << 20;
  const auto listen = [&](bool chunks, const transcript::Pace& pace) {
    CountingMasks masks;
    const SessionOptions options{
        .role = role, .message_bytes_max = limit, .deliver_chunks = chunks, .masks = &masks};
    return transcript::listen(options, stream, pace, agreed);
  };
  const transcript::Said said = listen(false, transcript::whole());
  require(listen(false, transcript::steps(1)) == said);
  require(listen(false, transcript::uneven(seed)) == said);
  const transcript::Said in_chunks = listen(true, transcript::whole());
  require(listen(true, transcript::steps(1)) == in_chunks);
  require(listen(true, transcript::uneven(seed)) == in_chunks);
  const auto failed = [](const transcript::Said& all) {
    return !all.events.empty() && all.events.back().starts_with("error");
  };
  require(failed(in_chunks) || in_chunks == said);

  // An echo by one end, heard by the other.
  CountingMasks masks;
  const DeflateOptions deflate{.keep_send_window = (choice & 4U) != 0,
                               .level = static_cast<std::uint8_t>(1 + seed % 9),
                               .threshold_bytes = (choice & 8U) != 0 ? std::size_t{0} : 64};
  const SessionOptions options{.role = role, .masks = &masks, .deflate = deflate};
  DeflateWorkspace workspace;
  Session writer(options);
  writer.enable_deflate(agreed, workspace);
  ByteQueue echo;
  std::vector<std::string> messages;
  for (const std::string& line : said.events) {
    const bool text = line.starts_with("text ");
    if (!text && !line.starts_with("binary ")) continue;
    const Opcode opcode = text ? Opcode::text : Opcode::binary;
    const ConstBytes payload = as_bytes(line).subspan(line.find(' ') + 1);
    if ((choice & 16U) != 0) {
      const std::size_t half = payload.size() / 2;
      require(writer.write_fragment(opcode, payload.first(half), false, echo));
      require(writer.write_fragment(opcode, payload.subspan(half), true, echo));
    } else {
      require(writer.write_message(opcode, payload, echo));
    }
    messages.push_back(line);
  }
  CountingMasks other_masks;
  const SessionOptions other{.role = role == Role::client ? Role::server : Role::client,
                             .deliver_chunks = (choice & 32U) != 0,
                             .masks = &other_masks};
  require(transcript::listen(other, echo.content(), transcript::uneven(seed), agreed).events ==
          messages);
}

}  // namespace duplex::websocket
