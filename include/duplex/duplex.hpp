#pragma once

/// Everything that a program needs to serve HTTP and WebSocket, under short names; what concerns
/// encryption stays in `duplex::tls`.

#include <duplex/base/bytes.hpp>
#include <duplex/base/shared_bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>
#include <duplex/net/async.hpp>
#include <duplex/server/server.hpp>
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/server_options.hpp>
#include <duplex/tls/session_info.hpp>

namespace duplex {

using connection::Chunk;
using connection::CloseInfo;
using connection::FrameInfo;
using connection::Message;
using connection::OwnedMessage;
using connection::Sender;
using connection::SendStatus;
using connection::SlowConsumer;
using connection::WebSocket;
using http::Method;
using http::SetCookie;
using http::Status;
using net::Completion;
using net::offload;
using net::sleep_for;
using server::AccessRecord;
using server::BodyReader;
using server::BodyWriter;
using server::EventWriter;
using server::ListenError;
using server::ListenOptions;
using server::Next;
using server::Request;
using server::Response;
using server::Server;
using server::ServerOptions;
using server::ServerSentEvent;
using server::StaticFilesOptions;
using server::Statistics;
using server::StopOptions;
using server::StrictTransport;
using server::TimeLimits;
using server::Upgrade;
using server::WebSocketEndpoint;
using server::WebSocketOptions;
using websocket::CloseCode;
using websocket::Opcode;
using websocket::PreparedMessage;

}  // namespace duplex
