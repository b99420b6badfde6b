#include "client/fetch.hpp"

#include <string>
#include <utility>

#include "client/default_fields.hpp"
#include "client/engine.hpp"
#include "client/printable.hpp"
#include <duplex/http/redirect.hpp>

namespace duplex::client {

namespace {

/// A request on its way from one redirection to the next.
struct Leg {
  http::Url url;
  http::Method method;
  http::Fields fields;
  bool with_content;
  bool expect_continue;
  std::uint32_t redirects = 0;
};

Result<http::Url> parse_url(Flow& flow, const std::string& text) {
  auto url = http::Url::parse(text);
  flow.at(Step::request, printable(text));
  if (!url) {
    return std::unexpected(flow.error(url.error(), std::string(http::describe(url.error()))));
  }
  if (url->scheme != "http" && url->scheme != "https") {
    return std::unexpected(
        flow.error(http::UrlError::unsupported_scheme,
                   "a ws or wss URL is for a WebSocket: connect to it instead of asking for it"));
  }
  return std::move(*url);
}

/// The fields of one request: those of its leg, and what the client adds.
http::Fields fields_of(const Leg& leg, const Route& route, const Request& request,
                       const ClientOptions& options) {
  http::Fields fields = leg.fields;
  const auto add = [&fields](std::string_view name, std::string_view value) {
    if (!value.empty() && !fields.contains(name)) fields.add(name, value);
  };
  add("User-Agent", options.user_agent);
  add("Accept", "*/*");
  // A part of what is encoded can't be decoded, and who says nothing takes any coding (RFC 9110
  // section 12.5.3).
  if (request.decode) {
    add("Accept-Encoding", fields.contains("Range") ? "identity" : accepted_codings());
  }
  if (leg.with_content) add("Content-Type", request.content.media_type());
  if (options.cookies) add_cookies(fields, options.cookies->cookie_field(leg.url));
  if (route.asks_proxy()) {
    if (const auto authorization = proxy_authorization(*route.proxy)) {
      fields.set("Proxy-Authorization", *authorization);
    }
  }
  return fields;
}

/// One request along the way; twice, if the connection that was there had been given up.
Task<Result<OpenedResponse>> go(Flow& flow, const Leg& leg, std::shared_ptr<Request> request) {
  Result<Route> route = route_to(leg.url, request->unix_path, flow);
  if (!route) co_return std::unexpected(std::move(route.error()));
  const http::Fields fields = fields_of(leg, *route, *request, flow.engine().options());
  for (bool fresh = false;; fresh = true) {
    Result<ConnectionHandle> connection =
        co_await flow.engine().pool().acquire(flow, *route, fresh);
    if (!connection) co_return std::unexpected(std::move(connection.error()));
    const bool rested = (*connection)->used_before;
    auto exchange = std::make_unique<Exchange>(std::move(*connection), request);
    const Exchange::Opening opening{.route = *route,
                                    .method = leg.method,
                                    .fields = fields,
                                    .with_content = leg.with_content,
                                    .expect_continue = leg.expect_continue,
                                    .redirects = leg.redirects};
    Result<ResponseHead> head = co_await exchange->begin(flow, opening);
    if (head) co_return OpenedResponse(std::move(*head), std::move(exchange));
    if (fresh || !rested || !exchange->may_repeat(head.error(), leg.method)) {
      co_return std::unexpected(std::move(head.error()));
    }
  }
}

}  // namespace

Task<Result<OpenedResponse>> open_response(Flow& flow, std::shared_ptr<Request> request) {
  Result<http::Url> url = parse_url(flow, request->url);
  if (!url) co_return std::unexpected(std::move(url.error()));
  Leg leg{.url = std::move(*url),
          .method = request->method,
          .fields = request->fields,
          .with_content = !request->content.empty(),
          .expect_continue = request->expect_continue};
  // Before redirections, which may have to take some of them out.
  add_missing(leg.fields, flow.engine().options().fields);
  while (true) {
    Result<OpenedResponse> opened = co_await go(flow, leg, request);
    if (!opened) co_return opened;
    const ResponseHead& head = opened->head;
    if (const auto& cookies = flow.engine().options().cookies) {
      cookies->receive(leg.url, head.fields());
    }
    // RFC 9110 section 10.1.1: somebody on the way can't do that, but perhaps without.
    if (head.status() == http::Status::expectation_failed &&
        opened->exchange->expected_continue() && opened->exchange->can_send_again()) {
      co_await opened->exchange->drain();
      leg.expect_continue = false;
      continue;
    }
    if (request->redirects_max == 0) co_return opened;

    const http::RedirectRules rules{.allow_downgrade = request->allow_downgrade};
    auto redirection = http::redirect(leg.url, leg.method, head.status(), head.fields(), rules);
    if (!redirection) {
      flow.at(Step::redirect);
      co_return std::unexpected(
          flow.error(redirection.error(), std::string(http::describe(redirection.error()))));
    }
    if (!*redirection) co_return opened;
    flow.at(Step::redirect);
    if (leg.redirects == request->redirects_max) {
      co_return std::unexpected(
          flow.error(ClientError::too_many_redirects,
                     "there are more than " + std::to_string(leg.redirects) + " redirections"));
    }
    http::Redirection next = std::move(**redirection);
    leg.with_content = leg.with_content && next.keeps_content;
    if (leg.with_content && !opened->exchange->can_send_again()) {
      co_return std::unexpected(flow.error(ClientError::content_not_replayable));
    }
    co_await opened->exchange->drain();
    http::adapt_fields(leg.fields, next);
    leg.url = std::move(next.url);
    leg.method = next.method;
    ++leg.redirects;
  }
}

Task<Result<Response>> fetch(Flow& flow, std::shared_ptr<Request> request) {
  Result<OpenedResponse> opened = co_await open_response(flow, request);
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  Exchange& exchange = *opened->exchange;
  const std::uint64_t bytes_max =
      request->body_bytes_max.value_or(flow.engine().options().body_bytes_max);
  std::string text;
  while (true) {
    const auto piece = co_await exchange.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (!*piece) break;
    if ((*piece)->size() > bytes_max - text.size()) {
      flow.at(Step::content);
      co_return std::unexpected(flow.error(
          ClientError::content_too_large,
          "the response has more than " + std::to_string(bytes_max) + " bytes of content"));
    }
    text.append(as_text(**piece));
  }
  co_return Response(std::move(opened->head), std::move(text), exchange.trailers());
}

Task<Response> sample(OpenedResponse opened, std::size_t bytes_max) {
  std::string text;
  while (text.size() < bytes_max) {
    const auto piece = co_await opened.exchange->read();
    if (!piece || !*piece) break;
    text.append(as_text(**piece).substr(0, bytes_max - text.size()));
  }
  co_return Response(std::move(opened.head), std::move(text), {});
}

}  // namespace duplex::client
