#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "connection/carrier.hpp"
#include "connection/hub.hpp"
#include "connection/outbox.hpp"
#include "connection/transport.hpp"
#include "net/descriptor.hpp"
#include "net/event_loop.hpp"
#include "tls/stream.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::connection {

/// One connected stream socket, with what came and could not be used yet, and what could not be
/// sent yet; in clear or encrypted. Knows no protocol: whoever derives from it consumes the input.
///
/// Reads into the loop's buffer, or where its protocol collects something long, and keeps bytes of
/// its own only while something is incomplete.
/// What is written while input is being worked on collects in the loop's cork and leaves with one
/// send; what is written otherwise leaves at the end of the iteration. Closing marks; the hub
/// frees.
class Pipe : public net::Pollable, public Carrier {
 public:
  /// Encrypted by `stream`, which was made with the hub's workspace; in clear when that is null.
  Pipe(Hub& hub, net::Descriptor socket, std::unique_ptr<tls::Stream> stream = nullptr);
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool is_open() const noexcept { return phase_ != Phase::closed; }

  // For the drivers of protocols.

  /// The protocol takes no input now (it is busy, or the peer is slow to take answers): bytes are
  /// left to the kernel, and so to the peer.
  void set_input_held(bool held) noexcept { held_ = held; }
  bool input_held() const noexcept { return held_; }
  /// The next input is to be read into `input_room`, as long as nothing is kept: it belongs to a
  /// message of so many bytes. 0: it does not.
  void set_input_placed(std::uint64_t message_bytes) noexcept {
    placed_ = message_bytes > 0;
    // The next one is likely to be as long.
    if (placed_ && message_bytes > hub_->loop().read_buffer().size()) expects_large_ = true;
  }
  /// The peer has sent its last, by its own word: its end need not be waited for after ours.
  void note_last_input() noexcept { had_last_input_ = true; }
  bool paused() const noexcept { return pauses_ != 0; }
  /// What was published for the peer waits to be delivered elsewhere, behind much else: no more
  /// input is presented until that has gone.
  void set_awaits_deliveries(bool awaits) noexcept { set_pause(Pause::deliveries, awaits); }
  bool awaits_deliveries() const noexcept { return (pauses_ & Pause::deliveries) != 0; }
  bool input_ended() const noexcept { return input_ended_; }
  bool finishing() const noexcept { return phase_ != Phase::open; }
  /// Takes what input has come by now, without waiting for the loop to tell. Not inside `on_input`.
  void take_input_now() noexcept {
    if (wants_input() && !input_ended_) receive();
  }
  /// Whether all that has come was read and used.
  bool is_quiet() const noexcept {
    return is_open() && kept_bytes() == 0 && !input_ended_ && net::is_quiet(descriptor());
  }
  /// Sends a part of a file behind all that was written before.
  void send_file(FileRange range) noexcept;
  /// What was written and has not been taken by the system, with files.
  std::uint64_t unsent_bytes() const noexcept {
    return outbox_.size_bytes() + transport_.unsent_bytes() +
           (corked() ? hub_->loop().cork().size() : 0);
  }
  /// Parts of files among that.
  std::size_t unsent_files() const noexcept { return outbox_.files(); }
  std::uint64_t now_ms() const noexcept { return hub_->loop().now_ms(); }
  /// When bytes last came; and when bytes were last taken while some had to wait.
  std::uint64_t received_ms() const noexcept { return full_time(received_ms_); }
  std::uint64_t progress_ms() const noexcept { return full_time(progress_ms_); }

  /// The WebSocket that this carries; nullptr when it carries something else.
  virtual WebSocketLink* websocket() noexcept = 0;

  // For the hub.
  void begin(std::uint32_t index) noexcept;
  void service() noexcept;
  void on_deadline(std::uint64_t now_ms) noexcept;
  void bury() noexcept;
  void discard() noexcept;

  // Carrier
  Hub& hub() noexcept final { return *hub_; }
  ByteQueue& output() noexcept final;
  void output_written() noexcept final;
  void send(SharedBytes bytes) noexcept final;
  void send_large(ConstBytes bytes) noexcept final;
  std::size_t buffered_bytes() const noexcept final;
  void set_paused(bool paused) noexcept final { set_pause(Pause::user, paused); }
  void input_wanted() noexcept final;
  void wake_by(std::uint64_t due_ms) noexcept final { hub_->wake_by(index_, due_ms); }
  void finish() noexcept final;
  void abort() noexcept final { close(); }
  std::string peer() const final;
  const tls::Stream* tls() const noexcept final;
  std::uint32_t index() const noexcept final { return index_; }

 protected:
  virtual ~Pipe();

  /// The last handle to it has gone while it is open; told only after `watch_handles`, since on a
  /// server handles come and go with each message.
  virtual void on_abandoned() noexcept {}
  void watch_handles() noexcept { tell_release(); }

