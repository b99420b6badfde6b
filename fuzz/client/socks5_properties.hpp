#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "client/socks5.hpp"
#include "fuzz/client/tunnel_transcript.hpp"

namespace duplex::client {

/// What RFC 1928 and RFC 1929 make of all that a proxy sends, read in one go: where the tunnel
/// begins, or that it never does.
inline std::optional<std::size_t> naive_socks5_end(std::string_view stream, bool logs_in) {
  const auto at = [stream](std::size_t index) {
    return index < stream.size() ? static_cast<unsigned char>(stream[index]) : 256U;
  };
  std::size_t place = 2;
  if (at(0) != 5) return std::nullopt;
  if (at(1) == 2 && logs_in) {
    if (at(2) != 1 || at(3) != 0) return std::nullopt;
    place = 4;
  } else if (at(1) != 0) {
    return std::nullopt;
  }
  if (at(place) != 5 || at(place + 1) != 0 || at(place + 2) != 0) return std::nullopt;
  std::size_t end = place + 4;
  switch (at(place + 3)) {
    case 1: end += 4; break;
    case 3: end += 1 + at(end); break;
    case 4: end += 16; break;
    default: return std::nullopt;
  }
  end += 2;
  if (end > stream.size()) return std::nullopt;
  return end;
}

/// The first byte chooses where what the proxy sends, behind the second, is cut in two; the second
/// what it was asked. Cutting changes nothing; the tunnel is open when the rules say so, and only
/// then, and begins where they say.
inline void check_socks5(std::string_view input) {
  if (input.size() < 2) return;
  const auto cut = static_cast<unsigned char>(input[0]);
  const TunnelRequest request =
      tunnel_request(static_cast<unsigned char>(input[1]), ProxyProtocol::socks5);
  const std::string_view stream = input.substr(2);

  const TunnelTranscript whole = read_whole<Socks5>(request, stream);
  const auto end = naive_socks5_end(stream, request.proxy.credentials.has_value());
  require(whole.open == end.has_value());
  if (end) require(whole.rest == stream.substr(*end));
  if (whole.failure) {
    require(!describe(*whole.failure).empty());
    require(whole.ended == (whole.failure->error == ProxyError::closed_early));
  }
  require(read_byte_by_byte<Socks5>(request, stream) == whole);
  require(read_in_two<Socks5>(request, stream, stream.size() * cut / 256) == whole);
}

}  // namespace duplex::client
