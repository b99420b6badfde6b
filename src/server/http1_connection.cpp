#include "server/http1_connection.hpp"

#include <exception>
#include <utility>
#include <variant>

#include "server/connection.hpp"
#include "server/response_access.hpp"
#include "server/worker.hpp"
#include <duplex/http1/error.hpp>
#include <duplex/http1/response_writer.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::server {

namespace {

/// How far a client may be behind in taking what we answer before we wait for it: with the next
/// pipelined request, the next piece of a stream.
constexpr std::size_t backlog_bytes_max = 256 * 1024;

/// Request content that is kept for a handler which reads it piece by piece.
constexpr std::size_t unread_content_bytes_max = 64 * 1024;

/// From this size on content is sent from where it is instead of being copied behind its head.
constexpr std::size_t large_content_bytes = 16 * 1024;

/// Events that a client of `Response::topic` may have left unread; as much as a WebSocket's outbox
/// holds by default.
constexpr std::size_t event_backlog_bytes_max = 4 * 1024 * 1024;

constexpr std::string_view request_too_slow = "The request took too long to arrive";

}  // namespace

/// An exchange that is not over at once.
struct Http1Connection::Answering {
  explicit Answering(Http1Connection& connection)
      : reader(connection), body_writer(connection), event_writer(connection) {}

  Resolution resolution;
  bool collecting = false;  // the content is collected, then the handler is called

  // For a handler that reads the content itself.
  BodyReader reader;
  std::string unread_content;
  std::coroutine_handle<> content_waiter;

  // For content that is written piece by piece.
  BodyWriter body_writer;
  EventWriter event_writer;
  Response::Generator generator;
  Response::Stream stream;
  Response::EventStream event_stream;
  http::Fields trailers;
  bool endless = false;  // events, which end with the connection
  std::coroutine_handle<> room_waiter;

  bool over = false;  // may be destroyed as soon as none of its coroutines is running
  // Last, so that they are destroyed before what they use.
  Task<> handler_task;
  Task<> stream_task;
};

Http1Connection::Http1Connection(Connection& connection, Worker& worker)
    : connection_(connection),
      worker_(worker),
      parser_(worker.options().limits, worker.field_table()),
      exchange_(worker.options().limits),
      request_(std::make_unique<IncomingRequest>()),
      waiting_since_ms_(worker.loop().now_ms()) {}

Http1Connection::~Http1Connection() = default;

Http1Connection::Answering& Http1Connection::answering() {
  if (!answering_) answering_ = std::make_unique<Answering>(*this);
  return *answering_;
}

/// Frees what an exchange that is over has left. Only where none of its coroutines can be running.
void Http1Connection::reap() {
  if (answering_ && answering_->over) answering_.reset();
}

// ---------------------------------------------------------------------------- input

std::optional<AcceptedUpgrade> Http1Connection::on_input(Bytes& input) {
  reap();
  in_input_ = true;
  while (!upgrade_ && wants_input()) {
    const auto event = parser_.next(input);
    if (!event) {
      refuse(http1::status_of(event.error()), http1::describe(event.error()));
      break;
    }
    if (!*event) break;
    if (const auto* head = std::get_if<http1::RequestParser::Head>(&**event)) {
      on_head(*head);
    } else if (const auto* content = std::get_if<http1::RequestParser::Content>(&**event)) {
      on_content(content->data);
    } else {
      on_request_end(std::get<http1::RequestParser::End>(**event).trailers);
    }
    reap();
  }
  in_input_ = false;
  if (!connection_.is_open() || connection_.finishing()) return std::nullopt;
  if (upgrade_) return std::exchange(upgrade_, std::nullopt);
  if (exchange_.next_step() == http1::NextStep::close) {
    connection_.finish();
    return std::nullopt;
  }
  const bool wants = wants_input();
  // While an answer is being made we still look for the end of the client's input, but one piece
  // of it is enough to hold.
  connection_.set_input_held(!wants && !input.empty());
  const bool head_began =
      wants && !parser_.idle() && exchange_.next_step() == http1::NextStep::read_request;
  if (head_began && !in_head_) {
    in_head_ = true;
    if (served_) waiting_since_ms_ = connection_.now_ms();
    arm_deadline();
  }
  if (exchange_.next_step() == http1::NextStep::read_request && parser_.idle()) {
    request_->release();
  }
  return std::nullopt;
}