  /// Input has come, or is wanted: consume the front of it. What is left is kept, and presented
  /// again with more behind it. Never called inside itself.
  virtual void on_input(Bytes& input) noexcept = 0;
  /// Where input is to be put, after `set_input_placed`; it is presented from there.
  virtual Bytes input_room() noexcept { return {}; }
  /// The peer will send no more. What is left of the input stays, and is presented if wanted.
  virtual void on_input_end() noexcept = 0;
  /// The connection is encrypted now: the handshake has ended well.
  virtual void on_secured() noexcept = 0;
  /// It can't be encrypted, or can't be any longer: only note it. The pipe finishes behind this
  /// call. What is written in it goes in clear; that is for `TlsError::clear_http` alone.
  virtual void on_insecure(const tls::Failure& failure) noexcept = 0;
  /// At the end of an iteration in which something was written or sent: go on with what waited for
  /// room, if there is.
  virtual void on_room() noexcept = 0;
  /// The peer has taken nothing of what is sent for too long: the connection ends.
  virtual void on_stalled() noexcept {}
  /// The connection has ended: only note it. May be inside any other call.
  virtual void on_ended() noexcept = 0;
  /// The connection has ended: tell whoever is to know, once, at the end of the iteration, when
  /// nobody's code is running.
  virtual void on_closed() noexcept = 0;
  /// Act on what is due; the next time to be called is the answer (`never` for none).
  virtual std::uint64_t on_time(std::uint64_t now_ms) noexcept = 0;

  /// The hub ends while handles still keep this: drop the users' coroutines, which hold them.
  virtual void on_discarded() noexcept = 0;

  static constexpr std::uint64_t never = UINT64_MAX;

  void close() noexcept;

  /// Whether the peer is slow: the system takes no more at the moment.
  bool blocked() const noexcept { return blocked_; }
  /// How many bytes of input have come and wait.
  std::size_t kept_bytes() const noexcept { return kept_ ? kept_->size() : 0; }
  int descriptor() const noexcept { return transport_.descriptor(); }

 private:
  enum class Phase : std::uint8_t {
    open,
    finishing,  ///< sends what is left
    lingering,  ///< has sent all and said so; waits for the peer to do the same
    closed,
  };

  /// Why no input is presented; there may be several reasons. Bits of one field, since each input
  /// asks for all at once, and two flags are 18 instructions more for each message.
  enum Pause : std::uint8_t {
    user = 1,
    deliveries = 2,
  };

  void on_ready(net::Readiness readiness) noexcept final;
  void on_released() noexcept final;
  void set_pause(Pause pause, bool paused) noexcept;
  void receive() noexcept;
  Bytes place_for_input() noexcept;
  bool receive_once() noexcept;
  void end_input() noexcept;
  void process(Bytes input) noexcept;
  void keep(ConstBytes input) noexcept;
  void flush_cork() noexcept;
  void empty_cork() noexcept;
  net::Transferred send_both(ConstBytes front, ConstBytes bytes) noexcept;
  void flush_cork_to_outbox() noexcept;
  void flush() noexcept {
    if (!blocked_ && has_unsent()) send_unsent();
  }
  void send_unsent() noexcept;
  void settle() noexcept;
  void request_service() noexcept;
  void end_sending() noexcept;
  void discard_input() noexcept;
  void fail_encryption() noexcept;
  void update_interest() noexcept;
  void note_blocked(bool blocked) noexcept;
  void note_progress() noexcept;
  /// Whether the loop's cork is ours.
  bool corked() const noexcept { return answering(); }
  bool has_unsent() const noexcept { return !outbox_.empty() || transport_.unsent_bytes() > 0; }
  bool wants_input() const noexcept { return phase_ == Phase::open && pauses_ == 0 && !held_; }
  std::uint64_t full_time(std::uint32_t low) const noexcept {
    const std::uint64_t now = now_ms();
    return now - (static_cast<std::uint32_t>(now) - low);
  }

  // The small ones fill the padding of what is before them.
  Phase phase_ = Phase::open;
  // What decides about what the loop is to watch for, and that, side by side.
  std::uint8_t pauses_ : 2 = 0;
  bool held_ : 1 = false;  // by the protocol
  bool input_ended_ : 1 = false;
  bool blocked_ : 1 = false;  // the socket takes no more: wait for writability
  bool watches_output_ : 1 = false;
  bool watches_input_ : 1 = false;
  bool input_wanted_ : 1 = false;
  bool placed_ : 1 = false;         // input goes where the protocol has it
  bool expects_large_ : 1 = false;  // the next message may be longer than the read buffer
  bool had_last_input_ : 1 = false;
  bool service_requested_ : 1 = false;
  bool disposed_ : 1 = false;  // only handles keep it
  Hub* hub_;
  [[no_unique_address]] Transport transport_;
  std::uint32_t index_ = 0;
  Outbox outbox_;
  std::unique_ptr<ByteQueue> kept_;
  // The low halves of loop times: connections are many, and none lasts for 49 days in silence.
  std::uint32_t received_ms_ = 0;
  std::uint32_t progress_ms_ = 0;
};

}  // namespace duplex::connection
