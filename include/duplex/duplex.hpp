#pragma once

/// Everything that a program needs to serve HTTP and WebSocket, and to ask others, under short
/// names; what concerns encryption stays in `duplex::tls`. What both ends have is a server's by its
/// short name (`Request`), and a client's by a longer one (`ClientRequest`).

#include <duplex/base/all.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/base/log_level.hpp>
#include <duplex/base/shared_bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/base/utf8.hpp>
#include <duplex/client/client.hpp>
#include <duplex/client/decode_error.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/http/authorization.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/percent.hpp>
#include <duplex/http/status.hpp>
#include <duplex/net/async.hpp>
#include <duplex/net/resolve_error.hpp>
#include <duplex/server/server.hpp>
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/client_options.hpp>
#include <duplex/tls/error.hpp>
#include <duplex/tls/server_options.hpp>
#include <duplex/tls/session_info.hpp>

namespace duplex {

using client::BlockingWebSocket;
using client::Client;
using client::ClientError;
using client::ClientOptions;
using client::ClientStatistics;
using client::Content;
using client::ContentWriter;
using client::CookieJar;
using client::DecodeError;
using client::Download;
using client::Error;
using client::Failure;
using client::PoolLimits;
using client::ProxyError;
using client::ProxyOptions;
using client::ReconnectingWebSocket;
using client::ReconnectOptions;
using client::ResponseStream;
using client::Result;
using client::Step;
using client::WebSocketHandlers;
using client::WebSocketLimits;
using client::WebSocketRequest;
using client::WhileAway;
using ClientRequest = client::Request;
using ClientResponse = client::Response;
using ClientTimeLimits = client::TimeLimits;
using connection::Chunk;
using connection::CloseInfo;
using connection::FrameInfo;
using connection::Message;
using connection::OwnedChunk;
using connection::OwnedMessage;
using connection::PublishStatus;
using connection::Sender;
using connection::SendStatus;
using connection::SlowConsumer;
using connection::WebSocket;
using http::Fields;
using http::FormPart;
using http::Method;
using http::MultipartError;
using http::MultipartLimits;
using http::SetCookie;
using http::Status;
using net::Completion;
using net::offload;
using net::ResolveError;
using net::sleep_for;
using net::within;
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
using websocket::Compression;
using websocket::DeflateOptions;
using websocket::DeflateParameters;
using websocket::Opcode;
using websocket::PreparedMessage;

}  // namespace duplex
