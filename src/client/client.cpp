#include <utility>

#include "client/client_state.hpp"
#include <duplex/client/client.hpp>

namespace duplex::client {

Client::Client(ClientOptions options) : state_(std::make_shared<ClientState>(std::move(options))) {}

Client::~Client() {
  state_->end();
}

FetchCall Client::send(Request request) const {
  return {state_, std::move(request)};
}

FetchCall Client::get(std::string_view url) const {
  return send(Request(http::Method::get, std::string(url)));
}

FetchCall Client::head(std::string_view url) const {
  return send(Request(http::Method::head, std::string(url)));
}

FetchCall Client::post(std::string_view url, Content content) const {
  return send(Request(http::Method::post, std::string(url), std::move(content)));
}

FetchCall Client::put(std::string_view url, Content content) const {
  return send(Request(http::Method::put, std::string(url), std::move(content)));
}

FetchCall Client::patch(std::string_view url, Content content) const {
  return send(Request(http::Method::patch, std::string(url), std::move(content)));
}

FetchCall Client::delete_(std::string_view url) const {
  return send(Request(http::Method::delete_, std::string(url)));
}

FetchCall Client::options(std::string_view url) const {
  return send(Request(http::Method::options, std::string(url)));
}

StreamCall Client::stream(Request request) const {
  return {state_, std::move(request)};
}

StreamCall Client::stream(std::string_view url) const {
  return stream(Request(http::Method::get, std::string(url)));
}

DownloadCall Client::download(std::string_view url, std::string path) const {
  return {state_, Request(http::Method::get, std::string(url)), std::move(path)};
}

ConnectCall Client::connect(WebSocketRequest request) const {
  return {state_, std::move(request)};
}

ConnectCall Client::connect(std::string_view url) const {
  return connect(WebSocketRequest(std::string(url)));
}

ClientStatistics Client::statistics() const {
  const ClientCounters& counters = state_->counters();
  return {.requests = counters.requests,
          .connections_opened = counters.connections_opened,
          .connections_open = counters.connections_open,
          .connections_idle = counters.connections_idle,
          .connections_reused = counters.connections_reused,
          .tls_handshakes = counters.tls_handshakes,
          .tls_resumptions = counters.tls_resumptions};
}

}  // namespace duplex::client
