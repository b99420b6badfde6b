#include "client/http_tunnel.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

#include <duplex/http/fields.hpp>
#include <duplex/http1/request_writer.hpp>

namespace duplex::client {
namespace {

constexpr std::uint16_t proxy_authentication_required = 407;  // RFC 9110 section 15.5.8

}  // namespace

HttpTunnel::HttpTunnel(const Proxy& proxy, const http::Url& target)
    : proxy_(proxy), target_(target) {}

std::expected<void, ProxyFailure> HttpTunnel::begin(ByteQueue& out) noexcept {
  http::Fields fields;
  try {
    if (const auto value = proxy_authorization(proxy_)) fields.add("Proxy-Authorization", *value);
  } catch (const std::invalid_argument&) {
    return std::unexpected(fail({ProxyError::login_not_sayable}).error());
  }
  // All that can be wrong by now is the host.
  if (!http1::write_request_head(http::Method::connect, target_, http1::TargetForm::authority,
                                 fields, {}, out)) {
    return std::unexpected(fail({ProxyError::host_not_sayable}).error());
  }
  parser_.expect({.method = http::Method::connect});
  return {};
}

std::expected<bool, ProxyFailure> HttpTunnel::next(Bytes& input, ByteQueue&) noexcept {
  if (failed_) return std::unexpected(*failure_);
  while (!parser_.switched()) {
    const auto event = parser_.next(input);
    if (!event) {
      // What is wrong with the content of a refusal does not make it less of one.
      if (failure_) return fail(std::move(*failure_));
      return fail({.error = ProxyError::malformed_response, .malformation = event.error()});
    }
    if (!*event) return false;
    if (const auto* head = std::get_if<http1::ResponseParser::Head>(&**event)) {
      if (!head->framing.switches_protocol) note_refusal(head->head);
    } else if (const auto* content = std::get_if<http1::ResponseParser::Content>(&**event)) {
      if (!keep(content->data)) return fail(std::move(*failure_));
    } else if (std::holds_alternative<http1::ResponseParser::End>(**event)) {
      return fail(std::move(*failure_));
    }
  }
  return true;
}

ProxyFailure HttpTunnel::end_of_input() noexcept {
  if (!failure_) failure_ = {ProxyError::closed_early};
  failed_ = true;
  return *failure_;
}

std::expected<bool, ProxyFailure> HttpTunnel::fail(ProxyFailure failure) noexcept {
  failure_ = std::move(failure);
  failed_ = true;
  return std::unexpected(*failure_);
}

void HttpTunnel::note_refusal(const http::ResponseHead& head) noexcept {
  const bool logged_in = proxy_.credentials.has_value();
  ProxyError error = ProxyError::tunnel_refused;
  if (http::code(head.status) == proxy_authentication_required) {
    error = logged_in ? ProxyError::authentication_refused : ProxyError::authentication_required;
  } else if (head.status == http::Status::unauthorized && logged_in) {
    // tinyproxy's answer to a wrong login.
    error = ProxyError::authentication_refused;
  }
  failure_ = {.error = error,
              .status = head.status,
              .reason = std::string(head.reason.substr(0, reason_bytes_max))};
}

bool HttpTunnel::keep(ConstBytes content) noexcept {
  std::string& kept = failure_->content;
  kept.append(as_text(content).substr(0, content_bytes_max - kept.size()));
  return kept.size() < content_bytes_max;
}

}  // namespace duplex::client
