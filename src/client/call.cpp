#include <algorithm>
#include <stdexcept>
#include <utility>

#include "client/client_state.hpp"
#include "client/download.hpp"
#include "client/fetch.hpp"
#include "client/flow.hpp"
#include "client/open_websocket.hpp"
#include "client/reconnecting.hpp"
#include <duplex/client/call.hpp>
#include <duplex/http/authorization.hpp>

namespace duplex::client {

template <class Derived, class T>
Derived& RequestCall<Derived, T>::basic(std::string_view user, std::string_view password) & {
  request_.fields.set("Authorization", http::basic_authorization(user, password));
  return self();
}

template <class Derived, class T>
Derived& RequestCall<Derived, T>::bearer(std::string_view token) & {
  request_.fields.set("Authorization", http::bearer_authorization(token));
  return self();
}

template class RequestCall<FetchCall, Response>;
template class RequestCall<StreamCall, ResponseStream>;
template class RequestCall<DownloadCall, Download>;

namespace {

/// What bounds a call that has nothing to say about it.
void bound(detail::Bounds& bounds, const ClientOptions& options) {
  const std::uint32_t limit_ms = options.time_limits.call_ms_max;
  if (!bounds.deadline && limit_ms > 0) bounds.deadline = std::chrono::milliseconds(limit_ms);
}

Task<Result<ResponseStream>> open_stream(Flow& flow, std::shared_ptr<Request> request) {
  Result<OpenedResponse> opened = co_await open_response(flow, std::move(request));
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  co_return ResponseStream(std::move(opened->head), std::move(opened->exchange));
}

void check(const WebSocketHandlers& handlers) {
  if (handlers.on_message && handlers.on_chunk) {
    throw std::invalid_argument(
        "a WebSocket takes messages whole (on_message) or in pieces (on_chunk), not both");
  }
}

}  // namespace

detail::Start<Response> FetchCall::start() {
  if (request_.content.replayable()) bound(bounds_, client_->options());
  return [request = std::make_shared<Request>(std::move(request_))](Flow* flow) {
    return fetch(*flow, request);
  };
}

detail::Start<ResponseStream> StreamCall::start() {
  return [request = std::make_shared<Request>(std::move(request_))](Flow* flow) {
    return open_stream(*flow, request);
  };
}

detail::Start<Download> DownloadCall::start() {
  DownloadPlan plan{.path = std::move(path_), .resume = resume_, .retries_max = retries_max_};
  return [request = std::make_shared<Request>(std::move(request_)),
          plan = std::move(plan)](Flow* flow) { return download(*flow, request, plan); };
}

// ---------------------------------------------------------------------------- ConnectCall

ConnectCall::ConnectCall(std::shared_ptr<ClientState> client, WebSocketRequest request)
    : Call(std::move(client)), request_(std::move(request)) {}

ConnectCall& ConnectCall::subprotocols(std::initializer_list<std::string_view> names) & {
  for (const std::string_view name : names) request_.offer.subprotocols.emplace_back(name);
  return *this;
}

ConnectCall& ConnectCall::origin(std::string_view origin) & {
  request_.offer.origin = origin;
  return *this;
}

ConnectCall& ConnectCall::field(std::string_view name, std::string_view value) & {
  request_.offer.fields.add(name, value);
  return *this;
}

ConnectCall& ConnectCall::basic(std::string_view user, std::string_view password) & {
  request_.offer.fields.set("Authorization", http::basic_authorization(user, password));
  return *this;
}

ConnectCall& ConnectCall::bearer(std::string_view token) & {
  request_.offer.fields.set("Authorization", http::bearer_authorization(token));
  return *this;
}

ConnectCall& ConnectCall::limits(const WebSocketLimits& limits) & {
  request_.limits = limits;
  return *this;
}

ConnectCall& ConnectCall::redirects_max(std::uint32_t count) & {
  request_.redirects_max = count;
  return *this;
}

ConnectCall& ConnectCall::unix_socket(std::string_view path) & {
  request_.unix_path = path;
  return *this;
}

detail::Start<connection::WebSocket> ConnectCall::start() {
  bound(bounds_, client_->options());
  return [request = std::move(request_)](Flow* flow) {
    return open_websocket(*flow, request, nullptr);
  };
}

namespace {

/// Opens a WebSocket that is used by callbacks, as a call of its own.
class StartedCall : public Call<StartedCall, connection::WebSocket> {
 public:
  StartedCall(std::shared_ptr<ClientState> client, detail::Bounds bounds, WebSocketRequest request,
              std::shared_ptr<WebSocketHandlers> handlers)
      : Call(std::move(client)), request_(std::move(request)), handlers_(std::move(handlers)) {
    bounds_ = std::move(bounds);
  }

 private:
  friend Call<StartedCall, connection::WebSocket>;
  detail::Start<connection::WebSocket> start() {
    bound(bounds_, client_->options());
    return [request = std::move(request_), handlers = std::move(handlers_)](Flow* flow) {
      return open_websocket(*flow, request, handlers);
    };
  }

  WebSocketRequest request_;
  std::shared_ptr<WebSocketHandlers> handlers_;
};

}  // namespace

void ConnectCall::start(WebSocketHandlers handlers) && {
  check(handlers);
  auto shared = std::make_shared<WebSocketHandlers>(std::move(handlers));
  StartedCall(client_, std::move(bounds_), std::move(request_), shared)
      .then([shared](const Result<connection::WebSocket>& opened) {
        if (!opened && shared->on_error) shared->on_error(opened.error());
      });
}

namespace {

Task<Result<BlockingWebSocket>> connect_for_blocking(std::shared_ptr<ClientState> client,
                                                     ConnectCall call) {
  Result<connection::WebSocket> opened = co_await std::move(call);
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  co_return BlockingWebSocket(std::move(client), std::move(*opened));
}

}  // namespace

Result<BlockingWebSocket> ConnectCall::wait() && {
  const auto client = client_;  // which moves with the rest
  std::optional<Result<BlockingWebSocket>> result;
  Task<Result<BlockingWebSocket>> task = connect_for_blocking(client, std::move(*this));
  detail::run_and_wait(client, detail::keep_result(std::move(task), result));
  return std::move(*result);
}

ReconnectingWebSocket ConnectCall::reconnecting(ReconnectOptions options) && {
  return keep_connected(client_, std::move(bounds_), std::move(request_), std::move(options));
}

}  // namespace duplex::client