/// Whether anything can be done with input now.
bool Http1Connection::wants_input() const noexcept {
  if (!connection_.is_open() || connection_.finishing()) return false;
  switch (exchange_.next_step()) {
    case http1::NextStep::read_request: return !backlogged();
    case http1::NextStep::finish_request: return true;
    case http1::NextStep::wait_for_response:
      return !exchange_.request_complete() && answering_ &&
             (answering_->collecting ||
              answering_->unread_content.size() < unread_content_bytes_max);
    case http1::NextStep::switch_protocol:
    case http1::NextStep::close: return false;
  }
  return false;
}

void Http1Connection::on_head(const http1::RequestParser::Head& found) {
  in_head_ = false;
  served_ = true;
  content_bytes_sent_ = 0;
  if (worker_.logs_access()) request_began_ = std::chrono::steady_clock::now();
  worker_.count_request();
  if (request_->peer().empty()) request_->set_peer(connection_.peer());
  request_->begin(found.head);
  exchange_.begin(found.head, found.framing);
  // The parser tells the end of a request without content in an event of its own, behind which
  // the views of the head are void. The handler may answer before.
  end_announced_ = !found.framing.has_content();
  if (end_announced_) exchange_.request_ended();
  // The parser says the same when it comes to the content, but by then the handler, or
  // "100 Continue", would have answered already.
  if (found.framing.content_length > worker_.options().limits.body_bytes_max) {
    return refuse(http1::status_of(http1::Error::content_too_large),
                  http1::describe(http1::Error::content_too_large));
  }
  dispatch(found.framing);
}

void Http1Connection::on_content(ConstBytes data) {
  exchange_.content_received(data.size());
  if (!answering_ || answering_->over) return;  // answered already, and not wanted any more
  if (answering_->collecting) {
    request_->append_content(as_text(data));
    return;
  }
  answering_->unread_content.append(as_text(data));
  if (answering_->content_waiter) std::exchange(answering_->content_waiter, nullptr).resume();
}

void Http1Connection::on_request_end(http::FieldsView trailers) {
  if (std::exchange(end_announced_, false)) return;
  exchange_.request_ended();
  if (request_) request_->set_trailers(trailers);
  if (!answering_ || answering_->over) return go_on();
  if (answering_->collecting) {
    answering_->collecting = false;
    request_->show_content();
    const Resolution& resolution = answering_->resolution;
    if (const auto* function = Dispatcher::function(*resolution.handler);
        function != nullptr && !worker_.dispatcher().is_wrapped(request_->request())) {
      call_function(*function);
    } else {
      start_handler();
    }
  } else if (answering_->content_waiter) {
    std::exchange(answering_->content_waiter, nullptr).resume();
  }
}

/// Answers what can't be understood or has not come in time, and ends the connection.
void Http1Connection::refuse(http::Status status, std::string_view sentence) {
  const bool begun = exchange_.sending_response();
  const bool known = exchange_.owes_response();
  const bool answered = exchange_.next_step() == http1::NextStep::finish_request;
  exchange_.request_failed();
  // What is left of a request that has its answer gets no second one.
  if (answered) return connection_.finish();
  if (answering_) answering_.reset();
  if (begun) return cut_off();
  // Without a request there is nothing to log by; what came of it may not even be text.
  if (!known) {
    request_->forget();
    request_began_ = std::chrono::steady_clock::now();
    if (request_->peer().empty()) request_->set_peer(connection_.peer());
  }
  status_ = status;
  ByteQueue& output = connection_.output();
  http1::write_error_response(status, sentence, worker_.date(), output);
  connection_.output_written();
  log_access();
  connection_.finish();
}

void Http1Connection::on_input_end() {
  if (connection_.finishing()) return;
  switch (exchange_.next_step()) {
    case http1::NextStep::read_request:
      // Pipelined requests may still wait for the client to take its answers.
      if (!connection_.input_held()) connection_.finish();
      return;
    case http1::NextStep::finish_request: return connection_.finish();
    case http1::NextStep::wait_for_response:
      // A client may end its side behind its request, and still wants the answer; but not one that
      // ended in the middle of its request, and nobody reads news with only half a connection.
      if (!exchange_.request_complete() || (answering_ && answering_->endless)) {
        connection_.abort();
      }
      return;
    case http1::NextStep::switch_protocol: return connection_.abort();
    case http1::NextStep::close: return connection_.finish();
  }
}

void Http1Connection::on_closed() {
  worker_.remove_subscriber(*this);
  // The client went in the middle of an answer.
  if (exchange_.sending_response() && !(answering_ && answering_->over)) log_access();
}

