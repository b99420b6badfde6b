#pragma once

#include <cstdint>
#include <optional>

#include <duplex/http/head.hpp>
#include <duplex/http1/conversation.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/http1/request_parser.hpp>
#include <duplex/http1/response_plan.hpp>

namespace duplex::http1 {

/// What the server's driver of a connection does next.
enum class NextStep : std::uint8_t {
  read_request,       ///< between two requests: read, parse
  wait_for_response,  ///< a request is being answered; its content may be read meanwhile
  finish_request,     ///< answered, but not all content has come: read and drop it, at most
                      ///< `Limits::drain_bytes_max`, or close
  switch_protocol,    ///< hand the connection, and the bytes behind the request, to the new one
  close,              ///< send what is queued, then close
};

/// The rules of a server's HTTP/1.1 connection, exchange after exchange: who may say what,
/// keep-alive, 100-continue, HEAD, upgrade and close (RFC 9110 section 10.1.1, RFC 9112 sections
/// 6, 7 and 9).
///
/// Reads and writes nothing: it is told what the parser found, and says how to answer.
/// One exchange: `begin`, then, in any interleaving, `content_received` and `request_ended` as
/// the content comes, and `plan` and `response_ended` as the answer goes; after each ask
/// `next_step`. An exchange whose two ends have come makes way for the next by itself.
class Exchange {
 public:
  /// `limits` is borrowed and must outlive the exchange.
  explicit Exchange(const Limits& limits) noexcept : limits_(&limits) {}

  /// The parser found a head: a new exchange. Reads its Connection and Expect fields; keeps no
  /// view.
  void begin(const http::RequestHead& head, const RequestFraming& framing) noexcept;

  /// Whether the client waits for `100 Continue` before it sends its content (RFC 9110 section
  /// 10.1.1): it said so in HTTP/1.1, has content, has not begun it, and has not been answered.
  bool wants_continue() const noexcept;

  /// `100 Continue` has been written (`write_continue`).
  void continue_sent() noexcept { expects_continue_ = false; }

  /// Whether the client expects something else than `100-continue`, which is to be answered
  /// `417 Expectation Failed` (RFC 9110 section 10.1.1).
  bool has_unknown_expectation() const noexcept { return unknown_expectation_; }

  /// `bytes` of the request's content have come.
  void content_received(std::uint64_t bytes) noexcept;

  /// The parser found the end of the request.
  void request_ended() noexcept;

  /// The request can't be read any further: the parser reported an error, or time was up. The
  /// response planned next, if none has begun, is the connection's last.
  void request_failed() noexcept;

  /// No more requests after this one (the server is stopping); holds for all exchanges to come.
  void close_after_response() noexcept { closing_ = true; }

  /// Begins the final response and says how to frame it. `content_bytes` is its length, for HEAD
  /// what GET would have had; nullopt when it is not known before its end. `close` asks for the
  /// connection's end after it. Status 101 switches protocols, only when `may_switch_protocol`;
  /// `response_ended` isn't called for it.
  /// Interim responses (100, 103) are not planned: write them any time before this.
  ResponsePlan plan(http::Status status, std::optional<std::uint64_t> content_bytes,
                    bool close = false) noexcept;

  /// Whether a response with status 101 may be planned: the request is HTTP/1.1 (RFC 9110 section
  /// 7.8) and has ended, and is not answered yet.
  bool may_switch_protocol() const noexcept {
    return version_ == http::Version::http_1_1 && !failed_ &&
           conversation_.allows(Turn::switch_protocols);
  }

  /// All of the planned response has been written.
  void response_ended() noexcept;

  NextStep next_step() const noexcept;

  /// Whether the planned response has begun and is not at its end.
  bool sending_response() const noexcept {
    return conversation_.server == PartyState::sending_content;
  }

  /// Whether a request has come and no final response to it has begun.
  bool owes_response() const noexcept { return conversation_.server == PartyState::owing_response; }

  /// Whether the client sends nothing more: all of its request has come, and was its last, as it
  /// said or as HTTP/1.0 has it (RFC 9112 sections 9.3 and 9.6).
  bool had_last_request() const noexcept { return last_request_ && request_complete(); }

  /// Whether all of the present request has come (true as well when there is none).
  bool request_complete() const noexcept {
    return conversation_.client != PartyState::sending_content;
  }

  /// Who is where.
  const Conversation& conversation() const noexcept { return conversation_; }

 private:
  bool may_persist() const noexcept;
  void settle() noexcept;

  const Limits* limits_;
  /// Content that is still to come; UINT64_MAX for chunked content.
  std::uint64_t content_left_ = 0;
  Conversation conversation_;
  http::Method method_ = http::Method::get;
  http::Version version_ = http::Version::http_1_1;
  bool persistent_ = true;
  bool last_request_ = false;
  bool expects_continue_ = false;
  bool unknown_expectation_ = false;
  bool closing_ = false;
  bool failed_ = false;
};

inline NextStep Exchange::next_step() const noexcept {
  switch (conversation_.server) {
    case PartyState::idle: return closing_ || failed_ ? NextStep::close : NextStep::read_request;
    case PartyState::owing_response:
    case PartyState::sending_content: return NextStep::wait_for_response;
    case PartyState::done:
      return failed_ || request_complete() ? NextStep::close : NextStep::finish_request;
    case PartyState::switched: return NextStep::switch_protocol;
    case PartyState::closed: break;
  }
  return NextStep::close;
}

}  // namespace duplex::http1
