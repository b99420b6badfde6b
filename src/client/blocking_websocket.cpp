#include <memory>
#include <utility>

#include "client/client_state.hpp"
#include "net/event_loop.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/blocking_websocket.hpp>
#include <duplex/client/call.hpp>
#include <duplex/net/async.hpp>

namespace duplex::client {

using connection::OwnedMessage;
using connection::SendStatus;
using connection::WebSocket;

/// The socket is touched in the client's thread only, where the last reference to this ends, too.
struct BlockingWebSocket::State {
  std::shared_ptr<ClientState> client;
  std::shared_ptr<net::Inbox> inbox;  // of the client's thread
  WebSocket socket;
  connection::Sender sender;
  std::string subprotocol;
  std::optional<websocket::DeflateParameters> deflate;

  /// Runs `task` in the client's thread, and waits for what it yields.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    detail::run_and_wait(client, detail::keep_result(std::move(task), result));
    return std::move(*result);
  }
};

namespace {

template <class Payload>
Task<SendStatus> send_in_turn(WebSocket& socket, Payload payload,
                              websocket::Compression compression) {
  co_return co_await socket.send(payload, compression);
}

Task<std::optional<OwnedMessage>> receive_in_time(
    WebSocket& socket, std::optional<std::chrono::milliseconds> time_limit) {
  if (!time_limit) co_return co_await socket.receive();
  auto received = co_await net::within(*time_limit, socket.receive());
  co_return received ? std::move(*received) : std::nullopt;
}

Task<std::optional<std::chrono::microseconds>> measure_in_time(
    WebSocket& socket, std::optional<std::chrono::milliseconds> time_limit) {
  if (!time_limit) co_return co_await socket.round_trip();
  const auto measured = co_await net::within(*time_limit, socket.round_trip());
  co_return measured ? *measured : std::nullopt;
}

/// Closes, and drops what comes until the end.
Task<> close_and_wait(WebSocket& socket, websocket::CloseCode code, std::string_view reason) {
  socket.close(code, reason);
  for (bool more = true; more;) {
    const auto message = co_await socket.receive();
    more = message.has_value();
  }
}

Task<bool> look_whether_open(WebSocket& socket) {
  co_return socket.is_open();
}

Task<std::optional<BlockingWebSocket::Ended>> look_how_it_ended(WebSocket& socket) {
  const auto info = socket.close_info();
  if (!info) co_return std::nullopt;
  co_return BlockingWebSocket::Ended{.code = info->code, .reason = std::string(info->reason)};
}

}  // namespace

BlockingWebSocket::BlockingWebSocket(std::shared_ptr<ClientState> client, WebSocket socket)
    : state_(std::make_unique<State>()) {
  state_->client = std::move(client);
  state_->inbox = net::EventLoop::current()->inbox();
  state_->sender = socket.sender();
  state_->subprotocol = socket.subprotocol();
  state_->deflate = socket.deflate();
  state_->socket = std::move(socket);
}

BlockingWebSocket::BlockingWebSocket(BlockingWebSocket&&) noexcept = default;

BlockingWebSocket& BlockingWebSocket::operator=(BlockingWebSocket&& other) noexcept {
  BlockingWebSocket taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}

BlockingWebSocket::~BlockingWebSocket() {
  if (!state_) return;
  // In the client's thread; in this one if that has ended, and nothing is connected any more.
  const auto inbox = state_->inbox;
  inbox->post([state = std::move(state_)] {});
}

SendStatus BlockingWebSocket::send(std::string_view text, websocket::Compression compression) {
  return state_->run(send_in_turn(state_->socket, text, compression));
}

SendStatus BlockingWebSocket::send(ConstBytes binary, websocket::Compression compression) {
  return state_->run(send_in_turn(state_->socket, binary, compression));
}

std::optional<OwnedMessage> BlockingWebSocket::receive(
    std::optional<std::chrono::milliseconds> time_limit) {
  return state_->run(receive_in_time(state_->socket, time_limit));
}

std::optional<std::chrono::microseconds> BlockingWebSocket::round_trip(
    std::optional<std::chrono::milliseconds> time_limit) {
  return state_->run(measure_in_time(state_->socket, time_limit));
}

void BlockingWebSocket::close(websocket::CloseCode code, std::string_view reason) {
  detail::run_and_wait(state_->client, close_and_wait(state_->socket, code, reason));
}

bool BlockingWebSocket::is_open() const {
  return state_->run(look_whether_open(state_->socket));
}

std::optional<BlockingWebSocket::Ended> BlockingWebSocket::close_info() const {
  return state_->run(look_how_it_ended(state_->socket));
}

std::string BlockingWebSocket::subprotocol() const {
  return state_->subprotocol;
}

std::optional<websocket::DeflateParameters> BlockingWebSocket::deflate() const {
  return state_->deflate;
}

connection::Sender BlockingWebSocket::sender() const {
  return state_->sender;
}

}  // namespace duplex::client
