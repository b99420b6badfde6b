#include "server/websocket_connection.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "server/connection.hpp"
#include "server/endpoint_call.hpp"
#include "server/worker.hpp"

namespace duplex::server {

using connection::WebSocket;
using websocket::Session;

/// What few connections have.
struct WebSocketConnection::Rare {
  std::unique_ptr<IncomingRequest> request;  // of a session, for as long as it runs
  std::string close_reason;
  Task<> session;  // last, so that it is destroyed before what it uses
};

WebSocketConnection::WebSocketConnection(Connection& connection,
                                         const WebSocketRoute& route) noexcept
    : link_(connection, route.link_options()), route_(&route) {}

WebSocketConnection::~WebSocketConnection() = default;

WebSocketConnection::Rare& WebSocketConnection::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void WebSocketConnection::open(AcceptedUpgrade upgrade, const Connection& connection) {
  const WebSocketEndpoint& endpoint = route_->endpoint();
  link_.set_state(std::move(upgrade.state));
  link_.set_subprotocol(upgrade.subprotocol);
  const Request& request = upgrade.request->request();
  call_endpoint(link_, endpoint.on_handshake, request.head().raw,
                std::string_view(upgrade.response_head));
  opened_ = connection.is_open();
  if (!opened_) return;
  if (!endpoint.session) {
    call_endpoint(link_, endpoint.on_open, request);
    return;
  }
  upgrade.request->own_head();
  rare().request = std::move(upgrade.request);
  rare_->session = run_session();
  rare_->session.start();
}

Task<> WebSocketConnection::run_session() {
  // The handle keeps this object until the session has ended, however long the user takes.
  WebSocket socket = link_.handle();
  try {
    co_await route_->endpoint().session(socket, rare_->request->request());
    socket.close();
  } catch (const std::exception& exception) {
    fail_internally(link_, exception.what());
  } catch (...) {
    fail_internally(link_, "an exception that is no std::exception");
  }
  if (link_.ended()) link_.set_state({});
}

// ---------------------------------------------------------------------------- events

void WebSocketConnection::on_input(Bytes& input, Connection& connection) {
  bool held = false;
  while (connection.is_open() && !connection.finishing() && !connection.paused()) {
    // After our close frame nothing is answered any more, and only the peer's is waited for.
    held = !link_.close_sent() &&
           (link_.backlogged() || (route_->endpoint().session && link_.delivery_waits()));
    if (held) break;
    const auto event = link_.next(input);
    if (!event) {
      note_close(websocket::close_code_of(event.error()), websocket::describe(event.error()));
      connection.finish();
      return;
    }
    if (!*event) break;
    handle(**event, connection);
  }
  connection.set_input_held(held);
}

void WebSocketConnection::handle(const Session::Event& event, Connection& connection) {
  const WebSocketEndpoint& endpoint = route_->endpoint();
  if (const auto* message = std::get_if<Session::Message>(&event)) {
    connection.worker().count_message();
    const connection::Message view(message->opcode, message->payload);
    if (!endpoint.session) {
      call_endpoint(link_, endpoint.on_message, view);
    } else if (!link_.delivery_waits()) {
      link_.deliver(view);
    }
  } else if (const auto* chunk = std::get_if<Session::Chunk>(&event)) {
    if (chunk->last) connection.worker().count_message();
    call_endpoint(link_, endpoint.on_chunk,
                  connection::Chunk{chunk->opcode, chunk->payload, chunk->first, chunk->last});
  } else if (const auto* pong = std::get_if<Session::Pong>(&event)) {
    call_endpoint(link_, endpoint.on_pong, ConstBytes(pong->payload));
  } else if (const auto* closed = std::get_if<Session::Closed>(&event)) {
    note_close(closed->code, closed->reason);
    connection.finish();
  } else if (const auto* frame = std::get_if<Session::FrameSeen>(&event)) {
    call_endpoint(link_, endpoint.on_frame, FrameInfo{.incoming = true, .header = frame->header});
  }
}

void WebSocketConnection::on_input_end(Connection& connection) {
  // Without a close frame there is nobody left to talk to (RFC 6455 section 7.1.5: 1006).
  if (!connection.finishing()) connection.abort();
}

void WebSocketConnection::on_room(Connection& connection) {
  if (link_.backlogged()) return;
  if (link_.take_drained()) call_endpoint(link_, route_->endpoint().on_drain);
  link_.resume_senders();
  // A message that waits for the session is no input that could be worked on now.
  if (connection.input_held() && !link_.delivery_waits()) connection.input_wanted();
}

std::uint64_t WebSocketConnection::on_time(std::uint64_t now_ms, Connection& connection) {
  // A peer that we don't read from can't show that it lives by speaking; but taking what we send
  // shows it, and a user's pause proves nothing against it.
  std::uint64_t alive_ms = connection.received_ms();
  if (connection.paused()) alive_ms = now_ms;
  if (connection.input_held()) alive_ms = std::max(alive_ms, connection.progress_ms());
  const auto due_ms = link_.on_time({now_ms, alive_ms, connection.progress_ms()});
  if (due_ms) return *due_ms;
  if (!link_.close_sent()) {
    note_close(websocket::CloseCode::abnormal, "no answer to the heartbeat ping");
  }
  connection.abort();
  return UINT64_MAX;
}

void WebSocketConnection::on_closed() {
  link_.end();
  if (close_code_ == websocket::CloseCode::abnormal && link_.closed_as_slow()) {
    note_close(websocket::CloseCode::policy_violation, "too slow: the outbox was full");
  }
  const CloseInfo info{close_code_, rare_ ? std::string_view(rare_->close_reason) : ""};
  if (opened_) call_endpoint(link_, route_->endpoint().on_close, info);
  // It may hold a handle of this very socket, in a coroutine for instance, which would keep both
  // for ever. A session uses it to its own end.
  if (!rare_ || !rare_->session || rare_->session.done()) link_.set_state({});
}

void WebSocketConnection::stop() {
  link_.close(websocket::CloseCode::going_away, "the server is stopping");
}

void WebSocketConnection::discard() noexcept {
  rare_.reset();
  link_.set_state({});
  link_.detach();
}

void WebSocketConnection::note_close(websocket::CloseCode code, std::string_view reason) {
  close_code_ = code;
  if (!reason.empty()) rare().close_reason = reason;
}

}  // namespace duplex::server
