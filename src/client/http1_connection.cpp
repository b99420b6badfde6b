#include "client/http1_connection.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#include "client/connection.hpp"
#include "client/engine.hpp"
#include <duplex/http1/chunk_writer.hpp>

namespace duplex::client {

namespace {

using http1::ResponseParser;

constexpr std::uint64_t never = UINT64_MAX;

// What may wait for the server to take it before whoever makes more has to wait, too.
constexpr std::size_t backlog_bytes = std::size_t{256} * 1024;

// From this size on a piece is sent from its owner's memory, as far as the system takes it.
constexpr std::size_t large_piece_bytes = std::size_t{16} * 1024;

}  // namespace

Http1Connection::Http1Connection(Connection& connection, Engine& engine)
    : connection_(connection),
      engine_(engine),
      parser_(engine.options().response_limits, engine.field_table()),
      exchange_(engine.options().response_limits) {}

// ---------------------------------------------------------------------------- the request

std::expected<std::string, http1::RequestError> Http1Connection::begin(const Opening& opening) {
  plan_ = exchange_.begin(opening.intent);
  ByteQueue head;
  const auto written = http1::write_request_head(opening.intent.method, opening.url, opening.form,
                                                 opening.fields, plan_, head);
  if (!written) {
    exchange_.fail();
    return std::unexpected(written.error());
  }
  parser_.expect(exchange_.answered_request());
  ++engine_.client().counters().requests;
  heard_ = false;
  content_bytes_ = 0;
  idle_ms_max_ = 0;
  connection_.output().append(head.content());
  connection_.output_written();
  return std::string(as_text(head.content()));
}

void Http1Connection::write(ConstBytes piece) {
  if (piece.empty() || !wants_content() || !connection_.is_open()) return;
  // The rest would be taken for another request.
  if (plan_.framing == http1::Framing::content_length &&
      piece.size() > plan_.content_length - content_bytes_) {
    return fail(Step::request, ClientError::content_failed,
                "the content is longer than was announced");
  }
  content_bytes_ += piece.size();
  const bool chunked = plan_.framing == http1::Framing::chunked;
  if (piece.size() < large_piece_bytes) {
    ByteQueue& output = connection_.output();
    if (chunked) {
      http1::write_chunk(piece, output);
    } else {
      output.append(piece);
    }
    connection_.output_written();
    return;
  }
  if (chunked) {
    http1::write_chunk_head(piece.size(), connection_.output());
    connection_.output_written();
  }
  connection_.send_large(piece);
  if (chunked && connection_.is_open()) {
    http1::write_chunk_tail(connection_.output());
    connection_.output_written();
  }
}

void Http1Connection::write_file(net::Descriptor file, std::uint64_t bytes) {
  content_bytes_ += bytes;
  connection_.send_file({.file = std::make_shared<const net::Descriptor>(std::move(file)),
                         .offset = 0,
                         .length = bytes});
}

bool Http1Connection::end_request() {
  if (!connection_.is_open()) return true;
  if (plan_.framing == http1::Framing::chunked) {
    http1::write_last_chunk(connection_.output());
    connection_.output_written();
  } else if (content_bytes_ != plan_.content_length) {
    return false;
  }
  exchange_.request_ended();
  waiting_since_ms_ = connection_.now_ms();
  connection_.wake_by(waiting_since_ms_ + engine_.options().time_limits.head_ms_max);
  return true;
}

bool Http1Connection::wants_content() const noexcept {
  const http1::ClientStep step = exchange_.next_step();
  return step == http1::ClientStep::send_content || step == http1::ClientStep::await_continue;
}

std::uint64_t Http1Connection::content_bytes_sent() const noexcept {
  return content_bytes_ - std::min(content_bytes_, connection_.unsent_bytes());
}

void Http1Connection::report_upload(const Progress* progress,
                                    std::optional<std::uint64_t> total) noexcept {
  upload_progress_ = progress;
  upload_total_ = total;
  upload_reported_ = 0;
}

bool Http1Connection::has_room() const noexcept {
  return !connection_.is_open() || connection_.unsent_bytes() <= backlog_bytes;
}

bool Http1Connection::GoAhead::await_ready() const noexcept {
  return http_.exchange_.next_step() != http1::ClientStep::await_continue ||
         !http_.connection_.is_open();
}

void Http1Connection::GoAhead::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiting_ = true;
  http_.go_ahead_waiter_ = waiter;
  http_.continue_due_ms_ =
      http_.connection_.now_ms() + http_.engine_.options().time_limits.continue_ms_max;
  http_.connection_.wake_by(http_.continue_due_ms_);
}

