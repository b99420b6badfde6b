#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

/// Ends the program, so that a fuzzer and a sanitizer build notice.
inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Whom a tunnel is asked of, and whereto.
struct TunnelRequest {
  Proxy proxy;
  http::Url target;
};

/// What became of a tunnel.
struct TunnelTranscript {
  /// All that was sent to the proxy.
  std::string sent;
  bool open = false;
  /// What has come through the open tunnel.
  std::string rest;
  std::optional<ProxyFailure> failure;
  /// Whether the failure is what the end of the input meant.
  bool ended = false;

  bool operator==(const TunnelTranscript&) const = default;
};

/// Presents a stream to a `Socks5` or a `HttpTunnel` piece by piece, and what was left before each
/// piece again with it, always in a block of its own: views of an older one are found by a
/// sanitizer.
template <class Protocol>
class TunnelFeeder {
 public:
  explicit TunnelFeeder(const TunnelRequest& request) : protocol_(request.proxy, request.target) {
    const auto begun = protocol_.begin(out_);
    if (!begun) transcript_.failure = begun.error();
  }

  void feed(std::string_view piece) {
    if (transcript_.failure) return;
    left_.append(piece);
    if (transcript_.open) return;
    const auto bytes = as_bytes(left_);
    std::vector<std::byte> block(bytes.begin(), bytes.end());
    Bytes input(block);
    const auto open = protocol_.next(input, out_);
    require(input.data() + input.size() == block.data() + block.size());
    left_ = as_text(input);
    if (!open) {
      transcript_.failure = open.error();
      require_end(open.error());
    } else if (*open) {
      transcript_.open = true;
      // It stays open, and what came through is not for it.
      require(protocol_.next(input, out_) == true && as_text(input) == left_);
    }
  }

  TunnelTranscript take() {
    if (!transcript_.open && !transcript_.failure) {
      transcript_.failure = protocol_.end_of_input();
      transcript_.ended = true;
      require_end(*transcript_.failure);
    }
    transcript_.sent = as_text(out_.content());
    if (transcript_.open) transcript_.rest = left_;
    return transcript_;
  }

 private:
  /// What has failed stays so.
  void require_end(const ProxyFailure& failure) {
    Bytes none;
    const auto again = protocol_.next(none, out_);
    require(!again && again.error() == failure);
  }

  Protocol protocol_;
  ByteQueue out_;
  std::string left_;
  TunnelTranscript transcript_;
};

template <class Protocol>
TunnelTranscript read_whole(const TunnelRequest& request, std::string_view stream) {
  TunnelFeeder<Protocol> feeder(request);
  feeder.feed(stream);
  return feeder.take();
}

template <class Protocol>
TunnelTranscript read_byte_by_byte(const TunnelRequest& request, std::string_view stream) {
  TunnelFeeder<Protocol> feeder(request);
  for (std::size_t i = 0; i < stream.size(); ++i) feeder.feed(stream.substr(i, 1));
  return feeder.take();
}

template <class Protocol>
TunnelTranscript read_in_two(const TunnelRequest& request, std::string_view stream,
                             std::size_t cut) {
  TunnelFeeder<Protocol> feeder(request);
  feeder.feed(stream.substr(0, cut));
  feeder.feed(stream.substr(cut));
  return feeder.take();
}

/// The bits of `choice` decide about credentials, and by what kind of name the server goes.
inline TunnelRequest tunnel_request(unsigned choice, ProxyProtocol protocol) {
  TunnelRequest request;
  request.proxy.protocol = protocol;
  request.proxy.host = "proxy.example";
  if ((choice & 1U) != 0) request.proxy.credentials = {"user", "password"};
  request.target.scheme = "https";
  request.target.port = 443;
  switch (choice >> 1U & 3U) {
    case 0: request.target.host = "192.0.2.1"; break;
    case 1: request.target.host = "2001:db8::1"; break;
    default: request.target.host = "example.com"; break;
  }
  return request;
}

}  // namespace duplex::client
