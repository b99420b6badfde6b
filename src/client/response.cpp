#include <utility>

#include "client/exchange.hpp"
#include "client/response_facts.hpp"
#include <duplex/client/response.hpp>

namespace duplex::client {

namespace {

/// The same part of the copy as `view` is of the original.
std::string_view moved(std::string_view view, std::string_view from, std::string_view to) noexcept {
  if (view.empty()) return {};
  return to.substr(static_cast<std::size_t>(view.data() - from.data()), view.size());
}

}  // namespace

// ---------------------------------------------------------------------------- facts

OwnedSessionInfo::OwnedSessionInfo(const tls::SessionInfo& info)
    : protocol_(info.protocol),
      cipher_(info.cipher),
      application_protocol_(info.application_protocol),
      server_name_(info.server_name),
      resumed_(info.resumed) {
  if (info.peer_certificate != nullptr) peer_certificate_ = *info.peer_certificate;
}

tls::SessionInfo OwnedSessionInfo::view() const noexcept {
  return {.protocol = protocol_,
          .cipher = cipher_,
          .application_protocol = application_protocol_,
          .server_name = server_name_,
          .resumed = resumed_,
          .peer_certificate = peer_certificate_ ? &*peer_certificate_ : nullptr};
}

ResponseHead::Facts::Facts(const http::ResponseHead& its_head) : raw(its_head.raw), head(its_head) {
  lines.reserve(its_head.fields.size());
  for (const http::FieldView& line : its_head.fields) {
    lines.push_back({moved(line.name, its_head.raw, raw), moved(line.value, its_head.raw, raw)});
  }
  head.reason = moved(its_head.reason, its_head.raw, raw);
  head.fields = http::FieldsView(lines);
  head.raw = raw;
}

ResponseHead response_of(http::Status status, std::string url) {
  http::ResponseHead head;
  head.status = status;
  auto facts = std::make_shared<ResponseHead::Facts>(head);
  facts->url = std::move(url);
  facts->connection = std::make_shared<const ConnectionFacts>();
  return ResponseHead(std::move(facts));
}

// ---------------------------------------------------------------------------- ResponseHead

ResponseHead::ResponseHead(std::shared_ptr<const Facts> facts) noexcept
    : facts_(std::move(facts)) {}

http::Status ResponseHead::status() const noexcept {
  return facts_->head.status;
}

bool ResponseHead::ok() const noexcept {
  return http::code(status()) / 100 == 2;
}

http::Version ResponseHead::version() const noexcept {
  return facts_->head.version;
}

std::string_view ResponseHead::reason() const noexcept {
  return facts_->head.reason;
}

http::FieldsView ResponseHead::fields() const noexcept {
  return facts_->head.fields;
}

std::optional<std::string_view> ResponseHead::field(std::string_view name) const noexcept {
  return fields().find(name);
}

std::string_view ResponseHead::request_head() const noexcept {
  return facts_->request_head;
}

std::string_view ResponseHead::raw() const noexcept {
  return facts_->raw;
}

const std::string& ResponseHead::url() const noexcept {
  return facts_->url;
}

std::uint32_t ResponseHead::redirects() const noexcept {
  return facts_->redirects;
}

const std::string& ResponseHead::peer() const noexcept {
  return facts_->connection->peer;
}

bool ResponseHead::connection_reused() const noexcept {
  return facts_->connection_reused;
}

bool ResponseHead::secure() const noexcept {
  return facts_->connection->tls.has_value();
}

std::optional<tls::SessionInfo> ResponseHead::tls() const {
  if (!secure()) return std::nullopt;
  return facts_->connection->tls->view();
}

// ---------------------------------------------------------------------------- ResponseStream

ResponseStream::ResponseStream(ResponseHead head, std::unique_ptr<Exchange> exchange) noexcept
    : ResponseHead(std::move(head)), exchange_(std::move(exchange)) {}

ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;

ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;

ResponseStream::~ResponseStream() = default;

Task<Result<std::optional<std::string>>> ResponseStream::read() {
  const auto piece = co_await exchange_->read();
  if (!piece) co_return std::unexpected(piece.error());
  if (!*piece) co_return std::optional<std::string>();
  co_return std::optional<std::string>(as_text(**piece));
}

std::optional<std::uint64_t> ResponseStream::content_length() const noexcept {
  return exchange_->content_length();
}

const http::Fields& ResponseStream::trailers() const noexcept {
  return exchange_->trailers();
}

}  // namespace duplex::client
