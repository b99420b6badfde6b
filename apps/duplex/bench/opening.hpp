#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "wire.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/url.hpp>
#include <duplex/http1/response_parser.hpp>
#include <duplex/websocket/client_handshake.hpp>

namespace duplex::app::bench {

/// The request that opens a WebSocket, written once; each connection has a key of its own.
class OpeningRequest {
 public:
  /// Throws UsageError, with a sentence, for fields that must not be sent.
  OpeningRequest(const http::Url& url, websocket::HandshakeOffer offer);

  const websocket::HandshakeOffer& offer() const noexcept { return offer_; }
  std::string with_key(const websocket::HandshakeKey& key) const;

 private:
  websocket::HandshakeOffer offer_;
  std::string text_;
  std::size_t key_at_;
};

websocket::HandshakeKey random_key(std::mt19937& random);

/// Reads the answer to an opening request.
class OpeningAnswer {
 public:
  struct Opened {
    /// How messages may be compressed; nullopt: not at all.
    std::optional<websocket::DeflateParameters> deflate;
  };

  OpeningAnswer(const OpeningRequest& request, const websocket::HandshakeKey& key,
                http1::FieldTable& fields);

  /// nullopt: there is more to come. What stands behind the head is left in `input`, in whose
  /// buffer or ours. A fault's kind is `handshake status N` when it was refused; its text has the
  /// first line of the content, if that has come along and is no page.
  std::expected<std::optional<Opened>, Fault> read(Bytes& input);

 private:
  std::expected<std::optional<Opened>, Fault> judge(const http::ResponseHead& head, Bytes& rest);
  Fault refusal(const http::ResponseHead& head, Bytes& rest);

  const OpeningRequest* request_;
  websocket::HandshakeKey key_;
  http1::ResponseParser parser_;
  /// What has come, where it came in pieces.
  std::string head_;
};

}  // namespace duplex::app::bench
