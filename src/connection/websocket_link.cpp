#include "connection/websocket_link.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "connection/hub.hpp"
#include "net/event_loop.hpp"

namespace duplex::connection {

namespace {

// From this size on a payload is sent from its owner's memory instead of being copied behind its
// header: a second span for the system costs less than copying this much. (Where the payload was
// read from the same loop, there is none: the header is put in front of it.)
constexpr std::size_t large_payload_bytes = 16 * 1024;

constexpr std::uint64_t never = UINT64_MAX;

/// What our pings carry that are to be told from others.
std::string round_trip_payload(std::uint64_t number) {
  return "round trip " + std::to_string(number);
}

}  // namespace

WebSocketLink::NextEvent WebSocketLink::next_unobserved(Bytes& input) noexcept {
  ByteQueue& output = carrier_->output();
  const std::size_t before = output.size();
  auto event = session_.next(input, output);
  if (output.size() > before) {
    carrier_->output_written();
    note_unawaited();
  }
  return event;
}

WebSocketLink::NextEvent WebSocketLink::next_observed(Bytes& input) noexcept {
  NextEvent event;
  const bool answered = write([&](ByteQueue& output) {
    event = session_.next(input, output);
    return !output.empty();
  });
  if (answered) note_unawaited();
  return event;
}

void WebSocketLink::resume_senders() {
  if (!rare_) return;
  // One by one, since any of them may end others, which then are not waiting any more; and not
  // those that begin to wait again.
  for (std::size_t count = rare_->senders.size(); count > 0 && !rare_->senders.empty(); --count) {
    const auto waiter = rare_->senders.front();
    rare_->senders.erase(rare_->senders.begin());
    waiter.resume();
  }
}

bool WebSocketLink::deliver(Chunk chunk) {
  // Nothing behind a gap, which its receiver would not know of.
  if (rare().unheard || rare_->received) {
    rare_->unheard = true;
    return false;
  }
  rare_->received.emplace(chunk);
  if (rare_->receiver) std::exchange(rare_->receiver, nullptr).resume();
  return true;
}

void WebSocketLink::note_close(websocket::CloseCode code, std::string_view reason) {
  close_code_ = code;
  if (!reason.empty()) rare().close_reason = reason;
}

CloseInfo WebSocketLink::close_info() const noexcept {
  if (close_code_ == websocket::CloseCode::abnormal && closed_as_slow_) {
    return {websocket::CloseCode::policy_violation, "too slow: the outbox was full"};
  }
  return {close_code_, rare_ ? std::string_view(rare_->close_reason) : std::string_view()};
}

std::optional<std::uint64_t> WebSocketLink::on_time(const LinkTimes& times) noexcept {
  const auto [now_ms, alive_ms, progress_ms] = times;
  const auto due_in = static_cast<std::int32_t>(due_ms_ - static_cast<std::uint32_t>(now_ms));
  if (closing() == websocket::Closing::close_sent) {
    if (due_in > 0) return now_ms + static_cast<std::uint32_t>(due_in);
    // The peer can answer only when it has what was sent before; as long as it takes that, it has
    // not failed.
    const std::uint64_t due_ms = progress_ms + options_->close_ms_max;
    if (carrier_->buffered_bytes() > 0 && due_ms > now_ms) return due_ms;
    return std::nullopt;
  }
  // Nothing more is expected of a peer that has closed too, but to take what is left, for which the
  // carrier has limits.
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
  note_end();
  // Handles may keep this for long; windows need not be kept with it.
  session_.leave_workspace();
  if (!rare_) return;
  if (rare_->receiver) std::exchange(rare_->receiver, nullptr).resume();
  resume_senders();
  if (!rare_->round_trips.empty()) end_round_trips(rare_->round_trips.back().number);
}

void WebSocketLink::set_subprotocol(std::string_view subprotocol) {
  if (!subprotocol.empty()) rare().subprotocol = subprotocol;
}

void WebSocketLink::enable_deflate(const websocket::DeflateParameters& agreed) {
  session_.enable_deflate(agreed, carrier_->hub().deflate_workspace());
  deflate_key_ = agreed.key();
  deflates_ = true;
}

// ---------------------------------------------------------------------------- sending

/// Runs `write_frames(output)`, which says whether it wrote, and sends what it wrote, and `behind`
/// behind it.
template <class Write>
bool WebSocketLink::write(Write write_frames, ConstBytes behind) noexcept {
  if (options_->observer == nullptr) {
    if (!write_frames(carrier_->output())) return false;
    carrier_->output_written();
    if (!behind.empty()) carrier_->send_large(behind);
    return true;
  }
  // The observer may send in its turn, here or elsewhere: it is told when all is on its way.
  ByteQueue frames;
  if (!write_frames(frames)) return false;
  carrier_->output().append(frames.content());
  carrier_->output_written();
  if (!behind.empty()) carrier_->send_large(behind);
  observe(frames.content());
  return true;
}

/// Whether others have sent more than the peer may leave in its outbox. An answer is never too
/// much: its peer is not read from while it doesn't take its answers.
bool WebSocketLink::outbox_full() const noexcept {
  if (carrier_->answering()) return false;
  const std::size_t deferred_bytes = rare_ ? rare_->deferred_bytes : 0;
  return carrier_->buffered_bytes() + deferred_bytes > options_->outbox_bytes_max;
}

/// Why no message may be sent; nullopt when one may.
std::optional<SendStatus> WebSocketLink::refusal() noexcept {
  if (!is_open()) return SendStatus::closed;
  if (!outbox_full()) return std::nullopt;
  if (options_->slow_consumer == SlowConsumer::close) return close_as_slow();
  carrier_->hub().counters().messages_dropped.fetch_add(1, std::memory_order_relaxed);
  return SendStatus::dropped;
}

SendStatus WebSocketLink::close_as_slow() noexcept {
  carrier_->hub().counters().slow_consumers_closed.fetch_add(1, std::memory_order_relaxed);
  closed_as_slow_ = true;
  close(websocket::CloseCode::policy_violation, "too slow: the outbox is full");
  return SendStatus::closed;
}

SendStatus WebSocketLink::accepted() noexcept {
  if (!backlogged()) return SendStatus::accepted;
  was_backlogged_ = true;
  return SendStatus::backlogged;
}

SendStatus WebSocketLink::send(websocket::Opcode opcode, ConstBytes payload,
                               websocket::Compression compression) noexcept {
  if (const auto refused = refusal()) return *refused;
  if (defers()) return defer(websocket::PreparedMessage::of(opcode, payload, compression));
  const bool large = payload.size() >= large_payload_bytes &&
                     options_->session.role == websocket::Role::server &&
                     !session_.compresses(payload.size(), compression);
  if (large) {
    write(
        [&](ByteQueue& output) {
          return session_.write_message_header(opcode, payload.size(), output);
        },
        payload);
  } else {
    write([&](ByteQueue& output) {
      return session_.write_message(opcode, payload, output, compression);
    });
  }
  return accepted();
}

SendStatus WebSocketLink::send(const websocket::PreparedMessage& message) noexcept {
  if (const auto refused = refusal()) return *refused;
  if (defers()) return defer(message);
  auto frame = session_.shared_frame(message);
  if (!frame) return send(message.opcode(), message.payload(), message.compression());
  // Handed on, not copied: a reference more for each subscriber would be counted, by all threads in
  // one place.
  const SharedBytes shown = options_->observer != nullptr ? *frame : SharedBytes();
  carrier_->send(*std::move(frame));
  observe(shown.bytes());
  return accepted();
}

/// Keeps a whole message until the one that is being sent in fragments has ended, since they can't
/// be mixed (RFC 6455 section 5.4).
SendStatus WebSocketLink::defer(websocket::PreparedMessage message) noexcept {
  rare().deferred_bytes += message.frame().size();
  rare_->deferred.push_back(std::move(message));
  return accepted();
}

SendStatus WebSocketLink::send_fragment(websocket::Opcode opcode, ConstBytes piece, bool last,
                                        websocket::Compression compression) noexcept {
  if (!is_open()) return SendStatus::closed;
  // A message can't lose a piece: whatever the policy, there is only closing.
  if (outbox_full()) return close_as_slow();
  write([&](ByteQueue& output) {
    return session_.write_fragment(opcode, piece, last, output, compression);
  });
  if (last && rare_) send_deferred();
  return accepted();
}

/// Whatever the policy: they were accepted.
void WebSocketLink::send_deferred() noexcept {
  // One by one, since an observer may send in its turn: behind what waits here, or in fragments.
  while (!rare_->deferred.empty() && is_open() && !session_.streaming()) {
    const websocket::PreparedMessage message = std::move(rare_->deferred[rare_->deferred_gone++]);
    if (rare_->deferred_gone == rare_->deferred.size()) {
      rare_->deferred = {};
      rare_->deferred_gone = 0;
    }
    rare_->deferred_bytes -= message.frame().size();
    if (const auto frame = session_.shared_frame(message)) {
      carrier_->send(*frame);
      observe(frame->bytes());
    } else {
      write([&](ByteQueue& output) {
        return session_.write_message(message.opcode(), message.payload(), output,
                                      message.compression());
      });
    }
  }
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
  carrier_->set_paused(false);
  carrier_->input_wanted();
}

void WebSocketLink::observe(ConstBytes frames) noexcept {
  if (options_->observer == nullptr) return;
  const auto receiver = options_->session.role == websocket::Role::server ? websocket::Role::client
                                                                          : websocket::Role::server;
  while (!frames.empty()) {
    const auto parsed = websocket::parse_frame_header(frames, {receiver, deflates_});
    if (!parsed || !*parsed) return;
    options_->observer->frame_sent(*this, (*parsed)->header);
    const std::uint64_t frame_bytes = (*parsed)->size + (*parsed)->header.payload_bytes;
    if (frame_bytes >= frames.size()) return;
    frames = frames.subspan(frame_bytes);
  }
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
  if (rare().receiver) {
    throw std::logic_error("two coroutines can't receive from one socket at a time");
  }
  rare_->receiver = waiter;
  carrier_->input_wanted();
}

std::optional<OwnedChunk> WebSocketLink::take_received() {
  if (!rare_) return std::nullopt;
  return std::exchange(rare_->received, std::nullopt);
}

void WebSocketLink::forget_receiver() noexcept {
  if (rare_) rare_->receiver = nullptr;
}

std::optional<std::uint64_t> WebSocketLink::measure_round_trip(std::coroutine_handle<> waiter) {
  const std::uint64_t number = ++rare().pings;
  if (!ping(as_bytes(round_trip_payload(number)))) return std::nullopt;
  rare_->round_trips.push_back({number, std::chrono::steady_clock::now(), waiter, std::nullopt});
  return number;
}

void WebSocketLink::note_pong(ConstBytes payload) {
  if (!rare_ || rare_->round_trips.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  // A peer may answer the last of several pings alone (RFC 6455 section 5.5.3).
  const auto answered = std::ranges::find_if(rare_->round_trips, [&](const RoundTrip& trip) {
    return trip.waiter && as_text(payload) == round_trip_payload(trip.number);
  });
  if (answered == rare_->round_trips.end()) return;
  const std::uint64_t number = answered->number;
  for (RoundTrip& trip : rare_->round_trips) {
    if (trip.number <= number && trip.waiter) {
      trip.duration = std::chrono::floor<std::chrono::microseconds>(now - trip.sent);
    }
  }
  end_round_trips(number);
}

/// Lets those go on who wait for pings up to this number.
void WebSocketLink::end_round_trips(std::uint64_t number) {
  // One by one, since any of them may end others.
  while (true) {
    const auto next = std::ranges::find_if(rare_->round_trips, [&](const RoundTrip& trip) {
      return trip.waiter && trip.number <= number;
    });
    if (next == rare_->round_trips.end()) return;
    std::exchange(next->waiter, nullptr).resume();
  }
}

std::optional<std::chrono::microseconds> WebSocketLink::take_round_trip(std::uint64_t number) {
  if (!rare_) return std::nullopt;
  const auto trip = std::ranges::find(rare_->round_trips, number, &RoundTrip::number);
  if (trip == rare_->round_trips.end()) return std::nullopt;
  const auto duration = trip->duration;
  rare_->round_trips.erase(trip);
  return duration;
}

void WebSocketLink::forget_round_trip(std::uint64_t number) noexcept {
  if (rare_)
    std::erase_if(rare_->round_trips, [&](const auto& trip) { return trip.number == number; });
}

void WebSocketLink::wait_for_room(std::coroutine_handle<> waiter) {
  rare().senders.push_back(waiter);
}

void WebSocketLink::forget_sender(std::coroutine_handle<> waiter) noexcept {
  if (rare_) std::erase(rare_->senders, waiter);
}

}  // namespace duplex::connection
