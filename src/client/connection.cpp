#include "client/connection.hpp"

#include <utility>

#include "client/engine.hpp"
#include "tls/failure.hpp"
#include "tls/stream.hpp"

namespace duplex::client {

Connection::Connection(Engine& engine, net::Descriptor socket, std::unique_ptr<tls::Stream> stream,
                       std::string key, std::string peer_name)
    : Pipe(engine, std::move(socket), std::move(stream)),
      key_(std::move(key)),
      peer_name_(std::move(peer_name)),
      http_(std::make_unique<Http1Connection>(*this, engine)) {
  ClientCounters& counters = engine.client().counters();
  ++counters.connections_opened;
  ++counters.connections_open;
}

Connection::~Connection() = default;

Engine& Connection::engine() noexcept {
  return static_cast<Engine&>(hub());
}

connection::WebSocketLink* Connection::websocket() noexcept {
  return websocket_ ? &websocket_->link() : nullptr;
}

WebSocketConnection& Connection::become_websocket(const WebSocketRequest& request,
                                                  std::shared_ptr<WebSocketHandlers> handlers) {
  websocket_ = std::make_unique<WebSocketConnection>(*this, request, std::move(handlers));
  if (const std::uint64_t due_ms = websocket_->on_time(now_ms()); due_ms != never) wake_by(due_ms);
  input_wanted();
  return *websocket_;
}

const std::shared_ptr<const ConnectionFacts>& Connection::facts() {
  if (!facts_) {
    auto facts = std::make_shared<ConnectionFacts>();
    facts->peer = peer();
    if (const tls::Stream* stream = tls()) {
      if (const auto info = stream->info()) facts->tls.emplace(*info);
    }
    facts_ = std::move(facts);
  }
  return facts_;
}

// ---------------------------------------------------------------------------- input and output

void Connection::on_input(Bytes& input) noexcept {
  if (!websocket_) http_->on_input(input);
  if (!websocket_ || !is_open()) return;
  // The upgrade has just happened, in there.
  http_.reset();
  websocket_->on_input(input);
}

Bytes Connection::input_room() noexcept {
  return websocket_->link().input_room();
}

void Connection::on_input_end() noexcept {
  if (websocket_) {
    websocket_->on_input_end();
  } else {
    http_->on_input_end();
  }
}

void Connection::on_room() noexcept {
  if (websocket_) {
    websocket_->on_room();
  } else {
    http_->on_room();
  }
}

void Connection::on_stalled() noexcept {
  const std::string reason = "time limit: the server took nothing of what is sent within " +
                             std::to_string(engine().options().time_limits.stalled_write_ms_max) +
                             " ms";
  if (websocket_) websocket_->note_failure(reason);
  if (failure_) return;
  failure_ = std::make_unique<const Error>(Error{.step = Step::protocol,
                                                 .code = std::make_error_code(std::errc::timed_out),
                                                 .peer = peer_name_,
                                                 .reason = reason});
}

std::uint64_t Connection::on_time(std::uint64_t now) noexcept {
  return websocket_ ? websocket_->on_time(now) : http_->on_time(now);
}

// ---------------------------------------------------------------------------- encryption

void Connection::on_secured() noexcept {
  const auto info = tls()->info();
  ClientCounters& counters = engine().client().counters();
  ++counters.tls_handshakes;
  if (info && info->resumed) ++counters.tls_resumptions;
  if (secured_waiter_) std::exchange(secured_waiter_, nullptr).resume();
}

void Connection::on_insecure(const tls::Failure& failure) noexcept {
  const bool late = failure.kind == tls::TlsError::timed_out;
  if (websocket_) websocket_->note_failure(failure.sentence);
  if (failure_) return;
  failure_ = std::make_unique<const Error>(Error{
      .step = Step::tls,
      .code = late ? std::make_error_code(std::errc::timed_out) : make_error_code(failure.kind),
      .peer = peer_name_,
      .reason = (late ? "time limit: the TLS handshake: " : "") + failure.sentence});
  engine().loop().arm(tell_, 0);
}

bool Connection::Secured::await_ready() const noexcept {
  return connection_.tls() == nullptr || connection_.tls()->established() || connection_.failed() ||
         !connection_.is_open();
}

void Connection::Secured::await_suspend(std::coroutine_handle<> waiter) noexcept {
  connection_.secured_waiter_ = waiter;
}

std::expected<void, Error> Connection::Secured::await_resume() {
  if (connection_.failed() || !connection_.is_open()) return std::unexpected(connection_.failure());
  return {};
}

Connection::Secured Connection::secured() noexcept {
  return Secured(*this);
}

// ---------------------------------------------------------------------------- the end

void Connection::fail(Error error) {
  if (!failure_) failure_ = std::make_unique<const Error>(std::move(error));
  abort();
}

Error Connection::failure() const {
  if (failure_) return *failure_;
  return {.step = Step::protocol,
          .code = ClientError::connection_closed,
          .peer = peer_name_,
          .reason = "the connection was lost"};
}

void Connection::on_ended() noexcept {
  if (websocket_) websocket_->link().note_end();
  // Who waits is told soon, when nobody's code is running.
  engine().loop().arm(tell_, 0);
}

void Connection::tell_failure() noexcept {
  if (secured_waiter_) return std::exchange(secured_waiter_, nullptr).resume();
  if (http_ && !websocket_) http_->on_failure();
}

void Connection::on_closed() noexcept {
  engine().pool().closed(*this);
  --engine().client().counters().connections_open;
  tell_.disarm();
  tell_failure();
  if (websocket_) websocket_->on_closed();
}

void Connection::on_abandoned() noexcept {
  if (websocket_) websocket_->on_abandoned();
}

void Connection::on_discarded() noexcept {
  if (websocket_) websocket_->discard();
}

}  // namespace duplex::client
