#include <algorithm>
#include <cassert>

#include <duplex/http1/client_exchange.hpp>

namespace duplex::http1 {

namespace {

constexpr std::uint64_t unknown_length = UINT64_MAX;

/// Whether a request with this method is expected to have content, so that it says when it has none
/// (RFC 9110 section 8.6).
bool anticipates_content(http::Method method) noexcept {
  return method == http::Method::post || method == http::Method::put ||
         method == http::Method::patch;
}

/// Whether the server keeps the connection after this response (RFC 9112 section 9.3).
bool keeps_connection(const http::ResponseHead& head) noexcept {
  if (head.fields.lists("connection", "close")) return false;
  return head.version == http::Version::http_1_1 || head.fields.lists("connection", "keep-alive");
}

}  // namespace

RequestPlan ClientExchange::begin(const RequestIntent& intent) noexcept {
  assert(may_begin() && "one exchange after the other, and none on a connection that ends");
  [[maybe_unused]] const bool taken = conversation_.take(Turn::request_head);
  method_ = intent.method;
  upgrade_ = intent.upgrade;
  persistent_ = !intent.close && !closing_;
  awaits_continue_ = false;
  abandoned_ = false;
  discarding_ = false;

  RequestPlan plan;
  if (intent.method == http::Method::connect) {
    // RFC 9110 section 9.3.6: it has no content.
  } else if (!intent.content_bytes) {
    plan.framing = Framing::chunked;
  } else if (*intent.content_bytes > 0 || anticipates_content(intent.method)) {
    plan.framing = Framing::content_length;
    plan.content_length = *intent.content_bytes;
  }
  const bool has_content = plan.framing == Framing::chunked || plan.content_length > 0;
  plan.expect_continue = intent.expect_continue && has_content;
  awaits_continue_ = plan.expect_continue;
  plan.connection = {.close = !persistent_, .upgrade = upgrade_};
  return plan;
}

void ClientExchange::request_ended() noexcept {
  [[maybe_unused]] const bool taken = conversation_.take(Turn::request_end);
  assert((taken || failed_) && "a request ends once, after its head");
  awaits_continue_ = false;
  settle();
}

void ClientExchange::abandon_request() noexcept {
  if (conversation_.client != PartyState::sending_content) return;
  awaits_continue_ = false;
  abandoned_ = true;
  persistent_ = false;
}

void ClientExchange::interim_received(http::Status status) noexcept {
  if (status == http::Status::continue_) awaits_continue_ = false;
}

bool ClientExchange::wants_content(const http::ResponseHead& head) const noexcept {
  // RFC 9110 section 10.1.1: an answer instead of 100 is one without the content.
  if (awaits_continue_) return false;
  // RFC 9112 section 9.5: a server that answers early, refuses and closes won't read the rest. One
  // that does not close has to be sent it, or the next request would be taken for content; and one
  // that agrees may be answering what it has read so far.
  return keeps_connection(head) || http::code(head.status) < 300;
}

std::expected<void, Error> ClientExchange::response_begun(const http::ResponseHead& head,
                                                          const ResponseFraming& framing) noexcept {
  if (!awaiting_response()) {
    fail();
    return std::unexpected(Error::unsolicited_response);
  }
  if (framing.switches_protocol) {
    if (conversation_.take(Turn::switch_protocols)) return {};
    fail();
    return std::unexpected(Error::unexpected_upgrade);
  }
  [[maybe_unused]] const bool taken = conversation_.take(Turn::response_head);
  if (conversation_.client == PartyState::sending_content && !wants_content(head)) {
    abandon_request();
  }
  if (!keeps_connection(head) || framing.framing == Framing::until_close) persistent_ = false;
  switch (framing.framing) {
    case Framing::none: content_left_ = 0; break;
    case Framing::content_length: content_left_ = framing.content_length.value_or(0); break;
    case Framing::chunked:
    case Framing::until_close: content_left_ = unknown_length; break;
  }
  return {};
}

void ClientExchange::content_received(std::uint64_t bytes) noexcept {
  if (content_left_ != unknown_length) content_left_ -= std::min(bytes, content_left_);
  if (!discarding_) return;
  if (bytes > drain_left_) return fail();
  drain_left_ -= bytes;
}

void ClientExchange::discard_response() noexcept {
  if (!receiving_response() || discarding_) return;
  // Whatever is dropped is dropped for the sake of the connection.
  const bool pays = persistent_ && !closing_ &&
                    (content_left_ == unknown_length || content_left_ <= limits_->drain_bytes_max);
  if (!pays) return fail();
  discarding_ = true;
  drain_left_ = limits_->drain_bytes_max;
}

void ClientExchange::response_ended() noexcept {
  [[maybe_unused]] const bool taken = conversation_.take(Turn::response_end);
  assert((taken || failed_) && "a response ends once, after its head");
  settle();
}

void ClientExchange::fail() noexcept {
  failed_ = true;
  persistent_ = false;
  conversation_.take(Turn::close);
}

void ClientExchange::settle() noexcept {
  if (persistent_) conversation_.take(Turn::next_exchange);
}

ClientStep ClientExchange::next_step() const noexcept {
  const bool answered = conversation_.server == PartyState::done;
  switch (conversation_.client) {
    case PartyState::idle: return closing_ ? ClientStep::close : ClientStep::begin_request;
    case PartyState::sending_content:
      if (answered && !persistent_) return ClientStep::close;  // nobody reads the rest
      if (abandoned_) return ClientStep::read_response;
      return awaits_continue_ ? ClientStep::await_continue : ClientStep::send_content;
    case PartyState::done: return answered ? ClientStep::close : ClientStep::read_response;
    case PartyState::switched: return ClientStep::switch_protocol;
    case PartyState::owing_response:
    case PartyState::closed: break;
  }
  return ClientStep::close;
}

}  // namespace duplex::http1
