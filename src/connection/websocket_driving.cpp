#include "connection/websocket_driving.hpp"

#include <algorithm>
#include <cstdint>

namespace duplex::connection {

std::uint64_t note_time(Pipe& pipe, WebSocketLink& link, std::uint64_t now_ms) {
  // A peer that we don't read from can't show that it lives by speaking; but taking what we send
  // shows it, and a user's pause proves nothing against it.
  std::uint64_t alive_ms = pipe.received_ms();
  if (pipe.paused()) alive_ms = now_ms;
  if (pipe.input_held()) alive_ms = std::max(alive_ms, pipe.progress_ms());
  const auto due_ms = link.on_time({now_ms, alive_ms, pipe.progress_ms()});
  if (due_ms) return *due_ms;
  if (!link.close_sent()) {
    link.note_close(websocket::CloseCode::abnormal, "no answer to the heartbeat ping");
  }
  pipe.abort();
  return UINT64_MAX;
}

}  // namespace duplex::connection