/// Lets the sender go on, who waited for the server's word.
void Http1Connection::resume_sender() {
  if (go_ahead_waiter_ && exchange_.next_step() != http1::ClientStep::await_continue) {
    std::exchange(go_ahead_waiter_, nullptr).resume();
  }
}

// ---------------------------------------------------------------------------- the response

bool Http1Connection::Next::await_ready() {
  return http_.connection_.failed() || !http_.connection_.is_open();
}

void Http1Connection::Next::await_suspend(std::coroutine_handle<> waiter) {
  waiting_ = true;
  http_.event_waiter_ = waiter;
  if (http_.exchange_.receiving_response()) http_.waiting_since_ms_ = http_.connection_.now_ms();
  if (!http_.in_input_) http_.connection_.input_wanted();
  const std::uint64_t due_ms = http_.on_time(http_.connection_.now_ms());
  if (due_ms != never) http_.connection_.wake_by(due_ms);
}

std::expected<Http1Connection::Event, Error> Http1Connection::Next::await_resume() {
  waiting_ = false;
  if (http_.found_) return *std::exchange(http_.found_, std::nullopt);
  return std::unexpected(http_.connection_.failure());
}

Http1Connection::Next::~Next() {
  if (waiting_) http_.event_waiter_ = nullptr;
}

void Http1Connection::on_input(Bytes& input) {
  if (!input.empty() && !exchange_.may_begin()) heard_ = true;
  in_input_ = true;
  while (connection_.is_open() && !connection_.finishing() && !parser_.switched() &&
         (event_waiter_ || exchange_.may_begin())) {
    const auto event = parser_.next(input);
    if (!event) {
      // Nobody is concerned when it comes while nothing was asked for.
      if (exchange_.may_begin()) {
        connection_.abort();
      } else {
        fail(Step::protocol, event.error(), std::string(http1::describe(event.error())));
      }
      break;
    }
    if (!*event) break;
    // What stands behind a response answers nothing: the next request must not take it for its own.
    if (std::holds_alternative<ResponseParser::End>(**event) && !input.empty()) {
      exchange_.close_after_response();
    }
    if (note(**event)) deliver(**event);
  }
  in_input_ = false;
  connection_.set_input_held(!event_waiter_ && !exchange_.may_begin());
}

/// Tells the exchange; whether the event is for the one who waits.
bool Http1Connection::note(const Event& event) {
  if (const auto* interim = std::get_if<ResponseParser::Interim>(&event)) {
    exchange_.interim_received(interim->head.status);
    resume_sender();
    return false;
  }
  if (const auto* head = std::get_if<ResponseParser::Head>(&event)) {
    if (const auto begun = exchange_.response_begun(head->head, head->framing); !begun) {
      fail(Step::protocol, begun.error(), std::string(http1::describe(begun.error())));
      return false;
    }
    resume_sender();
  } else if (const auto* content = std::get_if<ResponseParser::Content>(&event)) {
    exchange_.content_received(content->data.size());
  } else {
    exchange_.response_ended();
  }
  return true;
}

void Http1Connection::deliver(Found found) {
  // What was sent in this iteration is told before what answers it.
  report_upload();
  if (connection_.failed() || !event_waiter_) return;  // who waits is told of the failure
  found_.emplace(std::move(found));
  std::exchange(event_waiter_, nullptr).resume();
}

