#pragma once

#include <cstdint>
#include <memory>

#include <duplex/client/call.hpp>
#include <duplex/client/error.hpp>
#include <duplex/client/reconnecting_websocket.hpp>
#include <duplex/client/websocket_request.hpp>
#include <duplex/connection/close_info.hpp>

namespace duplex::client {

class ClientState;

/// Opens a WebSocket in the loop of this thread, and keeps it open. The deadline of `bounds` is for
/// each attempt. Throws std::logic_error where no loop runs.
ReconnectingWebSocket keep_connected(const std::shared_ptr<ClientState>& client,
                                     detail::Bounds bounds, WebSocketRequest request,
                                     ReconnectOptions options);

/// Whether an error may go away by itself; what `ReconnectOptions::retry_on` is by default.
bool may_mend(const Error& error);
/// Whether a server that closed so may want its client back; what
/// `ReconnectOptions::retry_after_close` is by default.
bool may_come_back(const connection::CloseInfo& info);

/// The longest wait before the attempt that follows `failures` in a row: an exponential backoff.
std::uint32_t backoff_ms(const ReconnectOptions& options, std::uint32_t failures) noexcept;

}  // namespace duplex::client
