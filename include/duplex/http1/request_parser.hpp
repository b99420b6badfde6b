#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <variant>

#include <duplex/base/bytes.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http1/chunk_parser.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/field_cursor.hpp>
#include <duplex/http1/field_table.hpp>
#include <duplex/http1/limits.hpp>

namespace duplex::http1 {

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
      : limits_(&limits), fields_(&fields) {}

  /// Consumes a prefix of `input` and returns at most one event; the events of one request are
  /// Head, any number of Content, End.
  /// nullopt: no further event in `input`; present what is left again, with new bytes behind it.
  /// unexpected: the peer broke the named rule; this object refuses all further input.
  /// Views in the event point into `input`'s buffer and hold until the next call; those in fields
  /// and trailers only until the next call of any parser that shares the table.
  /// A head, and a trailer section, stay in `input` until they are complete; what has been seen of
  /// them is checked, and is not scanned again when more comes.
  std::expected<std::optional<Event>, Error> next(Bytes& input) noexcept;

  /// Replaces the limit for the content of the request whose head was the last event. Only until
  /// the next call of `next`, which refuses what exceeds it before any of it is delivered.
  void limit_body(std::uint64_t bytes_max) noexcept { allowance_.content_bytes = bytes_max; }

  /// Whether the parser is between two requests, and has seen no byte of the next. Empty lines
  /// before a request count as nothing, since RFC 9112 section 2.2 has them ignored.
  bool idle() const noexcept { return phase_ == Phase::before_request && cursor_.at == 0; }

 private:
  enum class Phase : std::uint8_t {
    before_request,
    method,
    target,
    version,
    fields,
    content_start,
    content_length,
    chunked,
    trailers,
    failed,
  };

  /// What the head has told so far about its framing and its target.
  struct HeadNotes {
    std::uint64_t content_length = 0;
    std::uint32_t target_begin = 0;
    std::uint32_t target_end = 0;
    std::uint32_t host_begin = 0;
    std::uint32_t host_bytes = 0;
    http::Method method = http::Method::get;
    http::Version version = http::Version::http_1_1;
    bool has_host = false;
    bool has_content_length = false;
    bool chunked = false;
  };

  using Result = std::expected<std::optional<Event>, Error>;

  Result next_head(Bytes& input) noexcept;
  Result next_content(Bytes& input) noexcept;
  Result next_chunk(Bytes& input) noexcept;
  Result next_trailers(Bytes& input) noexcept;
  Result end_request(http::FieldsView trailers) noexcept;

  /// True when the head is complete, with the cursor behind it.
  std::expected<bool, Error> scan_head(std::string_view text) noexcept;
  std::expected<bool, Error> scan_method(std::string_view text) noexcept;
  std::expected<bool, Error> scan_target(std::string_view text) noexcept;
  std::expected<bool, Error> scan_version(std::string_view text) noexcept;
  std::expected<bool, Error> scan_fields(std::string_view text) noexcept;
  std::expected<void, Error> check_request_line(std::string_view text) noexcept;
  std::expected<void, Error> note_field(const http::FieldView& line,
                                        std::string_view text) noexcept;
  std::expected<void, Error> check_framing() const noexcept;
  Result finish_head(std::string_view text) noexcept;

  const Limits* limits_;
  FieldTable* fields_;
  ChunkParser::Allowance allowance_;
  /// Content that is still to come, with Content-Length.
  std::uint64_t content_left_ = 0;
  HeadNotes notes_;
  FieldCursor cursor_;
  ChunkParser chunks_;
  Phase phase_ = Phase::before_request;
  std::uint8_t empty_lines_ = 0;
  /// Why `failed`.
  Error error_{};
};

}  // namespace duplex::http1
