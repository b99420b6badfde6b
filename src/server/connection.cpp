#include "server/connection.hpp"

#include <memory>
#include <string>
#include <utility>

#include "server/entrance.hpp"
#include "server/worker.hpp"
#include "tls/failure.hpp"
#include "tls/stream.hpp"
#include <duplex/http1/response_writer.hpp>

namespace duplex::server {

namespace {

constexpr std::string_view clear_http =
    "This port speaks TLS: connect to it by https:// or wss:// instead of http:// or ws://";

std::unique_ptr<tls::Stream> encryption_of(const Entrance& entrance, Worker& worker) {
  if (!entrance.encrypted()) return nullptr;
  return std::make_unique<tls::Stream>(*entrance.tls->current(), worker.tls_workspace());
}

}  // namespace

Connection::Connection(Worker& worker, net::Descriptor socket,
                       std::optional<std::uint64_t> host_key, const Entrance& entrance)
    : Pipe(worker, std::move(socket), encryption_of(entrance, worker)),
      host_key_(host_key.value_or(no_host_key)),
      driver_(Silent{.entrance = &entrance, .since_ms = worker.loop().now_ms()}) {
  // The driver notes who the client is, for the log: behind a handshake that has failed it may be
  // too late to ask.
  if (entrance.encrypted()) begin_http();
}

Connection::~Connection() = default;

Worker& Connection::worker() noexcept {
  return static_cast<Worker&>(hub());
}

connection::WebSocketLink* Connection::websocket() noexcept {
  auto* driver = websocket_driver();
  return driver != nullptr ? &driver->link() : nullptr;
}

void Connection::begin_http() {
  const Silent silent = std::get<Silent>(driver_);
  driver_ = std::make_unique<Http1Connection>(*this, worker(), *silent.entrance, silent.since_ms);
}

void Connection::on_input(Bytes& input) noexcept {
  if (auto* driver = websocket_driver()) return driver->on_input(input, *this);
  if (silent()) begin_http();
  if (auto accepted = http_driver()->on_input(input)) upgrade(std::move(*accepted), input);
}

Bytes Connection::input_room() noexcept {
  return std::get<WebSocketConnection>(driver_).link().input_room();
}

void Connection::upgrade(AcceptedUpgrade accepted, Bytes& input) {
  if (!is_open()) return;
  worker().websocket_opened();
  auto& driver = driver_.emplace<WebSocketConnection>(*this, *accepted.route);
  driver.open(std::move(accepted), *this);
  // Accepted while the server was about to stop: the request was in the socket already, or a
  // coroutine has taken its time.
  if (worker().stopping()) driver.stop();
  if (!is_open()) return;
  const std::uint64_t due_ms = driver.on_time(now_ms(), *this);
  if (due_ms != never) wake_by(due_ms);
  driver.on_input(input, *this);
}

void Connection::on_input_end() noexcept {
  if (auto* driver = websocket_driver()) return driver->on_input_end(*this);
  if (auto* driver = http_driver()) return driver->on_input_end();
  finish();
}

void Connection::on_room() noexcept {
  if (auto* driver = websocket_driver()) return driver->on_room(*this);
  if (auto* driver = http_driver()) driver->on_room();
}

void Connection::on_ended() noexcept {
  if (auto* driver = websocket_driver()) driver->link().note_end();
}

void Connection::on_closed() noexcept {
  if (auto* driver = http_driver()) driver->on_closed();
  if (auto* driver = websocket_driver()) {
    worker().remove_subscriber(driver->link());
    worker().websocket_closed();
    driver->on_closed();
  }
  worker().connection_closed(host_key_ == no_host_key ? std::nullopt : std::optional(host_key_));
}

std::uint64_t Connection::on_time(std::uint64_t now) noexcept {
  if (auto* driver = websocket_driver()) return driver->on_time(now, *this);
  if (auto* driver = http_driver()) return driver->on_time(now);
  const std::uint64_t due =
      std::get<Silent>(driver_).since_ms + worker().options().time_limits.head_ms_max;
  if (now < due) return due;
  finish();
  return never;
}

void Connection::on_discarded() noexcept {
  if (auto* driver = websocket_driver()) driver->discard();
}

// ---------------------------------------------------------------------------- encryption

void Connection::on_secured() noexcept {
  const auto session = tls()->info();
  worker().count_handshake(session && session->resumed);
  if (auto* driver = http_driver()) driver->on_secured();
}

/// The client's address, for people, though it may have gone.
std::string Connection::known_peer() const {
  const auto* driver = http_driver();
  std::string known = driver != nullptr ? std::string(driver->peer()) : peer();
  return known.empty() ? "a client that has gone" : known;
}

void Connection::on_insecure(const tls::Failure& failure) noexcept {
  const bool established = tls() != nullptr && tls()->established();
  // Who goes without a word has not been harmed, nor done any: many clients end so.
  const bool gone = failure.kind == tls::TlsError::truncated;
  if (!gone) worker().count_tls_failure();
  worker().log(
      gone ? LogLevel::debug : LogLevel::info,
      std::string(established ? "the encrypted connection with " : "the TLS handshake with ") +
          known_peer() + " failed: " + failure.sentence);
  if (failure.kind == tls::TlsError::clear_http) {
    http1::write_error_response(http::Status::bad_request, clear_http, worker().date(), output());
    output_written();
  }
}

bool Connection::awaits_request() const noexcept {
  const auto* driver = http_driver();
  return driver != nullptr ? driver->awaits_request() : silent();
}

void Connection::stop() noexcept {
  // A request that has come by now is still answered. It may be for an upgrade, which puts another
  // driver in place.
  if (awaits_request()) take_input_now();
  if (!is_open() || finishing()) return;
  if (auto* driver = websocket_driver()) return driver->stop();
  if (auto* driver = http_driver()) return driver->stop();
  finish();
}

}  // namespace duplex::server
