#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "server/incoming_request.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/http1/limits.hpp>
#include <duplex/http1/request_parser.hpp>

namespace duplex::server {

/// A request as it comes over the wire, parsed: what a test needs to have an `IncomingRequest`.
class ParsedRequest {
 public:
  explicit ParsedRequest(std::string text) : text_(std::move(text)), parser_(limits_, fields_) {
    Bytes input(reinterpret_cast<std::byte*>(text_.data()), text_.size());
    const auto event = parser_.next(input);
    if (!event || !*event) throw std::runtime_error("the test's request is no request");
    incoming.begin(std::get<http1::RequestParser::Head>(**event).head);
  }

  /// `GET /path`, or another method.
  static std::string text(std::string_view method, std::string_view target,
                          std::span<const std::string_view> lines) {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    text += "Host: example.com\r\n";
    for (const std::string_view line : lines) text.append(line).append("\r\n");
    return text + "\r\n";
  }

  static std::string text(std::string_view method, std::string_view target,
                          std::initializer_list<std::string_view> lines = {}) {
    return text(method, target, std::span(lines.begin(), lines.size()));
  }

  /// What happens to the input's buffer when the next input comes.
  void overwrite_input() { text_.assign(text_.size(), '#'); }

  const Request& request() { return incoming.request(); }

  IncomingRequest incoming;

 private:
  std::string text_;
  http1::Limits limits_;
  http1::FieldTable fields_;
  http1::RequestParser parser_;
};

inline constexpr std::array<std::string_view, 4> upgrade_lines = {
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="};

}  // namespace duplex::server