std::uint64_t Http1Connection::on_time(std::uint64_t now_ms) {
  const TimeLimits& limits = worker_.options().time_limits;
  const http1::NextStep step = exchange_.next_step();
  if (step == http1::NextStep::read_request) {
    // Nobody is idle who still takes the last answer; how fast is the pipe's concern.
    if (connection_.unsent_bytes() > 0) waiting_since_ms_ = now_ms;
    const bool waits_for_head = in_head_ || !served_;
    const std::uint64_t due =
        waiting_since_ms_ + (waits_for_head ? limits.head_ms_max : limits.idle_ms_max);
    if (now_ms < due) return due;
    if (in_head_) {
      refuse(http::Status::request_timeout, request_too_slow);
    } else {
      connection_.finish();
    }
    return UINT64_MAX;
  }
  // A client that waits for "100 Continue" is not late with its content.
  if (exchange_.request_complete() || !wants_input() || exchange_.wants_continue()) {
    return UINT64_MAX;
  }
  const std::uint64_t due = connection_.received_ms() + limits.body_progress_ms_max;
  if (now_ms < due) return due;
  if (step == http1::NextStep::finish_request) {
    connection_.finish();
  } else {
    refuse(http::Status::request_timeout, request_too_slow);
  }
  return UINT64_MAX;
}

void Http1Connection::stop() {
  const bool idle = exchange_.next_step() == http1::NextStep::read_request;
  exchange_.close_after_response();
  if (idle) {
    connection_.finish();
  } else if (answering_ && answering_->endless) {
    end_content();
  }
}

// ---------------------------------------------------------------------------- who answers

