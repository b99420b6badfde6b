#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "printable.hpp"
#include "script.hpp"
#include "stopped.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/base/base64.hpp>
#include <duplex/base/bytes.hpp>

// The opening handshake, as a client of the server under test, and as a server of the client.

namespace duplex::app::check {
namespace {

constexpr auto extensions = "Sec-WebSocket-Extensions";

/// What a client is answered that offers what the case wants.
const std::string& answer_of(const Compression& compression) {
  return compression.answer.empty() ? compression.offer : compression.answer;
}

bool contains(std::initializer_list<int> statuses, int status) {
  return std::ranges::find(statuses, status) != statuses.end();
}

std::string list_of(std::initializer_list<int> statuses) {
  std::string text;
  for (const int status : statuses) {
    text += fmt::format("{}{}", text.empty() ? "" : " or ", status);
  }
  return text;
}

}  // namespace

void Script::open() {
  if (checks_server()) {
    open(request());
    return;
  }
  const std::string fault = what_is_wrong_with_request(client_request());
  if (!fault.empty()) wrong("its request: " + fault);
  open_with(response());
}

HttpHead Script::request() {
  std::array<std::byte, 16> nonce;
  for (std::byte& byte : nonce) byte = static_cast<std::byte>(random_() >> 8);
  return opening_request(peer_, encode_base64(nonce),
                         case_.compression ? case_.compression->offer : "");
}

HttpHead Script::response() const {
  const std::string_view key = client_request().find("Sec-WebSocket-Key").value_or("");
  HttpHead response{.start_line = "HTTP/1.1 101 Switching Protocols",
                    .fields = {{"Upgrade", "websocket"},
                               {"Connection", "Upgrade"},
                               {"Sec-WebSocket-Accept", accept_key(key)}}};
  if (case_.compression) response.add(extensions, answer_of(*case_.compression));
  return response;
}

void Script::send_head(const HttpHead& head, std::size_t piece_bytes) {
  std::string line = head.start_line;
  if (piece_bytes > 0) line += fmt::format("  (in pieces of {})", piece_bytes);
  log_.add(Direction::sent, printable(line));
  for (const HttpHead::Field& field : head.fields) {
    log_.add(Direction::sent, printable("  " + field.name + ": " + field.value));
  }
  transmit(head.text(), piece_bytes);
}

HttpHead Script::receive_head() {
  auto head = receive_head_or_end();
  if (!head) wrong("it ended the connection without a response");
  return *std::move(head);
}

std::optional<HttpHead> Script::receive_head_or_end() {
  while (true) {
    try {
      if (auto head = wire_.take(take_head)) {
        log_.add(Direction::received, printable(head->start_line));
        for (const HttpHead::Field& field : head->fields) {
          log_.add(Direction::received, printable("  " + field.name + ": " + field.value));
        }
        return head;
      }
    } catch (const std::invalid_argument& error) {
      wrong(fmt::format("its response is not HTTP: {}", error.what()));
    }
    if (wire_.ended()) {
      log_.add(Direction::received,
               wire_.reset() ? "the connection was reset" : "the connection has ended");
      return std::nullopt;
    }
    switch (wire_.receive(deadline_)) {
      case Wire::Wait::done:
      case Wire::Wait::full: break;  // `take_head` has a limit of its own
      case Wire::Wait::timed_out: wrong(silence("no response came"));
      case Wire::Wait::stopped: throw Stopped();
    }
  }
}

HttpHead Script::open(const HttpHead& request) {
  send_head(request);
  return expect_opened(request);
}

HttpHead Script::expect_opened(const HttpHead& request) {
  HttpHead response = receive_head();
  take_response(request, response);
  return response;
}

Script::Opening Script::opened_or_refused(const HttpHead& request) {
  auto response = receive_head_or_end();
  if (!response) return {};
  const bool opened = response->status() < 400 || response->status() > 599;
  if (opened) take_response(request, *response);
  return {.opened = opened, .response = *std::move(response)};
}

void Script::take_response(const HttpHead& request, const HttpHead& response) {
  const std::string_view key = trim(request.find("Sec-WebSocket-Key").value_or(""));
  const std::string fault = what_is_wrong_with_response(response, key);
  if (!fault.empty()) wrong(fault);
  const auto subprotocol = response.find("Sec-WebSocket-Protocol");
  if (subprotocol && !list_contains(request.list("Sec-WebSocket-Protocol"), *subprotocol)) {
    wrong(fmt::format("it chose the subprotocol \"{}\", which was not asked for",
                      printable(*subprotocol)));
  }
  agree_on_compression(request.list(extensions), response.list(extensions));
}

void Script::open_with(const HttpHead& response) {
  const std::string offer = client_request().list(extensions);
  if (case_.compression && !allows(offer, response.list(extensions))) {
    not_applicable(offer.empty()
                       ? "it offers no compression"
                       : fmt::format("it offers other compression: \"{}\"", printable(offer)));
  }
  send_head(response);
  opened_with(response);
}

void Script::opened_with(const HttpHead& response) {
  if (case_.compression) {
    agree_on_compression(client_request().list(extensions), response.list(extensions));
  } else {
    agree_on_compression("", "");
  }
}

void Script::agree_on_compression(std::string_view offer, std::string_view answer) {
  try {
    deflate_ = parse_agreement(offer, answer);
  } catch (const std::invalid_argument& error) {
    wrong(error.what());
  }
  if (case_.compression && !deflate_) {
    not_applicable(fmt::format("it declines compression: \"{}\"", printable(offer)));
  }
  const End ours = checks_server() ? End::client : End::server;
  if (deflate_) deflater_.emplace(deflate_->from(ours));
  incoming_.emplace(peer_.end, deflate_, log_);
}

HttpHead Script::expect_refusal(std::initializer_list<int> right,
                                std::initializer_list<int> tolerated) {
  const auto response = receive_head_or_end();
  if (!response) {
    acceptable("it ended the connection without a response");
    return {};
  }
  const int status = response->status();
  if (contains(right, status)) return *response;
  const std::string what =
      fmt::format("it answered {} instead of {}", printable(response->start_line), list_of(right));
  if (!contains(tolerated, status) && (status < 400 || status > 499)) wrong(what);
  acceptable(what);
  return *response;
}

void Script::expect_opening_failure() {
  if (!incoming_) incoming_.emplace(peer_.end, deflate_, log_);
  // One who has taken the response would echo this.
  send({.opcode = Opcode::text, .payload = "Are you there?"});
  while (true) {
    const auto event = receive_until(deadline_);
    if (!event) wrong(silence("it kept the connection open"));
    if (std::holds_alternative<EndOfStream>(*event)) return;
    if (!std::holds_alternative<CloseFrame>(*event)) {
      wrong(fmt::format("it took the response, and sent {}", describe(*event)));
    }
    acceptable("it sent a close frame on a connection that was never opened");
    wire_.end_sending();
  }
}

}  // namespace duplex::app::check
