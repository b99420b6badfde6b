#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/recycled.hpp"
#include "server/dispatcher.hpp"
#include "server/incoming_request.hpp"
#include "server/static_files/file_response.hpp"
#include "server/upgrade_access.hpp"
#include <duplex/base/shared_bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/http1/exchange.hpp>
#include <duplex/http1/request_parser.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

class Connection;
struct Entrance;
class Worker;

/// Drives a connection that speaks HTTP/1.1: parser, exchange rules, dispatcher, and the answers'
/// ways out. One exchange at a time; pipelined requests wait in the input.
///
/// A request without content for a plain function is answered right from the input, as views.
/// Everything that takes longer gets an `Answering`, which lives until its exchange has ended.
class Http1Connection : public Recycled<Http1Connection> {
 public:
  /// All three outlive it. The first head has been waited for since `waiting_since_ms`.
  Http1Connection(Connection& connection, Worker& worker, const Entrance& entrance,
                  std::uint64_t waiting_since_ms);
  ~Http1Connection();
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  /// Consumes input, and answers. When the answer was an upgrade, it is returned, and the rest of
  /// the input belongs to the new protocol: the caller replaces this driver.
  std::optional<AcceptedUpgrade> on_input(Bytes& input);
  void on_input_end();
  void on_room();
  void on_closed();
  std::uint64_t on_time(std::uint64_t now_ms);
  /// The client's address, once it is known: in clear with the first request, else from the start.
  std::string_view peer() const noexcept;
  /// The TLS handshake has ended: from now on the client may be expected to ask for something.
  void on_secured() noexcept;
  /// Whether the next thing to come is a request.
  bool awaits_request() const noexcept;
  /// The server stops: ends after the exchange in progress.
  void stop();

  /// A published message as a server-sent event, for `Response::topic`: as a chunk, and as it is
  /// for HTTP/1.0.
  void send_event(const SharedBytes& chunk, const SharedBytes& plain);

  // For BodyReader.
  bool content_readable() const noexcept;
  void wait_for_content(std::coroutine_handle<> waiter);
  /// It is destroyed where it waits, by itself or with all that belongs to the exchange.
  void forget_content_waiter(std::coroutine_handle<> waiter) noexcept;
  std::optional<std::string> take_content();

  // For BodyWriter.
  void write_content(ConstBytes piece);
  void add_trailer(std::string_view name, std::string_view value);
  bool may_write() const noexcept;
  void wait_for_room(std::coroutine_handle<> waiter);
  void forget_room_waiter(std::coroutine_handle<> waiter) noexcept;

 private:
  struct Answering;

  // What the parser finds.
  void on_head(const http1::RequestParser::Head& found);
  void on_content(ConstBytes data);
  void discard_content(std::size_t bytes);
  void on_request_end(http::FieldsView trailers);
  void refuse(http::Status status, std::string_view sentence);

  // Who answers.
  void dispatch(const http1::RequestFraming& framing);
  void answer_resolved(const http1::RequestFraming& framing, Resolution resolution);
  void call_function(const Handler::Function& function);
  void start_handler();
  Task<> run_handler();
  void begin_upgrade(const WebSocketRoute& route);
  Task<> decide_upgrade(const WebSocketRoute& route);
  void finish_upgrade(const WebSocketRoute& route, Upgrade upgrade);
  Response internal_error(std::string_view what);

  // How the answer leaves.
  void respond(Response response);
  void respond_with_file(FileResponse file, const Response& response);
  void send_piece(FileResponse::Piece& piece);
  void begin_response(http::Status status, const http::Fields& fields,
                      std::optional<std::uint64_t> content_bytes, bool close);
  void send_whole(ConstBytes content);
  void open_events();
  void subscribe_events(std::string_view topic);
  void start_stream();
  Task<> run_stream();
  void write_more();
  void pump_generator();
  void end_content();
  void end_response();
  void cut_off();
  void go_on();
  void arm_deadline();

  void identify_peer();
  bool wants_input() const noexcept;
  bool backlogged() const noexcept;
  Answering& answering();
  void reap();
  void log_access();

  Connection& connection_;
  Worker& worker_;
  const Entrance& entrance_;
  http1::RequestParser parser_;
  http1::Exchange exchange_;
  http1::ResponsePlan plan_;
  std::unique_ptr<IncomingRequest> request_;
  std::unique_ptr<Answering> answering_;
  std::optional<AcceptedUpgrade> upgrade_;
  http::Status status_{};
  std::uint64_t content_bytes_sent_ = 0;
  std::uint64_t discarded_bytes_ = 0;
  std::chrono::steady_clock::time_point request_began_;
  /// When what we wait for began: a head, or the silence between two requests.
  std::uint64_t waiting_since_ms_;
  bool served_ = false;         // a request has come on this connection
  bool in_head_ = false;        // a head has come in part
  bool end_announced_ = false;  // the exchange knows already that the request has ended
  bool in_input_ = false;       // `on_input` is running, and will see to what comes next
};

}  // namespace duplex::server
