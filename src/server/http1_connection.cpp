#include "server/http1_connection.hpp"

#include <utility>
#include <variant>

#include "connection/turn.hpp"
#include "server/connection.hpp"
#include "server/entrance.hpp"
#include "server/http1_answering.hpp"
#include "server/worker.hpp"
#include <duplex/http1/error.hpp>
#include <duplex/http1/response_writer.hpp>

// What comes in, and when: from bytes to requests, and the limits of time. Who answers is in
// http1_dispatch.cpp, how the answer leaves in http1_response.cpp.

namespace duplex::server {

namespace {

/// Request content that is kept for a handler which reads it piece by piece.
constexpr std::size_t unread_content_bytes_max = 64 * 1024;

constexpr std::string_view request_too_slow = "The request took too long to arrive";

}  // namespace

Http1Connection::Http1Connection(Connection& connection, Worker& worker, const Entrance& entrance,
                                 std::uint64_t waiting_since_ms)
    : connection_(connection),
      worker_(worker),
      entrance_(entrance),
      parser_(worker.options().limits, worker.field_table()),
      exchange_(worker.options().limits),
      request_(std::make_unique<IncomingRequest>()),
      waiting_since_ms_(waiting_since_ms) {
  // When the handshake fails because the client has gone, the system may have forgotten who it was.
  if (entrance.encrypted()) identify_peer();
}

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
  if (answering_ && answering_->turn_over) {
    write_more();
    reap();
  }
  // Also without input the parser may have the end of a request to tell.
  const auto parser_may_tell = [&] { return !input.empty() || !parser_.idle(); };
  connection::Turn turn;
  bool turn_over = false;
  while (!upgrade_ && !turn_over && parser_may_tell() && wants_input()) {
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
      // Others are pipelined behind it.
      if (!input.empty()) turn_over = turn.spend(connection::Turn::request_bytes);
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
  // The requests behind are presented again when others have had their turn.
  if (turn_over && wants) connection_.input_wanted();
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
    case http1::NextStep::read_request: return !backlogged() && !connection_.paused();
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
  discarded_bytes_ = 0;
  if (worker_.logs_access()) request_began_ = std::chrono::steady_clock::now();
  worker_.count_request();
  identify_peer();
  request_->begin(found.head);
  exchange_.begin(found.head, found.framing);
  // The parser tells the end of a request without content in an event of its own, behind which
  // the views of the head are void. The handler may answer before.
  end_announced_ = !found.framing.has_content();
  if (end_announced_) exchange_.request_ended();
  dispatch(found.framing);
}

std::string_view Http1Connection::peer() const noexcept {
  return request_ ? request_->peer() : std::string_view();
}

void Http1Connection::identify_peer() {
  if (!request_->peer().empty()) return;
  request_->set_peer(connection_.peer());
  request_->set_stream(connection_.tls());
}

void Http1Connection::on_content(ConstBytes data) {
  exchange_.content_received(data.size());
  if (!answering_ || answering_->over) return discard_content(data.size());
  if (answering_->collecting) {
    request_->append_content(data);
    return;
  }
  answering_->unread_content.append(as_text(data));
  if (answering_->content_waiter) std::exchange(answering_->content_waiter, nullptr).resume();
}

/// What is left of a request that was answered: read for the sake of the next one, but not for
/// ever, since nobody knows how much comes in chunks.
void Http1Connection::discard_content(std::size_t bytes) {
  discarded_bytes_ += bytes;
  if (discarded_bytes_ > worker_.options().limits.drain_bytes_max) connection_.finish();
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
    identify_peer();
  }
  status_ = status;
  ByteQueue& output = connection_.output();
  http1::write_error_response(status, sentence, worker_.date(), output,
                              entrance_.strict_transport());
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
    // Nobody is idle who still takes the last answer (how fast is the pipe's concern), or isn't
    // read from.
    if (connection_.unsent_bytes() > 0 || connection_.paused()) waiting_since_ms_ = now_ms;
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

void Http1Connection::on_secured() noexcept {
  waiting_since_ms_ = connection_.now_ms();
}

bool Http1Connection::awaits_request() const noexcept {
  return exchange_.next_step() == http1::NextStep::read_request;
}

void Http1Connection::stop() {
  const bool idle = awaits_request();
  exchange_.close_after_response();
  if (idle) {
    connection_.finish();
  } else if (answering_ && answering_->endless) {
    end_content();
  }
}

// ---------------------------------------------------------------------------- for BodyReader

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

void Http1Connection::forget_content_waiter(std::coroutine_handle<> waiter) noexcept {
  if (answering_ && answering_->content_waiter == waiter) answering_->content_waiter = nullptr;
}

std::optional<std::string> Http1Connection::take_content() {
  if (answering_->unread_content.empty()) return std::nullopt;
  if (connection_.input_held()) connection_.input_wanted();
  return std::exchange(answering_->unread_content, {});
}

}  // namespace duplex::server
