#include "server/websocket_connection.hpp"

#include <exception>
#include <utility>

#include "connection/endpoint_call.hpp"
#include "connection/websocket_driving.hpp"
#include "server/connection.hpp"
#include "server/worker.hpp"

namespace duplex::server {

using connection::WebSocket;
using websocket::Session;

namespace {

/// That a session runs, which a worker that stops waits for.
class RunningSession {
 public:
  explicit RunningSession(Worker& worker) noexcept : worker_(worker) { worker_.session_began(); }
  ~RunningSession() { worker_.session_ended(); }
  RunningSession(const RunningSession&) = delete;
  RunningSession& operator=(const RunningSession&) = delete;

 private:
  Worker& worker_;
};

}  // namespace

/// What few connections have.
struct WebSocketConnection::Rare {
  std::unique_ptr<IncomingRequest> request;  // of a session, for as long as it runs
  Task<> session;                            // last, so that it is destroyed before what it uses
};

WebSocketConnection::WebSocketConnection(Connection& connection,
                                         const WebSocketRoute& route) noexcept
    : link_(connection, route) {}

WebSocketConnection::~WebSocketConnection() = default;

WebSocketConnection::Rare& WebSocketConnection::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void WebSocketConnection::open(AcceptedUpgrade upgrade, Connection& connection) {
  link_.set_state(std::move(upgrade.state));
  link_.set_subprotocol(upgrade.subprotocol);
  if (upgrade.deflate) link_.enable_deflate(*upgrade.deflate);
  const Request& request = upgrade.request->request();
  connection::call_endpoint(link_, endpoint().on_handshake, request.head().raw,
                            std::string_view(upgrade.response_head));
  if (!connection.is_open()) return;
  link_.announce();
  if (!endpoint().session) {
    connection::call_endpoint(link_, endpoint().on_open, request);
    return;
  }
  upgrade.request->own_head();
  rare().request = std::move(upgrade.request);
  rare_->session = run_session(connection.worker());
  rare_->session.start();
}

Task<> WebSocketConnection::run_session(Worker& worker) {
  const RunningSession running(worker);
  // The handle keeps this object until the session has ended, however long the user takes.
  WebSocket socket = link_.handle();
  try {
    co_await endpoint().session(socket, rare_->request->request());
    socket.close();
  } catch (const std::exception& exception) {
    connection::fail_internally(link_, exception.what());
  } catch (...) {
    connection::fail_internally(link_, "an exception that is no std::exception");
  }
  if (link_.ended()) link_.set_state({});
}

// ---------------------------------------------------------------------------- events

// With all that it calls here in one piece, since every message goes through it.
[[gnu::flatten]] void WebSocketConnection::on_input(Bytes& input, Connection& connection) {
  const auto delivery =
      endpoint().session ? connection::Delivery::coroutine : connection::Delivery::callbacks;
  connection::drive(connection, link_, delivery, input,
                    [this, &connection](const auto& event) { handle(event, connection.worker()); });
}

void WebSocketConnection::handle(const Session::Message& message, Worker& worker) {
  worker.count_message();
  connection::call_endpoint(link_, endpoint().on_message,
                            connection::Message(message.opcode, message.payload));
}

void WebSocketConnection::handle(const Session::Chunk& chunk, Worker& worker) {
  if (chunk.last) worker.count_message();
  connection::call_endpoint(
      link_, endpoint().on_chunk,
      connection::Chunk{chunk.opcode, chunk.payload, chunk.first, chunk.last});
}

void WebSocketConnection::handle(const Session::Pong& pong, Worker& /*worker*/) {
  connection::call_endpoint(link_, endpoint().on_pong, ConstBytes(pong.payload));
}

void WebSocketConnection::handle(const Session::FrameSeen& frame, Worker& /*worker*/) {
  connection::call_endpoint(link_, endpoint().on_frame,
                            connection::FrameInfo{.incoming = true, .header = frame.header});
}

void WebSocketConnection::on_input_end(Connection& connection) {
  // Without a close frame there is nobody left to talk to (RFC 6455 section 7.1.5: 1006).
  if (!connection.finishing()) connection.abort();
}

void WebSocketConnection::on_room(Connection& connection) {
  connection::note_room(connection, link_,
                        [this] { connection::call_endpoint(link_, endpoint().on_drain); });
}

std::uint64_t WebSocketConnection::on_time(std::uint64_t now_ms, Connection& connection) {
  return connection::note_time(connection, link_, now_ms);
}

void WebSocketConnection::on_closed() {
  link_.end();
  if (link_.announced()) connection::call_endpoint(link_, endpoint().on_close, link_.close_info());
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

}  // namespace duplex::server
