#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "server/connection.hpp"
#include "server/entrance.hpp"
#include "server/http1_answering.hpp"
#include "server/http1_connection.hpp"
#include "server/preconditions.hpp"
#include "server/response_access.hpp"
#include "server/worker.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/response_writer.hpp>

// How an answer leaves: whole, as a file, or piece by piece; and what follows it.

namespace duplex::server {

namespace {

/// How far a client may be behind in taking what we answer before we wait for it: with the next
/// pipelined request, the next piece of a stream.
constexpr std::size_t backlog_bytes_max = 256 * 1024;
/// Files among that: each keeps a descriptor, however little of it is asked for.
constexpr std::size_t backlog_files_max = 8;

/// From this size on content is sent from where it is instead of being copied behind its head.
constexpr std::size_t large_content_bytes = 16 * 1024;

/// Events that a client of `Response::topic` may have left unread; as much as a WebSocket's outbox
/// holds by default.
constexpr std::size_t event_backlog_bytes_max = 4 * 1024 * 1024;

/// Puts a handler's fields over those of `file`.
void add_fields(FileResponse& file, const http::Fields& fields, bool is_error) {
  if (fields.empty()) return;
  const bool has_parts =
      file.fields.find("Content-Type").value_or("").starts_with("multipart/byteranges");
  const auto is_left_out = [&](std::string_view name) {
    if (has_parts && equals_ignoring_case(name, "Content-Type")) return true;
    return is_error && is_about_content(name);
  };
  for (const auto [name, value] : fields) {
    // What the answer depends on, it does so for each reason.
    if (!is_left_out(name) && !equals_ignoring_case(name, "Vary")) file.fields.remove(name);
  }
  for (const auto [name, value] : fields) {
    if (!is_left_out(name)) file.fields.add(name, value);
  }
}

/// Gives `file`, which a wrapper has seen, the status that this wants: an error may become another.
void heed_status(FileResponse& file, http::Status wanted) {
  const bool both_errors =
      file.status >= http::Status::bad_request && wanted >= http::Status::bad_request;
  if (both_errors) file.status = wanted;
}

}  // namespace

void Http1Connection::respond(Response response) {
  if (!connection_.is_open() || !exchange_.owes_response()) return;
  if (http::code(response.status()) < 200 || http::code(response.status()) > 599) {
    response =
        internal_error("it answered with status " + std::to_string(http::code(response.status())) +
                       ", which is no final one");
  }
  ResponseAccess::Body& body = ResponseAccess::body(response);
  if (const auto* file = std::get_if<ResponseAccess::FilePath>(&body)) {
    const FileAnswer answer{file->path, response.status(), response.fields()};
    return respond_with_file(worker_.file(request_->request(), answer), response);
  }
  if (auto* file = std::get_if<ResponseAccess::MountedFile>(&body)) {
    if (!file->found) {
      return respond_with_file(worker_.file(request_->request(), *file->mount), response);
    }
    heed_status(*file->found, response.status());
    return respond_with_file(std::move(*file->found), response);
  }
  if (response.status() == http::Status::ok && has_validator(response.fields())) [[unlikely]] {
    apply_preconditions(response, request_->request().head(), std::chrono::system_clock::now());
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
  http1::write_response_head(status, fields, plan_, worker_.date(), connection_.output(),
                             entrance_.strict_transport());
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
  // Not what the handler asked for.
  const bool is_error = file.status >= http::Status::bad_request;
  add_fields(file, response.fields(), is_error);
  if (file.status == http::Status::ok) file.status = response.status();
  if (is_error) {
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
  worker_.event_stream_opened(*this);
}

void Http1Connection::subscribe_events(std::string_view topic) {
  open_events();
  // Something at once, so that the client, and proxies on the way, know that it is open.
  write_content(as_bytes(": open\n\n"));
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
    while (may_write()) {
      const auto piece = answering_->generator();
      if (!piece) return end_content();
      write_content(as_bytes(*piece));
    }
    if (answering_->turn_over) connection_.input_wanted();
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
  if (answering_->turn.spend(connection::Turn::message_bytes + piece.size())) {
    answering_->turn_over = true;
  }
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
    if (exchange_.had_last_request()) connection_.note_last_input();
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

// ---------------------------------------------------------------------------- for BodyWriter

bool Http1Connection::backlogged() const noexcept {
  return connection_.unsent_bytes() > backlog_bytes_max ||
         connection_.unsent_files() >= backlog_files_max;
}

bool Http1Connection::may_write() const noexcept {
  return connection_.is_open() && !backlogged() && !(answering_ && answering_->turn_over);
}

void Http1Connection::on_room() {
  reap();
  // `on_input` goes on then, where what is written collects.
  if (backlogged() || (answering_ && answering_->turn_over)) return;
  write_more();
  if (connection_.input_held() && wants_input()) connection_.input_wanted();
}

/// Lets those go on who make the content, for another turn.
void Http1Connection::write_more() {
  if (!answering_) return;
  answering_->turn = {};
  answering_->turn_over = false;
  if (backlogged()) return;
  if (answering_->room_waiter) {
    std::exchange(answering_->room_waiter, nullptr).resume();
  } else if (answering_->generator) {
    pump_generator();
  }
}

void Http1Connection::add_trailer(std::string_view name, std::string_view value) {
  answering_->trailers.add(name, value);
}

void Http1Connection::wait_for_room(std::coroutine_handle<> waiter) {
  answering_->room_waiter = waiter;
  if (answering_->turn_over) connection_.input_wanted();
}

void Http1Connection::forget_room_waiter(std::coroutine_handle<> waiter) noexcept {
  if (answering_ && answering_->room_waiter == waiter) answering_->room_waiter = nullptr;
}

}  // namespace duplex::server
