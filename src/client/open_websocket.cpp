#include "client/open_websocket.hpp"

#include <array>
#include <chrono>
#include <expected>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "client/default_fields.hpp"
#include "client/engine.hpp"
#include "client/printable.hpp"
#include "client/random.hpp"
#include "client/response_facts.hpp"
#include <duplex/http/redirect.hpp>
#include <duplex/net/async.hpp>

namespace duplex::client {

namespace {

using http1::ResponseParser;
using websocket::ClientHandshakeError;

// Of the content of an answer that is no upgrade, for whoever wants to know why.
constexpr std::size_t refusal_bytes_max = std::size_t{64} * 1024;
// How long is waited for all of that.
constexpr std::chrono::milliseconds refusal_ms_max{2'000};

Result<http::Url> parse_url(Flow& flow, const std::string& text) {
  auto url = http::Url::parse(text);
  flow.at(Step::request, printable(text));
  if (!url) {
    return std::unexpected(flow.error(url.error(), std::string(http::describe(url.error()))));
  }
  // As in browsers' newest WebSocket: http is where a WebSocket begins.
  if (url->scheme == "http") url->scheme = "ws";
  if (url->scheme == "https") url->scheme = "wss";
  return std::move(*url);
}

/// What is wrong with an offer, if anything, and so with the call. Redirections take away from an
/// offer only, and leave it right.
std::optional<Error> error_of(const websocket::HandshakeOffer& offer, const Flow& flow) {
  try {
    check_offer(offer);
    return std::nullopt;
  } catch (const std::invalid_argument& error) {
    return flow.error(ClientError::invalid_request, error.what());
  }
}

websocket::HandshakeKey fresh_key() {
  std::array<std::byte, 16> nonce{};
  fill_randomly(nonce);
  return websocket::handshake_key(nonce);
}

/// The offer of one handshake, with what the client adds to each.
websocket::HandshakeOffer offer_of(const websocket::HandshakeOffer& asked, const http::Url& url,
                                   const ClientOptions& options) {
  websocket::HandshakeOffer offer = asked;
  if (!options.user_agent.empty() && !offer.fields.contains("User-Agent")) {
    offer.fields.add("User-Agent", options.user_agent);
  }
  if (options.cookies) add_cookies(offer.fields, options.cookies->cookie_field(url));
  return offer;
}

/// Reads what a refusal has to say for itself, as far as it comes soon.
Task<std::string> read_refusal(Http1Connection& http) {
  std::string text;
  while (text.size() < refusal_bytes_max) {
    const auto event = co_await http.next();
    if (!event) break;
    const auto* content = std::get_if<ResponseParser::Content>(&*event);
    if (content == nullptr) break;
    text.append(as_text(content->data).substr(0, refusal_bytes_max - text.size()));
  }
  co_return text;
}

/// One handshake, at one URL.
class Handshake {
 public:
  Handshake(Flow& flow, const WebSocketRequest& request, http::Url url,
            std::shared_ptr<WebSocketHandlers> handlers)
      : flow_(flow),
        request_(request),
        url_(std::move(url)),
        handlers_(std::move(handlers)),
        offer_(offer_of(request.offer, url_, flow.engine().options())) {}

  /// The socket; nullopt when the answer is a redirection that is to be followed.
  Task<Result<std::optional<connection::WebSocket>>> run(bool may_redirect);
  const http::Redirection& redirection() const noexcept { return *redirection_; }

 private:
  Result<std::string> send_request(Http1Connection& http);
  Task<Result<std::optional<connection::WebSocket>>> refuse(
      Connection& connection, websocket::ClientHandshakeFailure failure, ResponseHead head,
      bool may_redirect);

  Flow& flow_;
  const WebSocketRequest& request_;
  http::Url url_;
  std::shared_ptr<WebSocketHandlers> handlers_;
  websocket::HandshakeOffer offer_;
  websocket::HandshakeKey key_ = fresh_key();
  std::optional<http::Redirection> redirection_;
};

Result<std::string> Handshake::send_request(Http1Connection& http) {
  http::Fields fields = websocket::handshake_fields(offer_, key_);
  fields.remove("Connection");  // follows from the intent
  auto head = http.begin({.url = url_,
                          .form = http1::TargetForm::origin,
                          .fields = fields,
                          .intent = {.upgrade = true}});
  if (!head) {
    flow_.at(Step::request);
    return std::unexpected(flow_.error(head.error(), std::string(http1::describe(head.error()))));
  }
  http.end_request();
  return std::move(*head);
}

Task<Result<std::optional<connection::WebSocket>>> Handshake::run(bool may_redirect) {
  flow_.at(Step::request);
  Result<Route> route = route_to(url_, request_.unix_path, flow_);
  if (!route) co_return std::unexpected(std::move(route.error()));
  Result<ConnectionHandle> connected = co_await connect(flow_, *route);
  if (!connected) co_return std::unexpected(std::move(connected.error()));
  ConnectionHandle handle = std::move(*connected);
  flow_.at(Step::handshake);
  Http1Connection& http = handle->http();
  const Result<std::string> request_head = send_request(http);
  if (!request_head) co_return std::unexpected(request_head.error());

  const auto event = co_await http.next();
  if (!event) {
    Error error = event.error();
    if (error.step == Step::protocol) error.step = Step::handshake;
    co_return std::unexpected(std::move(error));
  }
  const http::ResponseHead& answer = std::get<ResponseParser::Head>(*event).head;
  const auto accepted = websocket::check_answer(answer, offer_, key_);
  if (const auto& cookies = flow_.engine().options().cookies) {
    cookies->receive(url_, answer.fields);
  }
  if (!accepted) {
    auto facts = std::make_shared<ResponseHead::Facts>(answer);
    facts->request_head = *request_head;
    facts->url = url_.text();
    facts->connection = handle->facts();
    co_return co_await refuse(*handle, accepted.error(), ResponseHead(std::move(facts)),
                              may_redirect);
  }
  WebSocketConnection& socket = handle->become_websocket(request_, std::move(handlers_));
  socket.link().set_subprotocol(accepted->subprotocol.value_or(""));
  if (accepted->deflate) socket.link().enable_deflate(*accepted->deflate);
  if (request_.on_handshake) request_.on_handshake(*request_head, answer.raw);
  connection::WebSocket opened = socket.link().handle();
  handle.let_go().watch_abandonment();
  socket.open();
  co_return std::optional(std::move(opened));
}

Task<Result<std::optional<connection::WebSocket>>> Handshake::refuse(
    Connection& connection, websocket::ClientHandshakeFailure failure, ResponseHead head,
    bool may_redirect) {
  if (failure.error != ClientHandshakeError::not_switching_protocols) {
    Error error = flow_.error(failure.error, websocket::describe(failure));
    error.response = std::make_shared<const Response>(std::move(head), "", http::Fields());
    co_return std::unexpected(std::move(error));
  }
  if (may_redirect) {
    const http::RedirectRules rules{.allow_downgrade = request_.allow_downgrade};
    auto redirection = http::redirect(url_, http::Method::get, head.status(), head.fields(), rules);
    if (!redirection) {
      flow_.at(Step::redirect);
      co_return std::unexpected(
          flow_.error(redirection.error(), std::string(http::describe(redirection.error()))));
    }
    if (*redirection) {
      redirection_ = std::move(**redirection);
      co_return std::optional<connection::WebSocket>();
    }
  }
  Task<std::string> reading = read_refusal(connection.http());
  std::optional<std::string> text = co_await net::within(refusal_ms_max, std::move(reading));
  Error error = flow_.error(ClientError::upgrade_refused, websocket::describe(failure));
  error.response = std::make_shared<const Response>(std::move(head), std::move(text).value_or(""),
                                                    http::Fields());
  co_return std::unexpected(std::move(error));
}

}  // namespace

Task<Result<connection::WebSocket>> open_websocket(Flow& flow, WebSocketRequest request,
                                                   std::shared_ptr<WebSocketHandlers> handlers) {
  Result<http::Url> url = parse_url(flow, request.url);
  if (!url) co_return std::unexpected(std::move(url.error()));
  add_missing(request.offer.fields, flow.engine().options().fields);
  if (auto wrong = error_of(request.offer, flow)) co_return std::unexpected(*std::move(wrong));
  for (std::uint32_t redirects = 0;; ++redirects) {
    Handshake handshake(flow, request, *url, handlers);
    auto opened = co_await handshake.run(request.redirects_max > 0);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    if (*opened) co_return std::move(**opened);
    flow.at(Step::redirect);
    if (redirects == request.redirects_max) {
      co_return std::unexpected(
          flow.error(ClientError::too_many_redirects,
                     "there are more than " + std::to_string(redirects) + " redirections"));
    }
    http::adapt_fields(request.offer.fields, handshake.redirection());
    if (!handshake.redirection().same_origin) request.offer.origin.clear();
    *url = handshake.redirection().url;
  }
}

}  // namespace duplex::client