void Http1Connection::dispatch(const http1::RequestFraming& framing) {
  if (exchange_.has_unknown_expectation()) {
    return respond(Response::text("Only \"100-continue\" can be expected of this server.\n",
                                  http::Status::expectation_failed));
  }
  try {
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
  const bool collects = framing.has_content() && resolution.handler != nullptr &&
                        !Dispatcher::reads_content(*resolution.handler);
  request_->own_head();
  answering().resolution = std::move(resolution);
  if (!collects) return start_handler();

  answering_->collecting = true;
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
  Response response;
  try {
    response = co_await worker_.dispatcher().run(answering_->resolution, request_->request(),
                                                 answering_->reader);
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
    Response response = Response::text(std::string(websocket::describe(handshake.error())) + ".\n",
                                       websocket::status_of(handshake.error()));
    if (response.status() == http::Status::upgrade_required) {
      response.add_field("Upgrade", "websocket").add_field("Sec-WebSocket-Version", "13");
    } else if (response.status() == http::Status::method_not_allowed) {
      response.add_field("Allow", "GET");
    }
    return respond(std::move(response));
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
  const auto chosen =
      subprotocol.empty() ? std::nullopt : std::optional<std::string_view>(subprotocol);
  websocket::write_switching_protocols(*head.fields.find("Sec-WebSocket-Key"), chosen,
                                       UpgradeAccess::fields(upgrade), output);
  std::string response_head;
  if (endpoint.on_handshake) response_head = as_text(ConstBytes(output.content()).subspan(before));
  connection_.output_written();
  log_access();
  upgrade_ = AcceptedUpgrade{
      .route = &route,
      .request = std::move(request_),
      .state = std::move(UpgradeAccess::state(upgrade)),
      .subprotocol = std::move(subprotocol),
      .response_head = std::move(response_head),
  };
  if (!in_input_) connection_.input_wanted();
}

// ---------------------------------------------------------------------------- answering

void Http1Connection::respond(Response response) {
  if (!connection_.is_open() || !exchange_.owes_response()) return;
  if (http::code(response.status()) < 200 || http::code(response.status()) > 599) {
    response =
        internal_error("it answered with status " + std::to_string(http::code(response.status())) +
                       ", which is no final one");
  }
  ResponseAccess::Body& body = ResponseAccess::body(response);
  if (const auto* file = std::get_if<ResponseAccess::FilePath>(&body)) {
    return respond_with_file(worker_.file(request_->request().head(), file->path), response);
  }
  if (const auto* file = std::get_if<ResponseAccess::MountedFile>(&body)) {
    return respond_with_file(worker_.file(request_->request().head(), *file->mount), response);
  }
  ConstBytes content;
  SharedBytes shared;
  bool whole = true;
  if (const auto* text = std::get_if<std::string>(&body)) {
    content = as_bytes(*text);
  } else if (auto* bytes = std::get_if<SharedBytes>(&body)) {
    shared = std::move(*bytes);
    content = shared.bytes();
  } else {
    whole = std::holds_alternative<std::monostate>(body);
  }
  begin_response(response.status(), response.fields(),
                 whole ? std::optional<std::uint64_t>(content.size()) : std::nullopt,
                 ResponseAccess::closes(response));
  if (whole || !plan_.send_content) {
    if (!shared.empty() && plan_.send_content && shared.size() >= large_content_bytes) {
      content_bytes_sent_ = shared.size();
      connection_.send(std::move(shared));
    } else if (plan_.send_content) {
      send_whole(content);
    }
    return end_response();
  }
  // The content will be made, and the exchange logged, when the input is long gone.
  request_->own_head();
  if (const auto* topic = std::get_if<ResponseAccess::TopicName>(&body)) {
    subscribe_events(topic->name);
  } else if (auto* generator = std::get_if<Response::Generator>(&body)) {
    answering().generator = std::move(*generator);
    pump_generator();
  } else if (auto* stream = std::get_if<Response::Stream>(&body)) {
    answering().stream = std::move(*stream);
    start_stream();
  } else if (auto* events = std::get_if<Response::EventStream>(&body)) {
    open_events();
    answering_->event_stream = std::move(*events);
    start_stream();
  }
}

void Http1Connection::begin_response(http::Status status, const http::Fields& fields,
                                     std::optional<std::uint64_t> content_bytes, bool close) {
  plan_ = exchange_.plan(status, content_bytes, close);
  status_ = status;
  http1::write_response_head(status, fields, plan_, worker_.date(), connection_.output());
  connection_.output_written();
}

void Http1Connection::send_whole(ConstBytes content) {
  content_bytes_sent_ = content.size();
  if (content.size() >= large_content_bytes) return connection_.send_large(content);
  connection_.output().append(content);
  connection_.output_written();
}

/// Sends `file`, with the fields that the handler has added in `response`.
void Http1Connection::respond_with_file(FileResponse file, const Response& response) {
  const auto lines = response.fields().lines();
  for (const http::Fields::Line& line : lines) file.fields.remove(line.name);
  for (const http::Fields::Line& line : lines) file.fields.add(line.name, line.value);
  if (file.status == http::Status::ok) file.status = response.status();
  if (file.status >= http::Status::bad_request && file.pieces.empty()) {
    const std::string sentence = std::string(http::reason_phrase(file.status)) + ".\n";
    file.fields.set("Content-Type", "text/plain; charset=utf-8");
    file.content_length = sentence.size();
    file.pieces.emplace_back(sentence);
  }
  begin_response(file.status, file.fields, file.content_length, ResponseAccess::closes(response));
  if (plan_.send_content) {
    content_bytes_sent_ = file.content_length;
    for (FileResponse::Piece& piece : file.pieces) send_piece(piece);
  }
  end_response();
}

void Http1Connection::send_piece(FileResponse::Piece& piece) {
  if (auto* range = std::get_if<connection::FileRange>(&piece)) {
    connection_.send_file(std::move(*range));
  } else if (const auto* text = std::get_if<std::string>(&piece)) {
    connection_.output().append(*text);
    connection_.output_written();
  } else {
    const auto& slice = std::get<BytesSlice>(piece);
    const ConstBytes bytes = slice.bytes.bytes().subspan(slice.offset, slice.length);
    if (bytes.size() >= large_content_bytes) return connection_.send_large(bytes);
    connection_.output().append(bytes);
    connection_.output_written();
  }
}

void Http1Connection::open_events() {
  answering().endless = true;
  // Something at once, so that the client, and proxies on the way, know that it is open.
  write_content(as_bytes(": open\n\n"));
  worker_.event_stream_opened(*this);
}

void Http1Connection::subscribe_events(std::string_view topic) {
  open_events();
  worker_.subscribe(*this, topic);
}

void Http1Connection::send_event(const SharedBytes& chunk, const SharedBytes& plain) {
  if (!connection_.is_open() || !answering_ || answering_->over) return;
  if (connection_.buffered_bytes() > event_backlog_bytes_max) {
    worker_.counters().slow_consumers_closed.fetch_add(1, std::memory_order_relaxed);
    return connection_.abort();
  }
  content_bytes_sent_ += plain.size();
  connection_.send(plan_.framing == http1::Framing::chunked ? chunk : plain);
}

void Http1Connection::start_stream() {
  answering_->stream_task = run_stream();
  answering_->stream_task.start();
}

Task<> Http1Connection::run_stream() {
  std::string failure;
  try {
    if (answering_->stream) {
      co_await answering_->stream(answering_->body_writer);
    } else {
      co_await answering_->event_stream(answering_->event_writer);
    }
  } catch (const std::exception& exception) {
    failure = exception.what();
  } catch (...) {
    failure = "an exception that is no std::exception";
  }
  if (failure.empty()) {
    end_content();
  } else {
    internal_error(failure);
    cut_off();
  }
}

void Http1Connection::pump_generator() {
  try {
    while (!backlogged() && connection_.is_open()) {
      const auto piece = answering_->generator();
      if (!piece) return end_content();
      write_content(as_bytes(*piece));
    }
  } catch (const std::exception& exception) {
    internal_error(exception.what());
    cut_off();
  } catch (...) {
    internal_error("an exception that is no std::exception");
    cut_off();
  }
}

void Http1Connection::write_content(ConstBytes piece) {
  if (!connection_.is_open() || !exchange_.sending_response() || piece.empty()) return;
  content_bytes_sent_ += piece.size();
  ByteQueue& output = connection_.output();
  if (plan_.framing != http1::Framing::chunked) {
    output.append(piece);
  } else {
    http1::write_chunk(piece, output);
  }
  connection_.output_written();
}

void Http1Connection::end_content() {
  if (!connection_.is_open() || !exchange_.sending_response()) return;
  if (plan_.framing == http1::Framing::chunked) {
    http1::write_last_chunk(answering_->trailers, connection_.output());
    connection_.output_written();
  }
  end_response();
}

void Http1Connection::end_response() {
  exchange_.response_ended();
  log_access();
  if (answering_) {
    if (answering_->endless) worker_.remove_subscriber(*this);
    answering_->over = true;
  }
  go_on();
}

/// What follows an exchange, or a part of one.
void Http1Connection::go_on() {
  waiting_since_ms_ = connection_.now_ms();
  const http1::NextStep step = exchange_.next_step();
  // What is left of the request is read only if another can follow; the pipe discards the rest.
  const bool ends = step == http1::NextStep::finish_request && !plan_.persistent;
  if (step == http1::NextStep::close || ends) {
    connection_.finish();
  } else if (!in_input_) {
    // The client may have sent more while the answer was made, and its time begins to count.
    connection_.input_wanted();
    arm_deadline();
  }
}

void Http1Connection::arm_deadline() {
  const std::uint64_t due_ms = on_time(connection_.now_ms());
  if (due_ms != UINT64_MAX) connection_.wake_by(due_ms);
}

/// Ends a connection whose response can't be completed: an end without its last chunk, or with less
/// than its length, tells the client.
void Http1Connection::cut_off() {
  log_access();
  if (answering_) answering_->over = true;
  connection_.finish();
}

void Http1Connection::log_access() {
  if (!worker_.logs_access() || !request_) return;
  const http::RequestHead& head = request_->request().head();
  worker_.log_access({
      .peer = request_->peer(),
      .method = head.method,
      .target = head.target,
      .status = status_,
      .response_bytes = content_bytes_sent_,
      .duration = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - request_began_),
      .user_agent = head.fields.find("User-Agent").value_or(""),
      .referer = head.fields.find("Referer").value_or(""),
      .upgraded = status_ == http::Status::switching_protocols,
  });
}

// ---------------------------------------------------------------------------- waiting

bool Http1Connection::backlogged() const noexcept {
  // Files count too: each holds a descriptor.
  return connection_.unsent_bytes() > backlog_bytes_max;
}

bool Http1Connection::may_write() const noexcept {
  return connection_.is_open() && !backlogged();
}

void Http1Connection::on_room() {
  reap();
  if (backlogged()) return;
  if (answering_ && answering_->room_waiter) {
    std::exchange(answering_->room_waiter, nullptr).resume();
  } else if (answering_ && answering_->generator) {
    pump_generator();
  }
  if (connection_.input_held() && wants_input()) connection_.input_wanted();
}

void Http1Connection::add_trailer(std::string_view name, std::string_view value) {
  answering_->trailers.add(name, value);
}

void Http1Connection::wait_for_room(std::coroutine_handle<> waiter) {
  answering_->room_waiter = waiter;
}

bool Http1Connection::content_readable() const noexcept {
  return !answering_->unread_content.empty() || exchange_.request_complete();
}

void Http1Connection::wait_for_content(std::coroutine_handle<> waiter) {
  answering_->content_waiter = waiter;
  if (exchange_.wants_continue()) {
    http1::write_continue(connection_.output());
    connection_.output_written();
    exchange_.continue_sent();
  }
  if (!in_input_) connection_.input_wanted();
  connection_.wake_by(connection_.now_ms() + worker_.options().time_limits.body_progress_ms_max);
}

std::optional<std::string> Http1Connection::take_content() {
  if (answering_->unread_content.empty()) return std::nullopt;
  if (connection_.input_held()) connection_.input_wanted();
  return std::exchange(answering_->unread_content, {});
}

}  // namespace duplex::server
