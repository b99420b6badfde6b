#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/recycled.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/http/head.hpp>
#include <duplex/server/request.hpp>

namespace duplex::server {

/// What is behind a `Request`: the head, borrowed from the input or owned, its parameters and its
/// content. One for each connection, used for one request after another.
class IncomingRequest : public Recycled<IncomingRequest> {
 public:
  IncomingRequest() noexcept { request_.head_ = &head_; }
  // The request points to the head beside it.
  IncomingRequest(const IncomingRequest&) = delete;
  IncomingRequest& operator=(const IncomingRequest&) = delete;

  /// Begins with a new head, as views of the input; forgets all of the last request.
  void begin(const http::RequestHead& head) noexcept;
  /// Forgets the last request: what came now could not be read.
  void forget() noexcept { begin({}); }

  /// Forgets the last request and gives the memory of its text back: a waiting connection keeps no
  /// buffer.
  void release() noexcept;

  /// Who sends the requests of this connection.
  std::string_view peer() const noexcept { return peer_; }
  void set_peer(std::string peer) {
    peer_ = std::move(peer);
    request_.peer_ = peer_;
  }
  /// What encrypts this connection, which outlives the request; nullptr in clear.
  void set_stream(const tls::Stream* stream) noexcept { request_.stream_ = stream; }

  /// Copies what the head views, so that the request outlives the input.
  void own_head();

  void add_parameter(std::string_view name, std::string value);

  /// Copies the fields that came behind the content.
  void set_trailers(http::FieldsView trailers);

  /// The content that will be appended has so many bytes, the client says; 0: it does not say.
  void expect_content(std::uint64_t bytes) noexcept { expected_content_bytes_ = bytes; }
  void append_content(ConstBytes piece);
  /// Shows the collected content as the request's body.
  void show_content() noexcept { request_.body_ = content_.content(); }

  const Request& request() noexcept {
    request_.parameters_ = parameters_;
    return request_;
  }

 private:
  http::RequestHead head_;
  std::string owned_text_;
  std::vector<http::FieldView> owned_fields_;
  std::vector<Request::Parameter> parameters_;
  ByteQueue content_;
  std::uint64_t expected_content_bytes_ = 0;
  http::Fields trailers_;
  std::vector<http::FieldView> trailer_views_;
  std::string peer_;
  Request request_;
};

}  // namespace duplex::server
