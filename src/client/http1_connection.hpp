#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "net/descriptor.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/client/error.hpp>
#include <duplex/client/request.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/url.hpp>
#include <duplex/http1/client_exchange.hpp>
#include <duplex/http1/request_writer.hpp>
#include <duplex/http1/response_parser.hpp>

namespace duplex::client {

class Connection;
class Engine;

/// Drives a connection that speaks HTTP/1.1: parser, exchange rules, and the limits of time, one
/// exchange after the other. Who uses it awaits what comes, one event at a time: what nobody awaits
/// stays with the server.
class Http1Connection {
 public:
  Http1Connection(Connection& connection, Engine& engine);
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  // ------------------------------------------------- an exchange

  /// What is said at the beginning of one.
  struct Opening {
    const http::Url& url;
    http1::TargetForm form;
    const http::Fields& fields;
    http1::RequestIntent intent;
  };
  /// Whether one may begin here.
  bool may_begin() const noexcept { return exchange_.may_begin() && parser_.idle(); }
  /// Writes the head of a request; what was written is the answer.
  std::expected<std::string, http1::RequestError> begin(const Opening& opening);

  /// Content of the request, as it was planned: in chunks, or as long as was said.
  void write(ConstBytes piece);
  void write_file(net::Descriptor file, std::uint64_t bytes);
  /// All of the request is written. False when that is not as much as was said.
  bool end_request();
  /// Whether the request's content is still wanted.
  bool wants_content() const noexcept;
  /// How much of the content the system has taken.
  std::uint64_t content_bytes_sent() const noexcept;
  /// Has `progress` called as the content goes; null for nobody. Borrowed.
  void report_upload(const Progress* progress, std::optional<std::uint64_t> total) noexcept;

  using Event = http1::ResponseParser::Event;
  class Next;
  /// Waits for the next event of the response; interim responses are passed over. Views hold until
  /// the coroutine waits again, for whatever.
  Next next() noexcept;

  class GoAhead;
  /// Waits until the server wants the content of a request that asked (RFC 9110 section 10.1.1), or
  /// has taken too long to say so, or doesn't want it: see `wants_content`.
  GoAhead go_ahead() noexcept;

  class Room;
  /// Waits until the server has taken enough of what was written.
  Room room() noexcept;
  bool has_room() const noexcept;
  void wait_for_room(std::coroutine_handle<> waiter) noexcept { room_waiter_ = waiter; }

  /// Nobody wants the rest of the response; see `ClientExchange::discard_response`.
  void discard_response() noexcept { exchange_.discard_response(); }
  /// Whether anything of the answer to the present request has come.
  bool heard() const noexcept { return heard_; }
  const http1::ClientExchange& exchange() const noexcept { return exchange_; }

  /// Idle from here on, for at most so long.
  void rest(std::uint32_t idle_ms_max) noexcept;

  // ------------------------------------------------- for the connection

  void on_input(Bytes& input);
  void on_input_end();
  void on_room();
  std::uint64_t on_time(std::uint64_t now_ms);
  /// The connection can't be used any further: whoever waits is told.
  void on_failure();

 private:
  using Found = std::expected<Event, Error>;

  bool note(const Event& event);
  void deliver(Found found);
  void fail(Step step, std::error_code code, std::string reason);
  void fail_late(std::string_view what, std::uint32_t limit_ms);
  void report_upload();
  void resume_sender();

  Connection& connection_;
  Engine& engine_;
  http1::ResponseParser parser_;
  http1::ClientExchange exchange_;
  http1::RequestPlan plan_;
  std::coroutine_handle<> event_waiter_;
  std::coroutine_handle<> go_ahead_waiter_;
  std::coroutine_handle<> room_waiter_;
  std::optional<Found> found_;
  const Progress* upload_progress_ = nullptr;
  std::optional<std::uint64_t> upload_total_;
  std::uint64_t upload_reported_ = 0;
  std::uint64_t content_bytes_ = 0;  // written of the request's
  std::uint64_t waiting_since_ms_ = 0;
  std::uint64_t continue_due_ms_ = 0;
  std::uint32_t idle_ms_max_ = 0;
  bool heard_ = false;
  bool in_input_ = false;
};

/// See `Http1Connection::next`.
class [[nodiscard]] Http1Connection::Next {
 public:
  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  std::expected<Event, Error> await_resume();

  Next(const Next&) = delete;
  Next& operator=(const Next&) = delete;
  ~Next();

 private:
  friend Http1Connection;
  explicit Next(Http1Connection& http) noexcept : http_(http) {}
  Http1Connection& http_;
  bool waiting_ = false;
};

/// See `Http1Connection::go_ahead`.
class [[nodiscard]] Http1Connection::GoAhead {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  void await_resume() const noexcept {}

  GoAhead(const GoAhead&) = delete;
  GoAhead& operator=(const GoAhead&) = delete;
  ~GoAhead() {
    if (waiting_) http_.go_ahead_waiter_ = nullptr;
  }

 private:
  friend Http1Connection;
  explicit GoAhead(Http1Connection& http) noexcept : http_(http) {}
  Http1Connection& http_;
  bool waiting_ = false;
};

/// See `Http1Connection::room`.
class [[nodiscard]] Http1Connection::Room {
 public:
  bool await_ready() const noexcept { return http_.has_room(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiting_ = true;
    http_.wait_for_room(waiter);
  }
  void await_resume() noexcept { waiting_ = false; }

  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    if (waiting_) http_.room_waiter_ = nullptr;
  }

 private:
  friend Http1Connection;
  explicit Room(Http1Connection& http) noexcept : http_(http) {}
  Http1Connection& http_;
  bool waiting_ = false;
};

inline Http1Connection::Next Http1Connection::next() noexcept {
  return Next(*this);
}

inline Http1Connection::GoAhead Http1Connection::go_ahead() noexcept {
  return GoAhead(*this);
}

inline Http1Connection::Room Http1Connection::room() noexcept {
  return Room(*this);
}

}  // namespace duplex::client
