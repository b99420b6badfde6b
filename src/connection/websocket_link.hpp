#pragma once

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection/carrier.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/sender.hpp>
#include <duplex/connection/slow_consumer.hpp>
#include <duplex/connection/state.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/websocket/prepared_message.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::connection {

/// Sees every frame that a link sends, as it goes over the wire.
class FrameObserver {
 public:
  virtual void frame_sent(WebSocketLink& link, const websocket::FrameHeader& header) noexcept = 0;

 protected:
  ~FrameObserver() = default;
};

/// What all links of an endpoint have in common; each only points to it.
struct LinkOptions {
  websocket::SessionOptions session;
  std::size_t outbox_bytes_max = 0;
  SlowConsumer slow_consumer = SlowConsumer::close;
  std::size_t backlog_bytes = 0;
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t heartbeat_answer_ms_max = 0;
  std::uint32_t close_ms_max = 0;
  FrameObserver* observer = nullptr;
};

/// Moments of the loop's clock that time limits go by.
struct LinkTimes {
  std::uint64_t now_ms = 0;
  /// When the peer last gave a sign of life.
  std::uint64_t alive_ms = 0;
  /// When it last took bytes that had to wait.
  std::uint64_t progress_ms = 0;
};

/// One WebSocket on its carrier: the session, and what its handles share. Whoever owns it feeds it
/// with input and acts on its events; `WebSocket` is the users' handle of it.
class WebSocketLink {
 public:
  /// Both are borrowed, and outlive the link.
  WebSocketLink(Carrier& carrier, const LinkOptions& options) noexcept
      : carrier_(&carrier), options_(&options), session_(options.session) {}
  WebSocketLink(const WebSocketLink&) = delete;
  WebSocketLink& operator=(const WebSocketLink&) = delete;

  // ------------------------------------------------- for the owner

  WebSocket handle() noexcept { return WebSocket(*this); }
  Carrier& carrier() noexcept { return *carrier_; }
  const LinkOptions& options() const noexcept { return *options_; }

  using NextEvent = std::expected<std::optional<websocket::Session::Event>, websocket::Error>;

  /// The session's `next`, writing its answers to the carrier.
  NextEvent next(Bytes& input) noexcept {
    return options_->observer == nullptr ? next_unobserved(input) : next_observed(input);
  }

  /// As the session's.
  std::optional<websocket::Session::Message> next_message(Bytes& input) noexcept {
    return session_.next_message(input);
  }
  bool wants_next(ConstBytes input) const noexcept { return session_.wants_next(input); }
  bool has_input_room() const noexcept { return session_.has_input_room(); }
  std::uint64_t message_bytes() const noexcept { return session_.message_bytes(); }
  Bytes input_room() noexcept { return session_.input_room(); }

  /// Whether the peer has more to take than enough: who awaits `send` waits.
  bool backlogged() const noexcept { return carrier_->buffered_bytes() > options_->backlog_bytes; }
  /// Whether the peer must take the answers to what it has said before more is read from it. What
  /// else it has to take is no reason not to read: two peers that both had much to say, and for
  /// that did not listen, would wait for each other for ever.
  bool answers_wait() noexcept {
    answers_wait_ = answers_wait_ && backlogged();
    return answers_wait_;
  }
  /// Whether anybody might wait for the peer to catch up.
  bool may_wait_for_room() const noexcept { return was_backlogged_ || rare_; }
  /// True once after `send` had said `backlogged` and the peer has caught up: time for `on_drain`.
  bool take_drained() noexcept {
    if (!was_backlogged_ || backlogged()) return false;
    was_backlogged_ = false;
    return true;
  }
  /// Lets those go on who wait for the peer to catch up.
  void resume_senders();

  /// Gives a message, or a piece of one, to the coroutine that receives, now or when it asks. False
  /// where one waits for that already, which only happens behind our close frame, when nobody may
  /// be receiving any more: this one is lost then, and so are all that follow.
  bool deliver(Chunk chunk);
  bool deliver(Message message) {
    return deliver(Chunk{message.opcode(), message.bytes(), true, true});
  }
  /// A pong has come: ends the wait of who measures round trips by it.
  void note_pong(ConstBytes payload);
  /// Whether a message waits for the coroutine to ask.
  bool delivery_waits() const noexcept { return rare_ && rare_->received.has_value(); }

  /// What time demands: heartbeats, and limits for their answer and for the closing handshake.
  /// Returns the next time to be asked; nullopt when the peer has failed and is to be cut off.
  std::optional<std::uint64_t> on_time(const LinkTimes& times) noexcept;

  /// Notes why it ends, for who asks later.
  void note_close(websocket::CloseCode code, std::string_view reason);
  /// Notes that the peer has broken a rule, in the words in which it is told.
  void note_failure(websocket::Error error) {
    note_close(websocket::close_code_of(error), session_.reason_of(error));
  }
  /// How it has ended, as far as is known.
  CloseInfo close_info() const noexcept;

  /// The carrier has ended: nothing more can be sent.
  void note_end() noexcept { ended_ = true; }
  /// Tells whoever waits, by coroutines, that it has ended. Not where their code is running.
  void end();
  bool ended() const noexcept { return ended_; }
  /// For the server's driver, which has no room of its own for it: users know of this link, and are
  /// to be told of its end.
  void announce() noexcept { announced_ = true; }
  bool announced() const noexcept { return announced_; }
  bool close_sent() const noexcept { return session_.closing() != websocket::Closing::open; }
  websocket::Closing closing() const noexcept { return session_.closing(); }
  /// Whether to end the connection below as soon as all is sent; see `Session::hang_up`.
  bool hang_up() const noexcept { return session_.hang_up(); }

