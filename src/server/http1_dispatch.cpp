#include <exception>
#include <string>
#include <utility>

#include "server/connection.hpp"
#include "server/entrance.hpp"
#include "server/http1_answering.hpp"
#include "server/http1_connection.hpp"
#include "server/redirect.hpp"
#include "server/worker.hpp"
#include <duplex/http1/error.hpp>
#include <duplex/http1/response_writer.hpp>
#include <duplex/websocket/deflate_negotiation.hpp>
#include <duplex/websocket/handshake.hpp>

// Who answers a request: a filter, a handler, a folder; or the upgrade to WebSocket.

namespace duplex::server {

void Http1Connection::dispatch(const http1::RequestFraming& framing) {
  if (exchange_.has_unknown_expectation()) {
    return respond(Response::text("Only \"100-continue\" can be expected of this server.\n",
                                  http::Status::expectation_failed));
  }
  try {
    if (entrance_.redirect_to_https) {
      return respond(redirect_to_https(request_->request().head(), *entrance_.redirect_to_https));
    }
    Resolution resolution = worker_.dispatcher().resolve(*request_);
    if (auto answer = worker_.dispatcher().filter(request_->request())) {
      return respond(std::move(*answer));
    }
    answer_resolved(framing, std::move(resolution));
  } catch (const std::exception& exception) {
    respond(internal_error(exception.what()));
  } catch (...) {
    respond(internal_error("an exception that is no std::exception"));
  }
}

void Http1Connection::answer_resolved(const http1::RequestFraming& framing, Resolution resolution) {
  if (resolution.websocket != nullptr) return begin_upgrade(*resolution.websocket);

  const bool wrapped = worker_.dispatcher().is_wrapped(request_->request());
  if (!wrapped) {
    if (resolution.answer) return respond(std::move(*resolution.answer));
    const Handler::Function* function = Dispatcher::function(*resolution.handler);
    if (function != nullptr && !framing.has_content()) return call_function(*function);
  }
  const bool reads =
      resolution.handler != nullptr && Dispatcher::reads_content(*resolution.handler);
  const bool collects = framing.has_content() && resolution.handler != nullptr && !reads;
  if (reads || collects) {
    const ServerOptions& options = worker_.options();
    const std::uint64_t bytes_max =
        reads ? options.streamed_body_bytes_max.value_or(options.limits.body_bytes_max)
              : options.limits.body_bytes_max;
    // The parser says the same when it comes to the content, but by then "100 Continue", or the
    // handler, would have answered already.
    if (framing.content_length > bytes_max) {
      return refuse(http1::status_of(http1::Error::content_too_large),
                    http1::describe(http1::Error::content_too_large));
    }
    parser_.limit_body(bytes_max);
  }
  request_->own_head();
  answering().resolution = std::move(resolution);
  if (!collects) return start_handler();

  answering_->collecting = true;
  request_->expect_content(framing.content_length);
  if (exchange_.wants_continue()) {
    http1::write_continue(connection_.output());
    connection_.output_written();
    exchange_.continue_sent();
  }
  connection_.wake_by(connection_.now_ms() + worker_.options().time_limits.body_progress_ms_max);
}

void Http1Connection::call_function(const Handler::Function& function) {
  try {
    respond(function(request_->request()));
  } catch (const std::exception& exception) {
    respond(internal_error(exception.what()));
  } catch (...) {
    respond(internal_error("an exception that is no std::exception"));
  }
}

void Http1Connection::start_handler() {
  answering_->handler_task = run_handler();
  answering_->handler_task.start();
}

Task<> Http1Connection::run_handler() {
  const Dispatcher::FindFile find_file = [this](const FilesMount& mount) {
    return worker_.file(request_->request(), mount);
  };
  Response response;
  try {
    response = co_await worker_.dispatcher().run(answering_->resolution, request_->request(),
                                                 answering_->reader, find_file);
  } catch (const std::exception& exception) {
    response = internal_error(exception.what());
  } catch (...) {
    response = internal_error("an exception that is no std::exception");
  }
  respond(std::move(response));
}

Response Http1Connection::internal_error(std::string_view what) {
  const http::RequestHead& head = request_->request().head();
  worker_.log(LogLevel::error, "the handler of " + std::string(http::name(head.method)) + " " +
                                   std::string(head.target) + " failed: " + std::string(what));
  return Response::text("Internal server error.\n", http::Status::internal_server_error);
}

void Http1Connection::begin_upgrade(const WebSocketRoute& route) {
  const Request& request = request_->request();
  const auto handshake = websocket::check_handshake(request.head());
  if (!handshake) {
    const http::Status status = websocket::status_of(handshake.error());
    std::string sentence = std::string(websocket::describe(handshake.error())) + ".\n";
    if (status == http::Status::upgrade_required) {
      return respond(Response::upgrade_required(std::move(sentence)));
    }
    return respond(Response::text(std::move(sentence), status));
  }
  const WebSocketEndpoint& endpoint = route.endpoint();
  if (!websocket::origin_allowed(request.head(), request.secure(), endpoint.options.origins)) {
    return respond(
        Response::text("Pages of this origin may not connect: the server does not list it.\n",
                       http::Status::forbidden));
  }
  if (UpgradeAccess::coroutine(endpoint.on_upgrade) != nullptr) {
    request_->own_head();
    answering().handler_task = decide_upgrade(route);
    answering_->handler_task.start();
  } else if (const auto* function = UpgradeAccess::function(endpoint.on_upgrade)) {
    finish_upgrade(route, (*function)(request));
  } else {
    finish_upgrade(route, Upgrade::accept());
  }
}

Task<> Http1Connection::decide_upgrade(const WebSocketRoute& route) {
  std::optional<Response> failure;
  try {
    const auto& decide = *UpgradeAccess::coroutine(route.endpoint().on_upgrade);
    finish_upgrade(route, co_await decide(request_->request()));
  } catch (const std::exception& exception) {
    failure = internal_error(exception.what());
  } catch (...) {
    failure = internal_error("an exception that is no std::exception");
  }
  if (failure) respond(std::move(*failure));
}

void Http1Connection::finish_upgrade(const WebSocketRoute& route, Upgrade upgrade) {
  if (!connection_.is_open()) return;
  if (auto& refusal = UpgradeAccess::refusal(upgrade)) return respond(std::move(*refusal));

  const http::RequestHead& head = request_->request().head();
  const WebSocketEndpoint& endpoint = route.endpoint();
  std::string subprotocol = UpgradeAccess::subprotocol(upgrade);
  if (subprotocol.empty()) {
    subprotocol = websocket::choose_subprotocol(head, endpoint.options.subprotocols).value_or("");
  } else if (!websocket::offers_subprotocol(head, subprotocol)) {
    return respond(internal_error("on_upgrade chose the subprotocol \"" + subprotocol +
                                  "\", which the client did not offer"));
  }
  plan_ = exchange_.plan(http::Status::switching_protocols, std::nullopt);
  status_ = http::Status::switching_protocols;
  ByteQueue& output = connection_.output();
  const std::size_t before = output.size();
  http::Fields& fields = UpgradeAccess::fields(upgrade);
  if (const http::FieldView standing = entrance_.strict_transport();
      !standing.name.empty() && !fields.contains(standing.name)) {
    fields.add(standing.name, standing.value);
  }
  websocket::SwitchingProtocols answer{.key = *head.fields.find("Sec-WebSocket-Key")};
  if (!subprotocol.empty()) answer.subprotocol = subprotocol;
  std::optional<websocket::DeflateAnswer> deflate;
  if (endpoint.options.deflate) {
    deflate = websocket::accept_deflate(head, *endpoint.options.deflate);
    if (deflate) answer.extensions = deflate->text;
  }
  websocket::write_switching_protocols(answer, fields, output);
  std::string response_head;
  if (endpoint.on_handshake) response_head = as_text(ConstBytes(output.content()).subspan(before));
  connection_.output_written();
  log_access();
  upgrade_ = AcceptedUpgrade{
      .route = &route,
      .request = std::move(request_),
      .state = std::move(UpgradeAccess::state(upgrade)),
      .subprotocol = std::move(subprotocol),
      .deflate = deflate ? std::optional(deflate->parameters) : std::nullopt,
      .response_head = std::move(response_head),
  };
  if (!in_input_) connection_.input_wanted();
}

}  // namespace duplex::server
