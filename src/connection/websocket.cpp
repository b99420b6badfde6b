#include <stdexcept>

#include "connection/carrier.hpp"
#include "connection/hub.hpp"
#include "connection/websocket_link.hpp"
#include "tls/stream.hpp"
#include <duplex/connection/websocket.hpp>

namespace duplex::connection {

using websocket::Opcode;
using websocket::PreparedMessage;

namespace {

/// What users say that they send: the session writes the frame that it is told.
void check_opcode(Opcode opcode) {
  if (!websocket::begins_message(opcode)) {
    throw std::invalid_argument("a message is text or binary, and no control frame");
  }
}

}  // namespace

WebSocket::WebSocket(WebSocketLink& link) noexcept : link_(&link) {
  link_->carrier_->retain();
}

WebSocket::WebSocket(const WebSocket& other) noexcept : link_(other.link_) {
  if (link_ != nullptr) link_->carrier_->retain();
}

WebSocket::~WebSocket() {
  if (link_ != nullptr) link_->carrier_->release();
}

bool WebSocket::is_open() const noexcept {
  return link_ != nullptr && link_->is_open();
}

WebSocket::Sent WebSocket::sent(SendStatus status) noexcept {
  // Only who has to wait needs to know for what.
  return {status == SendStatus::backlogged ? *this : WebSocket(), status};
}

WebSocket::Sent WebSocket::send(std::string_view text, Compression compression) {
  return sent(link_ ? link_->send(Opcode::text, as_bytes(text), compression) : SendStatus::closed);
}

WebSocket::Sent WebSocket::send(const std::string& text, Compression compression) {
  return send(std::string_view(text), compression);
}

WebSocket::Sent WebSocket::send(const char* text, Compression compression) {
  return send(std::string_view(text), compression);
}

WebSocket::Sent WebSocket::send(ConstBytes binary, Compression compression) {
  return sent(link_ ? link_->send(Opcode::binary, binary, compression) : SendStatus::closed);
}

WebSocket::Sent WebSocket::send(const Message& message, Compression compression) {
  check_opcode(message.opcode());
  return sent(link_ ? link_->send(message.opcode(), message.bytes(), compression)
                    : SendStatus::closed);
}

WebSocket::Sent WebSocket::send(const OwnedMessage& message, Compression compression) {
  return send(Message(message), compression);
}

WebSocket::Sent WebSocket::send(const PreparedMessage& message) {
  return sent(link_ ? link_->send(message) : SendStatus::closed);
}

WebSocket::Sent WebSocket::send_fragment(Opcode opcode, ConstBytes piece, bool last,
                                         Compression compression) {
  // Who goes on may say so; of a socket that has closed meanwhile nobody knows whether it does.
  const bool goes_on = opcode == Opcode::continuation && (!is_open() || link_->streaming());
  if (!goes_on) check_opcode(opcode);
  return sent(link_ ? link_->send_fragment(opcode, piece, last, compression) : SendStatus::closed);
}

bool WebSocket::ping(ConstBytes payload) {
  return link_ != nullptr && link_->ping(payload);
}

void WebSocket::close(websocket::CloseCode code, std::string_view reason) {
  if (link_ != nullptr) link_->close(code, reason);
}

void WebSocket::terminate() {
  if (link_ != nullptr && !link_->ended()) link_->carrier_->abort();
}

std::size_t WebSocket::buffered_bytes() const noexcept {
  return link_ != nullptr && !link_->ended() ? link_->carrier_->buffered_bytes() : 0;
}

void WebSocket::pause() {
  if (is_open()) link_->carrier_->set_paused(true);
}

void WebSocket::resume() {
  if (link_ != nullptr && !link_->ended()) link_->carrier_->set_paused(false);
}

bool WebSocket::subscribe(std::string_view topic) {
  return is_open() && link_->carrier_->hub().subscribe(*link_, topic);
}

bool WebSocket::unsubscribe(std::string_view topic) {
  return link_ != nullptr && !link_->ended() && link_->carrier_->hub().unsubscribe(*link_, topic);
}

PublishStatus WebSocket::publish(std::string_view topic, const Message& message) {
  return publish(topic, PreparedMessage::of(message.opcode(), message.bytes()));
}

PublishStatus WebSocket::publish(std::string_view topic, std::string_view text) {
  return publish(topic, PreparedMessage::text(text));
}

PublishStatus WebSocket::publish(std::string_view topic, const PreparedMessage& message) {
  if (link_ == nullptr || !link_->may_publish()) return PublishStatus::accepted;
  return link_->carrier_->hub().publish(topic, message, *link_, false);
}

PublishStatus WebSocket::publish_to_all(std::string_view topic, const Message& message) {
  return publish_to_all(topic, PreparedMessage::of(message.opcode(), message.bytes()));
}

PublishStatus WebSocket::publish_to_all(std::string_view topic, std::string_view text) {
  return publish_to_all(topic, PreparedMessage::text(text));
}

PublishStatus WebSocket::publish_to_all(std::string_view topic, const PreparedMessage& message) {
  if (link_ == nullptr || !link_->may_publish()) return PublishStatus::accepted;
  return link_->carrier_->hub().publish(topic, message, *link_, true);
}

std::optional<CloseInfo> WebSocket::close_info() const noexcept {
  if (link_ == nullptr || !link_->ended()) return std::nullopt;
  return link_->close_info();
}

Sender WebSocket::sender() const {
  return link_ != nullptr ? link_->sender() : Sender();
}

State& WebSocket::state_slot() const noexcept {
  if (link_ == nullptr) std::abort();
  return link_->state();
}

std::string_view WebSocket::subprotocol() const noexcept {
  return link_ != nullptr ? link_->subprotocol() : std::string_view();
}

std::optional<websocket::DeflateParameters> WebSocket::deflate() const noexcept {
  return link_ != nullptr ? link_->deflate() : std::nullopt;
}

std::string WebSocket::peer() const {
  return link_ != nullptr ? link_->carrier_->peer() : std::string();
}

bool WebSocket::secure() const noexcept {
  return link_ != nullptr && link_->carrier_->tls() != nullptr;
}

std::optional<tls::SessionInfo> WebSocket::tls() const {
  return secure() ? link_->carrier_->tls()->info() : std::nullopt;
}

// ---------------------------------------------------------------------------- waiting

bool WebSocket::Sent::await_suspend(std::coroutine_handle<> waiter) {
  awaited_ = true;
  if (!socket_.is_open() || !socket_.link_->backlogged()) return false;
  waiter_ = waiter;
  socket_.link_->wait_for_room(waiter);
  return true;
}

SendStatus WebSocket::Sent::await_resume() const noexcept {
  if (status_ != SendStatus::backlogged) return status_;
  return socket_.is_open() ? SendStatus::accepted : SendStatus::closed;
}

void WebSocket::Sent::forget() noexcept {
  if (socket_.link_ == nullptr) return;
  if (waiter_) socket_.link_->forget_sender(waiter_);
  if (!awaited_) socket_.link_->note_unawaited();
}

WebSocket::Receive WebSocket::receive() {
  return Receive(*this);
}

bool WebSocket::Receive::await_ready() noexcept {
  return socket_.link_ == nullptr || socket_.link_->may_receive_now();
}

bool WebSocket::Receive::await_suspend(std::coroutine_handle<> waiter) {
  socket_.link_->wait_to_receive(waiter);
  waiter_ = waiter;
  return true;
}

WebSocket::ReceiveChunk WebSocket::receive_chunk() {
  return ReceiveChunk(*this);
}

std::optional<OwnedChunk> WebSocket::Receive::take() {
  waiter_ = nullptr;
  if (socket_.link_ == nullptr) return std::nullopt;
  auto chunk = socket_.link_->take_received();
  if (chunk) socket_.link_->carrier_->input_wanted();
  return chunk;
}

std::optional<OwnedMessage> WebSocket::Receive::await_resume() {
  auto chunk = take();
  if (!chunk) return std::nullopt;
  return std::move(*chunk).piece();
}

WebSocket::RoundTrip WebSocket::round_trip() {
  return RoundTrip(*this);
}

bool WebSocket::RoundTrip::await_suspend(std::coroutine_handle<> waiter) {
  number_ = socket_.link_->measure_round_trip(waiter);
  return number_.has_value();
}

std::optional<std::chrono::microseconds> WebSocket::RoundTrip::await_resume() {
  if (!number_) return std::nullopt;
  return socket_.link_->take_round_trip(*std::exchange(number_, std::nullopt));
}

WebSocket::RoundTrip::~RoundTrip() {
  if (number_) socket_.link_->forget_round_trip(*number_);
}

WebSocket::Receive::~Receive() {
  if (waiter_ && socket_.link_ != nullptr) socket_.link_->forget_receiver();
}

}  // namespace duplex::connection