  void set_subprotocol(std::string_view subprotocol);
  /// Before any input or output.
  void enable_deflate(const websocket::DeflateParameters& agreed);
  void set_state(State state) noexcept { state_ = std::move(state); }

  // ------------------------------------------------- for the hub's topics

  /// Whether we close because the peer does not take what others publish to it.
  bool closed_as_slow() const noexcept { return closed_as_slow_; }

  /// The hub ends while handles still keep this.
  void detach() noexcept {
    detached_ = true;
    session_.leave_workspace();
  }

  // ------------------------------------------------- for handles

  SendStatus send(websocket::Opcode opcode, ConstBytes payload,
                  websocket::Compression compression = websocket::Compression::by_size) noexcept;
  SendStatus send(const websocket::PreparedMessage& message) noexcept;
  SendStatus send_fragment(
      websocket::Opcode opcode, ConstBytes piece, bool last,
      websocket::Compression compression = websocket::Compression::by_size) noexcept;
  /// Something was sent, by somebody who will not wait until there is room for more.
  void note_unawaited() noexcept {
    if (carrier_->answering() && backlogged()) answers_wait_ = true;
  }
  bool ping(ConstBytes payload) noexcept;
  void close(websocket::CloseCode code, std::string_view reason) noexcept;
  bool is_open() const noexcept { return !ended_ && session_.can_send(); }
  /// Whether a message is being sent in fragments.
  bool streaming() const noexcept { return session_.streaming(); }
  /// Also behind the end: that somebody has left is news, too.
  bool may_publish() const noexcept { return !detached_; }
  State& state() noexcept { return state_; }
  std::string_view subprotocol() const noexcept {
    return rare_ ? std::string_view(rare_->subprotocol) : std::string_view();
  }
  std::optional<websocket::DeflateParameters> deflate() const noexcept {
    if (!deflates_) return std::nullopt;
    return websocket::DeflateParameters::from_key(deflate_key_);
  }
  Sender sender() noexcept;

  bool may_receive_now() const noexcept { return ended_ || delivery_waits(); }
  void wait_to_receive(std::coroutine_handle<> waiter);
  std::optional<OwnedChunk> take_received();
  void forget_receiver() noexcept;

  /// Sends a ping of our own; `waiter` is resumed when it is answered, or the connection ends. The
  /// answer is the ping's number; nullopt when it can't be sent.
  std::optional<std::uint64_t> measure_round_trip(std::coroutine_handle<> waiter);
  /// How long the ping took; nullopt when it was not answered. Forgets it.
  std::optional<std::chrono::microseconds> take_round_trip(std::uint64_t number);
  void forget_round_trip(std::uint64_t number) noexcept;

  void wait_for_room(std::coroutine_handle<> waiter);
  void forget_sender(std::coroutine_handle<> waiter) noexcept;

 private:
  friend WebSocket;

  /// A ping that was sent to measure how long its answer takes.
  struct RoundTrip {
    std::uint64_t number;
    std::chrono::steady_clock::time_point sent;
    std::coroutine_handle<> waiter;  // null when it is over
    std::optional<std::chrono::microseconds> duration;
  };

  /// What few links have, or only for a while.
  struct Rare {
    std::string subprotocol;
    std::string close_reason;
    std::coroutine_handle<> receiver;
    std::optional<OwnedChunk> received;
    bool unheard = false;                // whether any was lost
    std::vector<RoundTrip> round_trips;  // in the order of their numbers
    std::uint64_t pings = 0;
    std::vector<std::coroutine_handle<>> senders;
    // Whole messages that wait for the end of one that is sent in fragments; accepted.
    std::vector<websocket::PreparedMessage> deferred;
    std::size_t deferred_gone = 0;  // so many of them are on their way
    std::size_t deferred_bytes = 0;
  };

  NextEvent next_unobserved(Bytes& input) noexcept;
  NextEvent next_observed(Bytes& input) noexcept;
  Rare& rare();
  void end_round_trips(std::uint64_t number);
  bool outbox_full() const noexcept;
  std::optional<SendStatus> refusal() noexcept;
  SendStatus close_as_slow() noexcept;
  /// Whether a message has to wait for others that are being sent.
  bool defers() const noexcept {
    return session_.streaming() || (rare_ && !rare_->deferred.empty());
  }
  SendStatus defer(websocket::PreparedMessage message) noexcept;
  void send_deferred() noexcept;
  SendStatus accepted() noexcept;
  template <class Write>
  bool write(Write write_frames, ConstBytes behind = {}) noexcept;
  void observe(ConstBytes frames) noexcept;

  Carrier* carrier_;
  const LinkOptions* options_;
  websocket::Session session_;
  State state_;
  std::unique_ptr<Rare> rare_;
  std::uint32_t due_ms_ = 0;  // low half of a loop time: for the answer to our close or ping
  websocket::CloseCode close_code_ = websocket::CloseCode::abnormal;
  std::uint8_t deflate_key_ = 0;  // what was agreed on, if `deflates_`
  bool deflates_ : 1 = false;
  bool ended_ : 1 = false;
  bool detached_ : 1 = false;
  bool was_backlogged_ : 1 = false;
  bool answers_wait_ : 1 = false;
  bool ping_unanswered_ : 1 = false;
  bool closed_as_slow_ : 1 = false;
  bool announced_ : 1 = false;
};

}  // namespace duplex::connection
