#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include <duplex/http/head.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http1/conversation.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/http1/request_plan.hpp>
#include <duplex/http1/response_parser.hpp>

namespace duplex::http1 {

/// What a client is about to send.
struct RequestIntent {
  http::Method method = http::Method::get;
  /// The length of its content; nullopt when it is not known before its end. CONNECT has none.
  std::optional<std::uint64_t> content_bytes = 0;
  /// Whether the content is to wait until the server asks for it (RFC 9110 section 10.1.1). Nothing
  /// comes of it without content.
  bool expect_continue = false;
  /// Whether it asks to switch protocols, with an Upgrade field (RFC 9110 section 7.8).
  bool upgrade = false;
  /// Whether it is to be the last on its connection.
  bool close = false;
};

/// What the client's driver of a connection does next.
enum class ClientStep : std::uint8_t {
  begin_request,    ///< between two requests: the connection may be kept for another
  await_continue,   ///< hold the content back, read, and `stop_waiting` when time is up
  send_content,     ///< send what there is of the request's content; read meanwhile
  read_response,    ///< the request is sent, or given up; read, parse
  switch_protocol,  ///< hand the connection, and the bytes behind the head, to the new one
  close,            ///< nothing more can be done with this connection
};

/// The rules of a client's HTTP/1.1 connection, exchange after exchange: who may say what,
/// keep-alive, 100-continue, answers that come early, upgrade and close (RFC 9110 section 10.1.1,
/// RFC 9112 sections 6, 7 and 9). What `Exchange` is to a server; both go by the table in
/// conversation.hpp.
///
/// Reads and writes nothing: it is told what was sent and what the parser found.
/// One exchange: `begin`, then, in any interleaving, `request_ended` as the content goes, and
/// `response_begun`, `content_received` and `response_ended` as the answer comes; after each ask
/// `next_step`. An exchange whose two ends have come makes way for the next by itself. When the
/// peer closes, `ResponseParser::end_of_input` tells whether that is `response_ended`; else it is
/// `fail`.
class ClientExchange {
 public:
  /// `limits` is borrowed and must outlive the exchange.
  explicit ClientExchange(const ResponseLimits& limits) noexcept : limits_(&limits) {}

  /// Whether another request may be sent on this connection. It says nothing of what has come
  /// since: a connection that was idle may have been closed, or have bytes that answer nothing.
  bool may_begin() const noexcept { return next_step() == ClientStep::begin_request; }

  /// Begins a request, only when `may_begin`, and says how to frame it. One without content
  /// (`Framing::none`, or a length of zero) still has to be `request_ended`.
  RequestPlan begin(const RequestIntent& intent) noexcept;

  /// What the parser has to know of the request that was begun, for `ResponseParser::expect`.
  AnsweredRequest answered_request() const noexcept {
    return {.method = method_, .upgrade = upgrade_};
  }

  /// The time that the content has waited for 100 is up: it is sent without, since there are
  /// servers that don't know of it (RFC 9110 section 10.1.1).
  void stop_waiting() noexcept { awaits_continue_ = false; }

  /// All of the request has been sent.
  void request_ended() noexcept;

  /// The rest of the request's content will not be sent: its source failed, or its answer has come
  /// and made it pointless. The answer is still read; the connection ends after it.
  void abandon_request() noexcept;

  /// The parser found an interim response. 100 lets the content go.
  void interim_received(http::Status status) noexcept;

  /// The parser found the head of the final response. Reads its Connection fields; keeps no view.
  /// Fails when it may not come now: no request was sent, or protocols are switched before all of
  /// the request was (RFC 9110 section 7.8). The exchange has `failed` then.
  std::expected<void, Error> response_begun(const http::ResponseHead& head,
                                            const ResponseFraming& framing) noexcept;

  /// `bytes` of the response's content have come.
  void content_received(std::uint64_t bytes) noexcept;

  /// Nobody wants the rest of the response. It is read and dropped when it is short enough
  /// (`ResponseLimits::drain_bytes_max`), so that the connection can be kept, which is closed
  /// otherwise.
  void discard_response() noexcept;

  /// The parser found the end of the response.
  void response_ended() noexcept;

  /// The connection can't be used any further: the parser reported an error, it was closed, or time
  /// was up.
  void fail() noexcept;

  /// No more requests after this one (the client is stopping, the connection is old); holds for all
  /// exchanges to come.
  void close_after_response() noexcept { closing_ = true; }

  ClientStep next_step() const noexcept;

  /// Whether a final response has begun and is not at its end.
  bool receiving_response() const noexcept {
    return conversation_.server == PartyState::sending_content;
  }

  /// Whether a request has begun whose final response has not: what fails now may, if its method is
  /// idempotent, be tried again on another connection (RFC 9110 section 9.2.2).
  bool awaiting_response() const noexcept {
    return conversation_.server == PartyState::owing_response;
  }

  /// Who is where.
  const Conversation& conversation() const noexcept { return conversation_; }

 private:
  bool wants_content(const http::ResponseHead& head) const noexcept;
  void settle() noexcept;

  const ResponseLimits* limits_;
  /// Content that is still to come; UINT64_MAX when its length is not known.
  std::uint64_t content_left_ = 0;
  /// What may still be dropped, once the response is discarded.
  std::uint64_t drain_left_ = 0;
  Conversation conversation_;
  http::Method method_ = http::Method::get;
  bool upgrade_ = false;
  bool persistent_ = true;
  bool awaits_continue_ = false;
  bool abandoned_ = false;
  bool discarding_ = false;
  bool closing_ = false;
  bool failed_ = false;
};

}  // namespace duplex::http1
