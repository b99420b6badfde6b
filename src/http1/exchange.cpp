#include <algorithm>
#include <cassert>

#include <duplex/base/ascii.hpp>
#include <duplex/http1/exchange.hpp>

namespace duplex::http1 {

namespace {

constexpr std::uint64_t unknown_length = UINT64_MAX;

/// What the fields of a request's head say about its connection.
struct ConnectionWishes {
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool expects_else = false;
};

void read_connection(std::string_view options, ConnectionWishes& wishes) noexcept {
  while (const auto option = next_element(options)) {
    if (equals_ignoring_case(*option, "close")) wishes.close = true;
    if (equals_ignoring_case(*option, "keep-alive")) wishes.keep_alive = true;
  }
}

void read_expect(std::string_view expectations, ConnectionWishes& wishes) noexcept {
  while (const auto expectation = next_element(expectations)) {
    const bool known = equals_ignoring_case(*expectation, "100-continue");
    (known ? wishes.expects_continue : wishes.expects_else) = true;
  }
}

ConnectionWishes read_wishes(const http::FieldsView& fields) noexcept {
  ConnectionWishes wishes;
  for (const http::FieldView& line : fields) {
    if (line.name.size() == 10 && equals_ignoring_case(line.name, "connection")) {
      read_connection(line.value, wishes);
    } else if (line.name.size() == 6 && equals_ignoring_case(line.name, "expect")) {
      read_expect(line.value, wishes);
    }
  }
  return wishes;
}

}  // namespace

void Exchange::begin(const http::RequestHead& head, const RequestFraming& framing) noexcept {
  [[maybe_unused]] const bool taken = conversation_.take(Turn::request_head);
  assert(taken && "a request is parsed only after the answer to the one before");

  const ConnectionWishes wishes = read_wishes(head.fields);
  method_ = head.method;
  version_ = head.version;
  content_left_ = framing.chunked ? unknown_length : framing.content_length;

  // RFC 9112 section 9.3: `close` wins; persistence is the rule in 1.1 and to be asked for in 1.0.
  const bool http_1_1 = version_ == http::Version::http_1_1;
  persistent_ = !wishes.close && (http_1_1 || wishes.keep_alive);
  last_request_ = !persistent_;

  // RFC 9110 section 10.1.1: an expectation in a 1.0 request is ignored.
  expects_continue_ = http_1_1 && wishes.expects_continue && framing.has_content();
  unknown_expectation_ = http_1_1 && wishes.expects_else;
}

bool Exchange::wants_continue() const noexcept {
  return expects_continue_ && owes_response();
}

void Exchange::content_received(std::uint64_t bytes) noexcept {
  expects_continue_ = false;
  if (content_left_ != unknown_length) content_left_ -= std::min(bytes, content_left_);
}

void Exchange::request_ended() noexcept {
  [[maybe_unused]] const bool taken = conversation_.take(Turn::request_end);
  assert(taken && "a request ends once, after its head");
  content_left_ = 0;
  settle();
}

void Exchange::request_failed() noexcept {
  failed_ = true;
  persistent_ = false;
}

bool Exchange::may_persist() const noexcept {
  if (!persistent_ || closing_ || failed_) return false;
  if (request_complete()) return true;
  // Who waits for a 100 that never comes may send its content or leave it, and we couldn't tell
  // which (RFC 9110 section 10.1.1).
  if (expects_continue_) return false;
  return content_left_ == unknown_length || content_left_ <= limits_->drain_bytes_max;
}

ResponsePlan Exchange::plan(http::Status status, std::optional<std::uint64_t> content_bytes,
                            bool close) noexcept {
  if (status == http::Status::switching_protocols) {
    [[maybe_unused]] const bool taken = conversation_.take(Turn::switch_protocols);
    assert(taken && "protocols are switched when a request is complete, instead of answering it");
    return {.persistent = false, .connection = {.upgrade = true}};
  }

  persistent_ = !close && may_persist();
  // An answer to what could not be read belongs to no request.
  const bool answers_request = owes_response();
  [[maybe_unused]] const bool taken = conversation_.take(Turn::response_head);
  assert(taken && "one final response to each request");
  if (!answers_request) {
    method_ = http::Method::get;
    version_ = http::Version::http_1_1;
    persistent_ = false;
  }

  ResponsePlan plan;
  if (http::forbids_content(status)) {
    plan.framing = Framing::none;
  } else if (status == http::Status::reset_content) {
    plan.framing = Framing::content_length;  // RFC 9110 section 15.3.6: no content, and says so
  } else {
    const bool head = method_ == http::Method::head;
    plan.send_content = !head;
    if (content_bytes) {
      plan.framing = Framing::content_length;
      plan.content_length = *content_bytes;
    } else if (version_ == http::Version::http_1_1) {
      plan.framing = Framing::chunked;
    } else if (!head) {
      plan.framing = Framing::until_close;
      persistent_ = false;
    }
  }

  plan.persistent = persistent_;
  plan.connection = {
      .close = !persistent_,
      .keep_alive = persistent_ && version_ == http::Version::http_1_0,
      .upgrade = status == http::Status::upgrade_required,
  };
  return plan;
}

void Exchange::response_ended() noexcept {
  [[maybe_unused]] const bool taken = conversation_.take(Turn::response_end);
  assert(taken && "a response ends once, after its head");
  settle();
}

void Exchange::settle() noexcept {
  if (!may_persist()) return;
  if (!conversation_.take(Turn::next_exchange)) return;
  expects_continue_ = false;
  unknown_expectation_ = false;
}

}  // namespace duplex::http1
