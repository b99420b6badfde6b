#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <variant>

#include <duplex/base/bytes.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http1/chunk_parser.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/field_cursor.hpp>
#include <duplex/http1/field_table.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/http1/response_plan.hpp>

namespace duplex::http1 {

/// What a parser must know of a request to read the answer to it (RFC 9112 section 6.3).
struct AnsweredRequest {
  http::Method method = http::Method::get;
  /// Whether it asked to switch protocols (RFC 9110 section 7.8); without, a 101 is an error.
  bool upgrade = false;
};

/// How the content of a response is delimited (RFC 9112 section 6).
struct ResponseFraming {
  Framing framing = Framing::none;
  /// What Content-Length announces; also in answers to HEAD and in 304, where it tells of the
  /// content that does not come. For progress, and nullopt where it is not known.
  std::optional<std::uint64_t> content_length = std::nullopt;
  /// 101, or 2xx to CONNECT: the connection speaks another protocol behind this head.
  bool switches_protocol = false;
};

/// Turns bytes into responses (RFC 9112), one for each request that it is told of: for each a head,
/// the pieces of its content, and its end; interim responses before.
///
/// As strict as `RequestParser`, and for the same reason: a response that two recipients delimit
/// differently lets a server, or what it passes on, answer the next request as well. Only lines
/// that are folded are taken, as user agents have to (section 5.2): each fold is replaced by
/// spaces, in the input itself. Decides nothing about persistence and waits for nobody: that is
/// `ClientExchange`'s.
class ResponseParser {
 public:
  /// 100, 102, 103 and the like; never 101. The final response is still to come.
  struct Interim {
    http::ResponseHead head;
  };
  struct Head {
    http::ResponseHead head;
    ResponseFraming framing;
  };
  struct Content {
    Bytes data;
  };
  struct End {
    http::FieldsView trailers;
  };
  using Event = std::variant<Interim, Head, Content, End>;

  /// Both arguments are borrowed and must outlive the parser. Threads don't share a table.
  ResponseParser(const ResponseLimits& limits, FieldTable& fields) noexcept
      : limits_(&limits), fields_(&fields) {}

  /// Names the request that the next response answers. To be called once a request, in their order,
  /// while the parser is `idle`; at the latest before `next` is presented the response's first
  /// byte. With requests in a pipeline, again after each End.
  void expect(AnsweredRequest request) noexcept;

  /// Consumes a prefix of `input` and returns at most one event; the events of one response are any
  /// number of Interim, Head, any number of Content, End. A head that switches protocols is the
  /// last event: what stands behind it in `input` is the other protocol's, and stays there.
  /// nullopt: no further event in `input`; present what is left again, with new bytes behind it.
  /// unexpected: the peer broke the named rule; this object refuses all further input. Bytes that
  /// come while no response is expected are such a breach, whatever they are: also the 408 with
  /// which some servers end a connection that was idle. Views in the event point into `input`'s
  /// buffer and hold until the next call; those in fields and trailers only until the next call of
  /// any parser that shares the table. A head, and a trailer section, stay in `input` until they
  /// are complete; what has been seen of them is checked, and is not scanned again when more comes.
  std::expected<std::optional<Event>, Error> next(Bytes& input) noexcept;

  /// The peer sends no more, in an orderly way (over TLS with a close_notify: without one anybody
  /// may have cut the connection, and that is a failure of the transport). To be called when `next`
  /// has found no further event.
  /// End: that is how the present response's content was delimited, and it is complete.
  /// nullopt: nothing was under way.
  /// unexpected: a response is missing or cut off.
  std::expected<std::optional<Event>, Error> end_of_input() noexcept;

  /// Replaces the limit for the content of the response whose head was the last event. Only until
  /// the next call of `next`, which refuses what exceeds it before any of it is delivered.
  void limit_body(std::uint64_t bytes_max) noexcept { allowance_.content_bytes = bytes_max; }

  /// Whether no response is expected or under way.
  bool idle() const noexcept { return phase_ == Phase::idle; }

  /// Whether a head has switched protocols.
  bool switched() const noexcept { return phase_ == Phase::switched; }

 private:
  enum class Phase : std::uint8_t {
    idle,
    status_line,
    reason,
    fields,
    content_start,
    content_length,
    chunked,
    trailers,
    until_close,
    switched,
    failed,
  };

  /// What the head has told so far about its framing.
  struct HeadNotes {
    std::uint64_t content_length = 0;
    std::uint32_t reason_end = 0;
    http::Status status{};
    http::Version version = http::Version::http_1_1;
    bool has_content_length = false;
    bool chunked = false;
  };

  using Result = std::expected<std::optional<Event>, Error>;

  Result next_head(Bytes& input) noexcept;
  Result next_content(Bytes& input) noexcept;
  Result next_chunk(Bytes& input) noexcept;
  Result next_trailers(Bytes& input) noexcept;
  Result end_response(http::FieldsView trailers) noexcept;
  Result fail(Error error) noexcept;

  /// True when the head is complete, with the cursor behind it.
  std::expected<bool, Error> scan_head(Bytes section) noexcept;
  std::expected<bool, Error> scan_status_line(std::string_view text) noexcept;
  std::expected<bool, Error> scan_reason(std::string_view text) noexcept;
  std::expected<bool, Error> scan_fields(Bytes section) noexcept;
  std::expected<void, Error> note_field(const http::FieldView& line) noexcept;
  std::expected<void, Error> note_content_length(std::string_view value) noexcept;
  std::expected<void, Error> check_framing() const noexcept;
  bool switches_protocol() const noexcept;
  Result finish_head(std::string_view text) noexcept;
  ResponseFraming framing() const noexcept;

  const ResponseLimits* limits_;
  FieldTable* fields_;
  ChunkParser::Allowance allowance_;
  /// Content that is still to come, with Content-Length.
  std::uint64_t content_left_ = 0;
  HeadNotes notes_;
  FieldCursor cursor_;
  std::uint32_t interim_count_ = 0;
  ChunkParser chunks_;
  AnsweredRequest request_;
  Phase phase_ = Phase::idle;
  /// Whether the field line that the cursor stands in goes over several.
  bool folded_ = false;
  /// How the content is delimited whose head was the last event.
  Framing framing_ = Framing::none;
  /// Why `failed`.
  Error error_{};
};

}  // namespace duplex::http1
