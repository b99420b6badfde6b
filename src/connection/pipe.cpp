#include "connection/pipe.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace duplex::connection {

namespace {

// What collects in the cork before it is sent in the middle of an input: as much as uWebSockets
// does, four times over, since a pipelining peer is served best by few large sends.
constexpr std::size_t cork_bytes_max = 64 * 1024;

// How often, and how much at a time, one connection is read from before others have their turn,
// when it has a long message.
constexpr int placed_receives_max = 16;
constexpr std::size_t placed_bytes_max = std::size_t{1024} * 1024;

// What is read first of a long message.
constexpr std::size_t large_head_bytes = std::size_t{16} * 1024;

// A cork that a large answer has grown is given back.
constexpr std::size_t cork_capacity_max = 1024 * 1024;

// How much of what a peer sends after our last word is thrown away in one go.
constexpr std::size_t discard_bytes_max = 256 * 1024;

// The longest that is sent from in front of what was read: a frame's header has no more than 14.
constexpr std::size_t front_bytes_max = 16;

iovec span_of(ConstBytes bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// The part of `buffer` that is `bytes` and `front_bytes` in front of them; empty when it is not
/// all there.
Bytes with_front(Bytes buffer, ConstBytes bytes, std::size_t front_bytes) noexcept {
  const std::size_t place = reinterpret_cast<std::uintptr_t>(bytes.data()) -
                            reinterpret_cast<std::uintptr_t>(buffer.data());
  if (place < front_bytes || place >= buffer.size() || bytes.size() > buffer.size() - place) {
    return {};
  }
  return buffer.subspan(place - front_bytes, front_bytes + bytes.size());
}

}  // namespace

Pipe::Pipe(Hub& hub, net::Descriptor socket, std::unique_ptr<tls::Stream> stream)
    : hub_(&hub),
      transport_(std::move(socket),
                 stream ? std::make_unique<Encryption>(std::move(stream), hub.tls_workspace())
                        : nullptr) {}

Pipe::~Pipe() = default;

void Pipe::begin(std::uint32_t index) noexcept {
  index_ = index;
  received_ms_ = static_cast<std::uint32_t>(now_ms());
  progress_ms_ = received_ms_;
  watches_input_ = true;
  const auto error = hub_->loop().watch(descriptor(), {.readable = true}, *this);
  if (error) return close();
  if (transport_.shaking_hands()) {
    const auto begun = transport_.encryption()->begin(descriptor());
    if (!begun) return close();
    if (transport_.encryption()->failure()) return fail_encryption();
    if (!*begun) {
      note_blocked(true);
      update_interest();
    }
    return wake_by(now_ms() + hub_->limits().handshake_ms_max);
  }
  const std::uint64_t due = on_time(now_ms());
  if (is_open() && due != never) wake_by(due);
}

// ---------------------------------------------------------------------------- input

// With all that it calls here in one piece: it is what every message goes through.
[[gnu::flatten]] void Pipe::on_ready(net::Readiness readiness) noexcept {
  if (readiness.writable) blocked_ = false;
  if (phase_ == Phase::lingering) {
    discard_input();
  } else if (readiness.readable && wants_input() && !input_ended_) {
    receive();
  } else if (readiness.hung_up) {
    close();
  }
  if (is_open()) settle();
}

void Pipe::receive() noexcept {
  // What is there of a long message is taken at once, so that it is worked on while it is in the
  // processor's cache, and its memory serves the next connection.
  for (int i = 0; receive_once() && placed_ && wants_input() && i < placed_receives_max; ++i) {
  }
}

/// Where to read into when nothing is kept. What is copied to a long message's own memory is only
/// what was read with its header: little, where one is expected.
Bytes Pipe::place_for_input() noexcept {
  if (placed_) {
    const Bytes room = input_room();
    return room.first(std::min(room.size(), placed_bytes_max));
  }
  const Bytes buffer = hub_->loop().read_buffer();
  // A TLS record that begins in there may have more than that.
  const bool little = expects_large_ && transport_.encryption() == nullptr;
  return little ? buffer.first(std::min(buffer.size(), large_head_bytes)) : buffer;
}

/// Whether there may be more, since there was as much as there was room for.
bool Pipe::receive_once() noexcept {
  const std::size_t kept = kept_bytes();
  const Bytes buffer = kept > 0 ? hub_->loop().read_buffer() : place_for_input();
  // So much is kept only behind a pause, and is presented at the end of the iteration.
  if (input_wanted_ && kept > buffer.size() / 2) return false;
  if (kept > 0) std::memcpy(buffer.data(), kept_->content().data(), kept);
  const bool was_shaking_hands = transport_.shaking_hands();
  const net::Transferred received = transport_.receive(buffer.subspan(kept));
  if (was_shaking_hands && !transport_.shaking_hands()) {
    note_progress();
    on_secured();
    const std::uint64_t due = on_time(now_ms());
    if (!is_open()) return false;
    if (due != never) wake_by(due);
  }
  switch (received.state) {
    case net::Transfer::ok:
      received_ms_ = static_cast<std::uint32_t>(now_ms());
      kept_.reset();
      process(buffer.first(kept + received.bytes));
      if (transport_.input_ended() && phase_ == Phase::open) end_input();
      break;
    case net::Transfer::would_block: break;
    case net::Transfer::closed: end_input(); break;
    case net::Transfer::failed:
      if (transport_.encryption() && transport_.encryption()->failure()) {
        fail_encryption();
      } else {
        close();
      }
      return false;
  }
  // TLS may have had something to say.
  if (is_open() && transport_.unsent_bytes() > 0) note_blocked(true);
  // As much as the beginning of a long message came, and was none.
  if (!placed_ && received.bytes == large_head_bytes) expects_large_ = false;
  return received.bytes == buffer.size() - kept && !input_ended_;
}

void Pipe::end_input() noexcept {
  input_ended_ = true;
  on_input_end();
}

void Pipe::process(Bytes input) noexcept {
  set_answering(true);
  hub_->set_at_work(this);
  input_wanted_ = false;
  on_input(input);
  hub_->set_at_work(nullptr);
  if (!is_open()) {
    set_answering(false);
    hub_->loop().cork().clear();
    return;
  }
  if (phase_ == Phase::open && !input.empty()) keep(input);
  flush_cork();
  set_answering(false);
}

void Pipe::keep(ConstBytes input) noexcept {
  kept_ = std::make_unique<ByteQueue>();
  kept_->append(input);
}

void Pipe::set_pause(Pause pause, bool paused) noexcept {
  const unsigned pauses = paused ? pauses_ | pause : pauses_ & ~pause;
  if (pauses == pauses_) return;
  pauses_ = static_cast<std::uint8_t>(pauses & 3U);
  if (pauses_ == 0) input_wanted();
  request_service();
}

void Pipe::input_wanted() noexcept {
  if (phase_ != Phase::open) return;
  input_wanted_ = true;
  // The end of the pause asks again.
  if (pauses_ == 0) request_service();
}

void Pipe::request_service() noexcept {
  if (service_requested_ || !is_open()) return;
  service_requested_ = true;
  hub_->service_later(*this);
}

void Pipe::service() noexcept {
  service_requested_ = false;
  if (!is_open()) return;
  // Even when input is held: whoever holds it has asked, and decides anew.
  if (input_wanted_ && phase_ == Phase::open && pauses_ == 0) {
    const std::size_t kept = kept_bytes();
    const Bytes buffer = hub_->loop().read_buffer();
    if (kept > 0) std::memcpy(buffer.data(), kept_->content().data(), kept);
    kept_.reset();
    process(buffer.first(kept));
    if (!is_open()) return;
    if (input_ended_ && phase_ == Phase::open) on_input_end();
    if (!is_open()) return;
  }
  settle();
}

// ---------------------------------------------------------------------------- output

ByteQueue& Pipe::output() noexcept {
  return corked() ? hub_->loop().cork() : hub_->scratch();
}

void Pipe::output_written() noexcept {
  if (corked()) {
    if (hub_->loop().cork().size() >= cork_bytes_max) flush_cork();
    return;
  }
  ByteQueue& scratch = hub_->scratch();
  if (is_open()) outbox_.append(scratch.content());
  if (scratch.capacity() > cork_capacity_max) scratch.release();
  scratch.clear();
  request_service();
}

void Pipe::flush_cork() noexcept {
  ByteQueue& cork = hub_->loop().cork();
  if (cork.empty()) return;
  std::size_t sent = 0;
  if (outbox_.empty() && !blocked_ && is_open()) {
    const net::Transferred result = transport_.send(ConstBytes(cork.content()));
    // As it is nearly always.
    if (result.bytes == cork.size() && transport_.unsent_bytes() == 0) return empty_cork();
    if (result.state == net::Transfer::failed) {
      close();
    } else {
      sent = result.bytes;
    }
  }
  if (is_open() && sent < cork.size()) {
    outbox_.append(ConstBytes(cork.content()).subspan(sent));
    // A short send means that the socket is full, but not when others were before us.
    if (sent > 0 || outbox_.size_bytes() == cork.size()) note_blocked(true);
  }
  if (is_open() && transport_.unsent_bytes() > 0) note_blocked(true);
  empty_cork();
}

void Pipe::empty_cork() noexcept {
  ByteQueue& cork = hub_->loop().cork();
  cork.clear();
  if (cork.capacity() > cork_capacity_max) cork.release();
}

void Pipe::send(SharedBytes bytes) noexcept {
  if (!is_open()) return;
  if (corked()) flush_cork_to_outbox();
  outbox_.append(std::move(bytes));
  request_service();
}

void Pipe::send_file(FileRange range) noexcept {
  if (!is_open()) return;
  if (corked()) flush_cork_to_outbox();
  outbox_.append(std::move(range));
  request_service();
}

void Pipe::send_large(ConstBytes bytes) noexcept {
  if (!corked()) flush();
  if (!is_open()) return;
  ByteQueue empty;
  ByteQueue& before = corked() ? hub_->loop().cork() : empty;
  std::size_t sent = 0;
  if (outbox_.empty() && !blocked_) {
    const net::Transferred result = send_both(before.content(), bytes);
    if (result.state == net::Transfer::failed) {
      before.clear();
      return close();
    }
    sent = result.bytes;
    note_blocked(sent < before.size() + bytes.size() || transport_.unsent_bytes() > 0);
    // As it is nearly always. Nothing waited before, and nothing does now.
    if (!blocked_ && corked()) return before.clear();
  }
  const std::size_t sent_before = std::min(sent, before.size());
  outbox_.append(ConstBytes(before.content()).subspan(sent_before));
  before.clear();
  outbox_.append(bytes.subspan(sent - sent_before));
  request_service();
}

/// Sends `front` and `bytes` behind it. An echo's header is put in front of its payload, where that
/// was read: one span costs the system less than two.
net::Transferred Pipe::send_both(ConstBytes front, ConstBytes bytes) noexcept {
  if (front.empty()) return transport_.send(bytes);
  if (front.size() <= front_bytes_max) {
    const Bytes whole = with_front(hub_->loop().read_buffer(), bytes, front.size());
    if (!whole.empty()) {
      // The place may be what the user sees of the same message, and sends the rest of.
      std::array<std::byte, front_bytes_max> covered;
      std::memcpy(covered.data(), whole.data(), front.size());
      std::memcpy(whole.data(), front.data(), front.size());
      const net::Transferred sent = transport_.send(ConstBytes(whole));
      std::memcpy(whole.data(), covered.data(), front.size());
      return sent;
    }
  }
  return transport_.send(std::array{span_of(front), span_of(bytes)});
}

void Pipe::flush_cork_to_outbox() noexcept {
  ByteQueue& cork = hub_->loop().cork();
  outbox_.append(cork.content());
  cork.clear();
}

std::size_t Pipe::buffered_bytes() const noexcept {
  return outbox_.held_bytes() + transport_.unsent_bytes() +
         (corked() ? hub_->loop().cork().size() : 0);
}

void Pipe::send_unsent() noexcept {
  const std::uint64_t before = outbox_.size_bytes() + transport_.unsent_bytes();
  const auto all_sent = transport_.send(outbox_);
  if (!all_sent) return close();
  if (outbox_.size_bytes() + transport_.unsent_bytes() < before) note_progress();
  note_blocked(!*all_sent);
}

void Pipe::note_blocked(bool blocked) noexcept {
  if (blocked && !blocked_) {
    note_progress();
    wake_by(now_ms() + hub_->limits().stalled_write_ms_max);
  }
  blocked_ = blocked;
}

void Pipe::note_progress() noexcept {
  // The time for the handshake runs from its beginning, whatever is sent in it.
  if (transport_.shaking_hands() && phase_ == Phase::open) return;
  progress_ms_ = static_cast<std::uint32_t>(now_ms());
}

/// Sends what waits, lets those go on who waited for room, and ends what is to end.
void Pipe::settle() noexcept {
  flush();
  if (is_open() && phase_ != Phase::lingering) on_room();
  if (!is_open()) return;
  flush();
  if (!is_open()) return;
  if (phase_ == Phase::finishing && outbox_.empty() && !blocked_) end_sending();
  if (is_open()) update_interest();
}

void Pipe::update_interest() noexcept {
  // As it is nearly always.
  if (pauses_ == 0 && !held_ && !input_ended_ && !blocked_ && !watches_output_ && watches_input_ &&
      phase_ == Phase::open) {
    return;
  }
  const bool input = phase_ == Phase::lingering || (wants_input() && !input_ended_);
  const bool output = blocked_;
  if (input == watches_input_ && output == watches_output_) return;
  watches_input_ = input;
  watches_output_ = output;
  const auto error =
      hub_->loop().change(descriptor(), {.readable = input, .writable = output}, *this);
  if (error) close();
}

// ---------------------------------------------------------------------------- the end

void Pipe::finish() noexcept {
  if (phase_ != Phase::open) return;
  phase_ = Phase::finishing;
  kept_.reset();
  request_service();
}

void Pipe::end_sending() noexcept {
  // To close before something was read would reset the connection. With TLS an alert is to come.
  if (had_last_input_ && !transport_.encryption() && net::is_quiet(descriptor())) return close();
  const auto ended = transport_.end_sending();
  if (!ended) return close();
  if (!*ended) return note_blocked(true);
  phase_ = Phase::lingering;
  progress_ms_ = static_cast<std::uint32_t>(now_ms());
  wake_by(now_ms() + hub_->limits().linger_ms_max);
  if (input_ended_) return close();
  discard_input();
}

void Pipe::fail_encryption() noexcept {
  const tls::Failure& failure = *transport_.encryption()->failure();
  outbox_.clear();
  on_insecure(failure);
  // Whoever can still be told is told by an alert, which is on its way, or in clear.
  if (failure.kind == tls::TlsError::truncated) return close();
  finish();
}

void Pipe::discard_input() noexcept {
  const net::Transferred discarded = transport_.discard(discard_bytes_max);
  if (discarded.state == net::Transfer::closed || discarded.state == net::Transfer::failed) {
    close();
  }
}

void Pipe::close() noexcept {
  if (!is_open()) return;
  phase_ = Phase::closed;
  hub_->loop().unwatch(descriptor(), *this);
  hub_->retire(*this);
  outbox_.clear();
  kept_.reset();
  on_ended();
}

void Pipe::bury() noexcept {
  if (!disposed_) {
    on_closed();
    transport_.close();
    disposed_ = true;
    tell_release();
  }
  if (handles() == 0) {
    delete this;
  } else {
    hub_->add_orphan(*this);
  }
}

void Pipe::on_released() noexcept {
  if (!disposed_) {
    if (is_open()) on_abandoned();
    return;
  }
  if (hub_ == nullptr) {
    delete this;
  } else {
    hub_->retire_orphan(*this);
  }
}

void Pipe::discard() noexcept {
  retain();
  on_discarded();
  hub_ = nullptr;
  release();
}

void Pipe::on_deadline(std::uint64_t now) noexcept {
  std::uint64_t due = never;
  if (phase_ == Phase::lingering) {
    due = progress_ms() + hub_->limits().linger_ms_max;
    if (now >= due) return close();
  } else if (transport_.shaking_hands() && phase_ == Phase::open) {
    due = progress_ms() + hub_->limits().handshake_ms_max;
    if (now >= due) {
      transport_.encryption()->fail({tls::TlsError::timed_out, "it took too long"});
      return fail_encryption();
    }
  } else {
    if (blocked_) {
      due = progress_ms() + hub_->limits().stalled_write_ms_max;
      if (now >= due) {
        on_stalled();
        // Else the system would keep what was sent for as long as the peer answers at all.
        if (is_open()) net::reset_on_close(descriptor());
        return close();
      }
    }
    const std::uint64_t protocol_due = on_time(now);
    if (!is_open()) return;
    due = std::min(due, protocol_due);
  }
  if (due != never) wake_by(due);
}

std::string Pipe::peer() const {
  return transport_.peer();
}

const tls::Stream* Pipe::tls() const noexcept {
  return transport_.encryption() ? &transport_.encryption()->stream() : nullptr;
}

}  // namespace duplex::connection
