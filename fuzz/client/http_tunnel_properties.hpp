#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/http_tunnel.hpp"
#include "fuzz/client/tunnel_transcript.hpp"

namespace duplex::client {

/// What holds of every refusal and of every malformed answer.
inline void check_failure(const TunnelTranscript& transcript, bool logs_in) {
  const ProxyFailure& failure = *transcript.failure;
  require(!describe(failure).empty());
  require(failure.reason.size() <= HttpTunnel::reason_bytes_max);
  require(failure.content.size() <= HttpTunnel::content_bytes_max);
  const unsigned status = failure.status ? http::code(*failure.status) : 0;
  switch (failure.error) {
    case ProxyError::closed_early: require(transcript.ended && status == 0); break;
    case ProxyError::malformed_response: require(failure.malformation && status == 0); break;
    case ProxyError::authentication_required: require(!logs_in && status == 407); break;
    case ProxyError::authentication_refused:
      require(logs_in && (status == 407 || status == 401));
      break;
    case ProxyError::tunnel_refused:
      require(status >= 300 && status != 407 && (!logs_in || status != 401));
      break;
    default: require(false);
  }
}

/// The first byte chooses where what the proxy sends, behind the second, is cut in two; the second
/// what it was asked. Cutting changes nothing, and an open tunnel begins behind a head.
inline void check_http_tunnel(std::string_view input) {
  if (input.size() < 2) return;
  const auto cut = static_cast<unsigned char>(input[0]);
  const TunnelRequest request =
      tunnel_request(static_cast<unsigned char>(input[1]), ProxyProtocol::http);
  const std::string_view stream = input.substr(2);

  const TunnelTranscript whole = read_whole<HttpTunnel>(request, stream);
  require(whole.open != whole.failure.has_value());
  if (whole.open) {
    require(stream.ends_with(whole.rest));
    require(stream.substr(0, stream.size() - whole.rest.size()).ends_with("\r\n\r\n"));
  } else {
    check_failure(whole, request.proxy.credentials.has_value());
  }
  require(read_byte_by_byte<HttpTunnel>(request, stream) == whole);
  require(read_in_two<HttpTunnel>(request, stream, stream.size() * cut / 256) == whole);
}

}  // namespace duplex::client
