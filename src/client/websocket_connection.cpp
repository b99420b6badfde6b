#include "client/websocket_connection.hpp"

#include <exception>
#include <utility>
#include <variant>

#include "client/connection.hpp"
#include "client/engine.hpp"
#include "connection/endpoint_call.hpp"
#include "connection/websocket_driving.hpp"

namespace duplex::client {

namespace {

using connection::call_endpoint;
using websocket::Session;

connection::LinkOptions link_options_of(const WebSocketRequest& request, Engine& engine,
                                        const WebSocketHandlers* handlers) {
  const WebSocketLimits& limits = request.limits;
  const bool chunks =
      handlers != nullptr ? static_cast<bool>(handlers->on_chunk) : limits.deliver_chunks;
  return {.session = {.role = websocket::Role::client,
                      .message_bytes_max = limits.message_bytes_max,
                      .deliver_chunks = chunks,
                      .report_frames = static_cast<bool>(request.on_frame),
                      .masks = &engine.masks(),
                      .deflate = request.offer.deflate.value_or(websocket::DeflateOptions())},
          .outbox_bytes_max = limits.outbox_bytes_max,
          .slow_consumer = limits.slow_consumer,
          .backlog_bytes = limits.backlog_bytes,
          .heartbeat_ms = limits.heartbeat_ms,
          .heartbeat_answer_ms_max = limits.heartbeat_answer_ms_max,
          .close_ms_max = limits.close_ms_max};
}

}  // namespace

WebSocketConnection::WebSocketConnection(Connection& connection, const WebSocketRequest& request,
                                         std::shared_ptr<WebSocketHandlers> handlers)
    : connection_(connection),
      handlers_(std::move(handlers)),
      on_frame_(request.on_frame),
      options_(link_options_of(request, connection.engine(), handlers_.get())),
      link_(connection, options_) {
  if (on_frame_) options_.observer = this;
}

void WebSocketConnection::open() {
  if (handlers_) call_endpoint(link_, handlers_->on_open);
}

void WebSocketConnection::on_input(Bytes& input) {
  const auto delivery =
      by_coroutine() ? connection::Delivery::coroutine : connection::Delivery::callbacks;
  connection::drive(connection_, link_, delivery, input,
                    [this](const auto& event) { handle(event); });
  // All is said: it is the server who ends the connection (RFC 6455 section 7.1.1), but nobody here
  // needs to wait for that.
  if (link_.closing() == websocket::Closing::closed && hang_up_due_ms_ == 0) {
    hang_up_due_ms_ = connection_.now_ms() + options_.close_ms_max;
    connection_.wake_by(hang_up_due_ms_);
    tell_end();
  }
}

/// Tells whoever waits, once, that nothing more will come.
void WebSocketConnection::tell_end() {
  if (std::exchange(end_told_, true)) return;
  link_.note_end();
  link_.end();
  if (handlers_) call_endpoint(link_, handlers_->on_close, link_.close_info());
}

void WebSocketConnection::handle(const Session::Message& message) {
  if (by_coroutine()) return;
  call_endpoint(link_, handlers_->on_message, connection::Message(message.opcode, message.payload));
}

void WebSocketConnection::handle(const Session::Chunk& chunk) {
  if (by_coroutine()) return;
  call_endpoint(link_, handlers_->on_chunk,
                connection::Chunk{chunk.opcode, chunk.payload, chunk.first, chunk.last});
}

void WebSocketConnection::handle(const Session::Pong& pong) {
  if (by_coroutine()) return;
  call_endpoint(link_, handlers_->on_pong, ConstBytes(pong.payload));
}

void WebSocketConnection::handle(const Session::FrameSeen& frame) {
  report({.incoming = true, .header = frame.header});
}

void WebSocketConnection::frame_sent(connection::WebSocketLink& /*link*/,
                                     const websocket::FrameHeader& header) noexcept {
  report({.incoming = false, .header = header});
}

void WebSocketConnection::report(const connection::FrameInfo& frame) noexcept {
  try {
    on_frame_(frame);
  } catch (const std::exception& exception) {
    connection::fail_internally(link_, exception.what());
  } catch (...) {
    connection::fail_internally(link_, "an exception that is no std::exception");
  }
}

void WebSocketConnection::on_input_end() {
  if (connection_.finishing()) return;
  if (link_.closing() == websocket::Closing::closed) return connection_.finish();
  // What has come before the end is still received, if it waits for that.
  if (by_coroutine() && connection_.input_held()) return;
  connection_.abort();
}

void WebSocketConnection::on_room() {
  connection::note_room(connection_, link_, [this] {
    if (handlers_) call_endpoint(link_, handlers_->on_drain);
  });
}

std::uint64_t WebSocketConnection::on_time(std::uint64_t now_ms) {
  if (hang_up_due_ms_ > 0) {
    if (now_ms < hang_up_due_ms_) return hang_up_due_ms_;
    connection_.finish();
    return UINT64_MAX;
  }
  return connection::note_time(connection_, link_, now_ms);
}

void WebSocketConnection::on_closed() {
  tell_end();
  // They may hold a handle of this very socket, which would keep both for ever.
  handlers_.reset();
  link_.set_state({});
}

void WebSocketConnection::on_abandoned() {
  if (by_coroutine()) link_.close(websocket::CloseCode::normal, {});
}

void WebSocketConnection::note_failure(std::string_view sentence) {
  if (link_.closing() != websocket::Closing::closed) {
    link_.note_close(websocket::CloseCode::abnormal, sentence);
  }
}

void WebSocketConnection::discard() noexcept {
  handlers_.reset();
  link_.set_state({});
  link_.detach();
}

}  // namespace duplex::client
