#include "connection/websocket_link.hpp"

#include <algorithm>
#include <utility>

#include "connection/hub.hpp"
#include "net/event_loop.hpp"

namespace duplex::connection {

namespace {

// From this size on a payload is sent from its owner's memory instead of being copied behind its
// header: a second span for the system costs less than copying this much.
constexpr std::size_t large_payload_bytes = 16 * 1024;

constexpr std::uint64_t never = UINT64_MAX;

}  // namespace

std::expected<std::optional<websocket::Session::Event>, websocket::Error> WebSocketLink::next(
    Bytes& input) noexcept {
  ByteQueue& output = carrier_->output();
  const std::size_t before = output.size();
  auto event = session_.next(input, output);
  if (output.size() > before) pass_on(output, before);
  return event;
}

bool WebSocketLink::take_drained() noexcept {
  if (!was_backlogged_ || backlogged()) return false;
  was_backlogged_ = false;
  return true;
}

void WebSocketLink::resume_senders() {
  if (!rare_) return;
  // One by one, since any may end others that wait; and only as many as waited at first, since
  // some may soon wait again.
  auto& senders = rare_->senders;
  for (std::size_t left = senders.size(); left > 0 && !senders.empty(); --left) {
    const auto waiter = senders.front();
    senders.erase(senders.begin());
    waiter.resume();
  }
}

void WebSocketLink::deliver(Message message) {
  rare().received.emplace(message);
  if (rare_->receiver) std::exchange(rare_->receiver, nullptr).resume();
}

std::optional<std::uint64_t> WebSocketLink::on_time(std::uint64_t now_ms,
                                                    std::uint64_t alive_ms) noexcept {
  const auto due_in = static_cast<std::int32_t>(due_ms_ - static_cast<std::uint32_t>(now_ms));
  if (closing() == websocket::Closing::close_sent) {
    if (due_in <= 0) return std::nullopt;
    return now_ms + static_cast<std::uint32_t>(due_in);
  }
  // Nothing more is expected of the peer but to take what is left, for which the carrier has
  // limits.
  if (close_sent() || options_->heartbeat_ms == 0) return never;
  if (ping_unanswered_) {
    const auto pinged_ms = static_cast<std::uint64_t>(static_cast<std::int64_t>(now_ms) + due_in -
                                                      options_->heartbeat_answer_ms_max);
    ping_unanswered_ = alive_ms < pinged_ms;
    if (ping_unanswered_ && due_in <= 0) return std::nullopt;
    if (ping_unanswered_) return now_ms + static_cast<std::uint32_t>(due_in);
  }
  const std::uint64_t ping_due_ms = alive_ms + options_->heartbeat_ms;
  if (now_ms < ping_due_ms) return ping_due_ms;
  ping({});
  ping_unanswered_ = true;
  const std::uint64_t answer_due_ms = now_ms + options_->heartbeat_answer_ms_max;
  due_ms_ = static_cast<std::uint32_t>(answer_due_ms);
  return answer_due_ms;
}

void WebSocketLink::end() {
  ended_ = true;
  if (!rare_) return;
  if (rare_->receiver) std::exchange(rare_->receiver, nullptr).resume();
  resume_senders();
}

void WebSocketLink::set_subprotocol(std::string_view subprotocol) {
  if (!subprotocol.empty()) rare().subprotocol = subprotocol;
}

// ---------------------------------------------------------------------------- sending

/// Runs `write_frame(output)`, which says whether it wrote, and passes on what it wrote.
template <class Write>
bool WebSocketLink::write(Write write_frame, ConstBytes large_payload) noexcept {
  ByteQueue& output = carrier_->output();
  const std::size_t before = output.size();
  if (!write_frame(output)) return false;
  pass_on(output, before, large_payload);
  return true;
}

/// Passes on the one frame that stands behind the first `before` bytes of `output`, and its payload
/// if that goes another way. Shows it only then: who is shown it may send, and to the same place.
void WebSocketLink::pass_on(ByteQueue& output, std::size_t before,
                            ConstBytes large_payload) noexcept {
  const auto header = shown_header(ConstBytes(output.content()).subspan(before));
  carrier_->output_written();
  if (!large_payload.empty()) carrier_->send_large(large_payload);
  if (header) options_->observer->frame_sent(*this, *header);
}

/// The header of `frame`, when there is somebody to show it to.
std::optional<websocket::FrameHeader> WebSocketLink::shown_header(ConstBytes frame) const noexcept {
  if (options_->observer == nullptr) return std::nullopt;
  const auto receiver = options_->session.role == websocket::Role::server ? websocket::Role::client
                                                                          : websocket::Role::server;
  const auto parsed = websocket::parse_frame_header(frame, receiver);
  if (!parsed || !*parsed) return std::nullopt;
  return (*parsed)->header;
}

/// Why nothing more may be sent; nullopt when it may. `held_bytes` count as buffered.
std::optional<SendStatus> WebSocketLink::refusal(std::size_t held_bytes) noexcept {
  if (!is_open()) return SendStatus::closed;
  // An answer is never refused: its peer is not read from while it doesn't take its answers.
  if (carrier_->answering() ||
      carrier_->buffered_bytes() + held_bytes <= options_->outbox_bytes_max) {
    return std::nullopt;
  }
  HubCounters& counters = carrier_->hub().counters();
  if (options_->slow_consumer == SlowConsumer::drop_newest) {
    counters.messages_dropped.fetch_add(1, std::memory_order_relaxed);
    return SendStatus::dropped;
  }
  counters.slow_consumers_closed.fetch_add(1, std::memory_order_relaxed);
  closed_as_slow_ = true;
  close(websocket::CloseCode::policy_violation, "too slow: the outbox is full");
  return SendStatus::closed;
}

SendStatus WebSocketLink::accepted() noexcept {
  if (!backlogged()) return SendStatus::accepted;
  was_backlogged_ = true;
  return SendStatus::backlogged;
}

SendStatus WebSocketLink::send(websocket::Opcode opcode, ConstBytes payload) noexcept {
  if (const auto refused = refusal()) return *refused;
  const bool large =
      payload.size() >= large_payload_bytes && options_->session.role == websocket::Role::server;
  const bool written = write(
      [&](ByteQueue& output) {
        return large ? session_.write_message_header(opcode, payload.size(), output)
                     : session_.write_message(opcode, payload, output);
      },
      large ? payload : ConstBytes());
  return written ? accepted() : SendStatus::closed;
}

SendStatus WebSocketLink::send(const websocket::PreparedMessage& message) noexcept {
  if (const auto refused = refusal(rare_ ? rare_->held_bytes : 0)) return *refused;
  write_prepared(message);
  return accepted();
}

/// Sends `message`, or holds it: others publish at any time, but inside of a message there is no
/// place for another (RFC 6455 section 5.4).
void WebSocketLink::write_prepared(const websocket::PreparedMessage& message) {
  if (session_.streaming()) {
    rare().held.push_back(message);
    rare_->held_bytes += message.frame().size();
  } else if (options_->session.role == websocket::Role::client) {
    write([&](ByteQueue& output) {
      return session_.write_message(message.opcode(), message.payload(), output);
    });
  } else {
    const auto header = shown_header(message.frame().bytes());
    carrier_->send(message.frame());
    if (header) options_->observer->frame_sent(*this, *header);
  }
}

void WebSocketLink::write_held() {
  if (!rare_ || rare_->held.empty()) return;
  rare_->held_bytes = 0;
  for (const websocket::PreparedMessage& message : std::exchange(rare_->held, {})) {
    if (is_open()) write_prepared(message);
  }
}

SendStatus WebSocketLink::send_fragment(websocket::Opcode opcode, ConstBytes piece,
                                        bool last) noexcept {
  if (const auto refused = refusal()) return *refused;
  const bool written = write(
      [&](ByteQueue& output) { return session_.write_fragment(opcode, piece, last, output); });
  if (!written) return SendStatus::closed;
  if (last) write_held();
  return accepted();
}

bool WebSocketLink::ping(ConstBytes payload) noexcept {
  if (!is_open()) return false;
  return write([&](ByteQueue& output) { return session_.write_ping(payload, output); });
}

void WebSocketLink::close(websocket::CloseCode code, std::string_view reason) noexcept {
  if (!is_open()) return;
  write([&](ByteQueue& output) { return session_.write_close(code, reason, output); });
  const std::uint64_t due_ms = carrier_->hub().loop().now_ms() + options_->close_ms_max;
  due_ms_ = static_cast<std::uint32_t>(due_ms);
  carrier_->wake_by(due_ms);
  // The peer's answer must be read, whatever the reading was held for.
  carrier_->input_wanted();
}

Sender WebSocketLink::sender() noexcept {
  if (ended_) return {};
  Hub& hub = carrier_->hub();
  const std::uint32_t index = carrier_->index();
  return {hub.loop().inbox(), hub, index, hub.generation(index)};
}

// ---------------------------------------------------------------------------- waiting

WebSocketLink::Rare& WebSocketLink::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void WebSocketLink::wait_to_receive(std::coroutine_handle<> waiter) {
  rare().receiver = waiter;
  carrier_->input_wanted();
}

std::optional<OwnedMessage> WebSocketLink::take_received() {
  if (!rare_) return std::nullopt;
  return std::exchange(rare_->received, std::nullopt);
}

void WebSocketLink::forget_receiver() noexcept {
  if (rare_) rare_->receiver = nullptr;
}

void WebSocketLink::wait_for_room(std::coroutine_handle<> waiter) {
  rare().senders.push_back(waiter);
}

void WebSocketLink::forget_sender(std::coroutine_handle<> waiter) noexcept {
  if (rare_) std::erase(rare_->senders, waiter);
}

}  // namespace duplex::connection
