#pragma once

#include <cstdint>
#include <variant>

#include "connection/pipe.hpp"
#include "connection/turn.hpp"
#include "connection/websocket_link.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/session.hpp>

/// What drivers of a WebSocket on a pipe do alike, at either end. Whom the events are for is
/// theirs.
namespace duplex::connection {

/// How messages reach the user.
enum class Delivery : bool {
  callbacks,  ///< each is an event
  coroutine,  ///< each waits in the link until it is received, and the input with it
};

/// Gives `input` to `link` until it is used up, or has to wait; `handle` is called with what is not
/// dealt with here: messages and pieces (unless a coroutine takes them), pongs, frames.
template <class Handle>
void drive(Pipe& pipe, WebSocketLink& link, Delivery delivery, Bytes& input, Handle handle) {
  using websocket::Session;
  bool held = false;
  Turn turn;
  bool turn_over = false;
  const auto take_message = [&](const Session::Message& message) {
    if (delivery == Delivery::coroutine &&
        !link.deliver(Message(message.opcode, message.payload))) {
      return;
    }
    handle(message);
  };
  const auto take_chunk = [&](const Session::Chunk& chunk) {
    if (delivery == Delivery::coroutine &&
        !link.deliver(Chunk{chunk.opcode, chunk.payload, chunk.first, chunk.last})) {
      return;
    }
    handle(chunk);
  };
  while (pipe.is_open() && !pipe.finishing() && !pipe.paused()) {
    // After our close frame nothing is answered any more, and only the peer's is waited for.
    held = !link.close_sent() &&
           (link.answers_wait() || (delivery == Delivery::coroutine && link.delivery_waits()));
    if (held || !link.wants_next(input)) break;
    if (const auto message = link.next_message(input)) {
      take_message(*message);
      turn_over = turn.spend(Turn::message_bytes + message->payload.size());
      if (turn_over) break;
      continue;
    }
    const auto event = link.next(input);
    if (!event) {
      link.note_failure(event.error());
      pipe.finish();
      return;
    }
    if (!*event) break;
    const Session::Event& found = **event;
    std::size_t bytes = 0;
    if (const auto* message = std::get_if<Session::Message>(&found)) {
      bytes = message->payload.size();
      take_message(*message);
    } else if (const auto* chunk = std::get_if<Session::Chunk>(&found)) {
      bytes = chunk->payload.size();
      take_chunk(*chunk);
    } else if (const auto* pong = std::get_if<Session::Pong>(&found)) {
      link.note_pong(pong->payload);
      handle(*pong);
    } else if (const auto* frame = std::get_if<Session::FrameSeen>(&found)) {
      handle(*frame);
    } else if (const auto* closed = std::get_if<Session::Closed>(&found)) {
      link.note_close(closed->code, closed->reason);
      // Behind its close frame the peer sends nothing (RFC 6455 section 5.5.1).
      pipe.note_last_input();
      if (link.hang_up()) pipe.finish();
    }
    turn_over = turn.spend(Turn::message_bytes + bytes);
    if (turn_over) break;
  }
  // The rest is presented again when others have had their turn.
  if (turn_over) pipe.input_wanted();
  pipe.set_input_held(held);
  pipe.set_input_placed(link.has_input_room() ? link.message_bytes() : 0);
}

/// For `Pipe::on_room`: lets those go on who waited for the peer to take what was sent. `on_drain`
/// is called once after `send` had said `backlogged`.
template <class OnDrain>
void note_room(Pipe& pipe, WebSocketLink& link, OnDrain on_drain) {
  if (!link.may_wait_for_room() && !pipe.input_held()) return;
  if (link.backlogged()) return;
  if (link.take_drained()) on_drain();
  link.resume_senders();
  // A message that waits for its receiver is no input that could be worked on now.
  if (pipe.input_held() && !link.delivery_waits()) pipe.input_wanted();
}

/// For `Pipe::on_time`: what time demands. The next time to be called; the pipe's `never` when it
/// has been cut off.
std::uint64_t note_time(Pipe& pipe, WebSocketLink& link, std::uint64_t now_ms);

}  // namespace duplex::connection
