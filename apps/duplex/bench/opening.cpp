#include "opening.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>
#include <variant>

#include "refusal_line.hpp"
#include "subcommand.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/http1/request_writer.hpp>

namespace duplex::app::bench {
namespace {

using http1::ResponseParser;
using websocket::HandshakeKey;

constexpr http1::ResponseLimits limits;

std::string written(const http::Url& url, const websocket::HandshakeOffer& offer,
                    const HandshakeKey& key) {
  http::Fields fields = websocket::handshake_fields(offer, key);
  // Which the plan tells.
  fields.remove("Connection");
  ByteQueue text;
  const http1::RequestPlan plan{.connection = {.upgrade = true}};
  const auto done = http1::write_request_head(http::Method::get, url, http1::TargetForm::origin,
                                              fields, plan, text);
  if (!done) throw UsageError(std::string(describe(done.error())));
  return std::string(as_text(text.content()));
}

}  // namespace

OpeningRequest::OpeningRequest(const http::Url& url, websocket::HandshakeOffer offer)
    : offer_(std::move(offer)) {
  HandshakeKey mark;
  mark.fill('=');
  text_ = written(url, offer_, mark);
  key_at_ = text_.find(std::string_view(mark.data(), mark.size()));
}

std::string OpeningRequest::with_key(const HandshakeKey& key) const {
  std::string text = text_;
  text.replace(key_at_, key.size(), key.data(), key.size());
  return text;
}

HandshakeKey random_key(std::mt19937& random) {
  std::array<std::byte, 16> nonce;
  for (std::byte& byte : nonce) byte = static_cast<std::byte>(random());
  return websocket::handshake_key(nonce);
}

OpeningAnswer::OpeningAnswer(const OpeningRequest& request, const HandshakeKey& key,
                             http1::FieldTable& fields)
    : request_(&request), key_(key), parser_(limits, fields) {
  parser_.expect({.method = http::Method::get, .upgrade = true});
}

std::expected<std::optional<OpeningAnswer::Opened>, Fault> OpeningAnswer::read(Bytes& input) {
  if (!head_.empty()) {
    head_ += as_text(input);
    input = std::as_writable_bytes(std::span(head_));
  }
  while (true) {
    const auto event = parser_.next(input);
    if (!event) {
      return std::unexpected(Fault{"protocol", std::string(http1::describe(event.error()))});
    }
    if (!*event) {
      // Within itself, when it is there already.
      head_ = std::string(as_text(input));
      return std::nullopt;
    }
    if (const auto* const head = std::get_if<ResponseParser::Head>(&**event)) {
      return judge(head->head, input);
    }
  }
}

/// `rest` is what has come behind the head.
std::expected<std::optional<OpeningAnswer::Opened>, Fault> OpeningAnswer::judge(
    const http::ResponseHead& head, Bytes& rest) {
  const auto answer = websocket::check_answer(head, request_->offer(), key_);
  if (!answer) {
    return std::unexpected(answer.error().error ==
                                   websocket::ClientHandshakeError::not_switching_protocols
                               ? refusal(head, rest)
                               : Fault{"handshake", websocket::describe(answer.error())});
  }
  if (request_->offer().deflate && !answer->deflate) {
    return std::unexpected(Fault{"handshake", "the server does not agree to compress"});
  }
  if (answer->deflate && request_->offer().deflate->keep_send_window &&
      answer->deflate->client_no_context_takeover) {
    return std::unexpected(Fault{"handshake", "the server does not let windows be kept"});
  }
  return Opened{answer->deflate};
}

Fault OpeningAnswer::refusal(const http::ResponseHead& head, Bytes& rest) {
  const auto status = static_cast<unsigned>(head.status);
  Fault fault{fmt::format("handshake status {}", status),
              fmt::format("the server answered {} {}", status, head.reason)};
  const auto event = parser_.next(rest);
  if (!event || !*event) return fault;
  if (const auto* const content = std::get_if<ResponseParser::Content>(&**event)) {
    const std::string_view line = refusal_line(as_text(content->data));
    if (!line.empty()) fault.text += fmt::format(": {}", line);
  }
  return fault;
}

}  // namespace duplex::app::bench
