#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

#include <duplex/base/bytes.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/limits.hpp>

namespace duplex::http1 {

/// Where a parser writes the field lines of the head that it has just found. One table serves all
/// parsers of a thread, so that a waiting connection owns none.
using FieldTable = std::vector<http::FieldView>;

/// How the content of a request is delimited (RFC 9112 section 6).
struct RequestFraming {
  bool chunked = false;
  /// Zero without content, and for chunked content.
  std::uint64_t content_length = 0;

  bool has_content() const noexcept { return chunked || content_length > 0; }
};

/// Turns bytes into requests (RFC 9112): for each a head, the pieces of its content, and its end.
///
/// Does no routing and decides nothing about persistence: that is `Exchange`'s. Accepts only what
/// every recipient reads in the same way, since anything else lets a request be smuggled past a
/// proxy: whoever breaks a rule gets an `Error`, and the connection can't be read any further.
class RequestParser {
 public:
  struct Head {
    http::RequestHead head;
    RequestFraming framing;
  };
  struct Content {
    Bytes data;
  };
  struct End {
    http::FieldsView trailers;
  };
  using Event = std::variant<Head, Content, End>;

  /// Both arguments are borrowed and must outlive the parser. Threads don't share a table.
  RequestParser(const Limits& limits, FieldTable& fields) noexcept
      : limits_(&limits), fields_(&fields), body_bytes_max_(limits.body_bytes_max) {}

  /// Consumes a prefix of `input` and returns at most one event; the events of one request are
  /// Head, any number of Content, End.
  /// nullopt: no further event in `input`; present what is left again, with new bytes behind it.
  /// unexpected: the peer broke the named rule; this object refuses all further input.
  /// Views in the event point into `input`'s buffer and hold until the next call.
  std::expected<std::optional<Event>, Error> next(Bytes& input) noexcept;

  /// Replaces the limit for the content of the request whose head was the last event.
  void limit_body(std::uint64_t bytes_max) noexcept { body_bytes_max_ = bytes_max; }

  /// Whether the parser is between two requests, and has seen no byte of the next.
  bool idle() const noexcept;

 private:
  const Limits* limits_;
  FieldTable* fields_;
  std::uint64_t body_bytes_max_;
};

}  // namespace duplex::http1