void Http1Connection::on_input_end() {
  if (exchange_.may_begin()) return connection_.finish();
  if (!event_waiter_) return;  // who asks next is told
  const auto event = parser_.end_of_input();
  if (!event) {
    const bool silent = event.error() == http1::Error::no_response;
    return fail(Step::protocol, event.error(),
                silent ? "the server closed the connection without an answer"
                       : std::string(http1::describe(event.error())));
  }
  if (!*event) return connection_.abort();
  if (note(**event)) deliver(**event);
}

void Http1Connection::on_room() {
  report_upload();
  if (room_waiter_ && has_room()) std::exchange(room_waiter_, nullptr).resume();
}

/// Tells how much of the content has gone, when that has changed.
void Http1Connection::report_upload() {
  if (upload_progress_ == nullptr || content_bytes_sent() == upload_reported_) return;
  upload_reported_ = content_bytes_sent();
  try {
    (*upload_progress_)(upload_reported_, upload_total_);
  } catch (const std::exception& exception) {
    fail(Step::request, ClientError::content_failed,
         std::string("on_upload failed: ") + exception.what());
  } catch (...) {
    fail(Step::request, ClientError::content_failed,
         "on_upload failed by an exception that is no std::exception");
  }
}

void Http1Connection::rest(std::uint32_t idle_ms_max) noexcept {
  idle_ms_max_ = idle_ms_max;
  upload_progress_ = nullptr;
  waiting_since_ms_ = connection_.now_ms();
  connection_.set_input_held(false);
  connection_.wake_by(waiting_since_ms_ + idle_ms_max);
}

// ---------------------------------------------------------------------------- time and the end

std::uint64_t Http1Connection::on_time(std::uint64_t now_ms) {
  const TimeLimits& limits = engine_.options().time_limits;
  if (exchange_.may_begin()) {
    if (idle_ms_max_ == 0) return never;
    const std::uint64_t due_ms = waiting_since_ms_ + idle_ms_max_;
    if (now_ms < due_ms) return due_ms;
    connection_.finish();
    return never;
  }
  if (go_ahead_waiter_) {
    if (now_ms < continue_due_ms_) return continue_due_ms_;
    exchange_.stop_waiting();
    resume_sender();
    return never;
  }
  // Nobody waits for a server who has not said all, or does not listen.
  if (!event_waiter_) return never;
  if (exchange_.receiving_response()) {
    const std::uint64_t due_ms =
        std::max(waiting_since_ms_, connection_.received_ms()) + limits.progress_ms_max;
    if (now_ms < due_ms) return due_ms;
    fail_late("nothing more of the response came", limits.progress_ms_max);
    return never;
  }
  if (exchange_.next_step() != http1::ClientStep::read_response) return never;
  // How fast the rest of the request goes is the pipe's concern.
  if (connection_.unsent_bytes() > 0) waiting_since_ms_ = now_ms;
  const std::uint64_t due_ms = waiting_since_ms_ + limits.head_ms_max;
  if (now_ms < due_ms) return due_ms;
  fail_late("the response did not begin", limits.head_ms_max);
  return never;
}

void Http1Connection::fail_late(std::string_view what, std::uint32_t limit_ms) {
  fail(Step::protocol, std::make_error_code(std::errc::timed_out),
       "time limit: " + std::string(what) + " within " + std::to_string(limit_ms) + " ms");
}

void Http1Connection::fail(Step step, std::error_code code, std::string reason) {
  connection_.fail(step, code, std::move(reason));
}

void Http1Connection::on_failure() {
  exchange_.fail();
  if (go_ahead_waiter_) std::exchange(go_ahead_waiter_, nullptr).resume();
  if (room_waiter_) std::exchange(room_waiter_, nullptr).resume();
  if (event_waiter_) std::exchange(event_waiter_, nullptr).resume();
}

}  // namespace duplex::client
