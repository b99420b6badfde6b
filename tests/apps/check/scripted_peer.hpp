#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "check/client_request.hpp"
#include "check/http_head.hpp"
#include "check/incoming.hpp"
#include "check/payloads.hpp"
#include "check/script.hpp"

namespace duplex::app::check {

/// The other end of a script, in a thread of its own, as a test writes it.
class ScriptedPeer {
 public:
  ScriptedPeer(Wire wire, End end) : wire_(std::move(wire)), end_(end) {
    incoming_.emplace(end == End::client ? End::server : End::client, std::nullopt, *log_);
  }

  /// Answers a client's opening handshake, with these fields besides.
  void accept(std::vector<HttpHead::Field> fields = {}) {
    const HttpHead request = read_head();
    HttpHead response{.start_line = "HTTP/1.1 101 Switching Protocols",
                      .fields = {{"Upgrade", "websocket"},
                                 {"Connection", "Upgrade"},
                                 {"Sec-WebSocket-Accept",
                                  accept_key(request.find("Sec-WebSocket-Key").value_or(""))}}};
    for (auto& field : fields) response.fields.push_back(std::move(field));
    write(response.text());
  }
  HttpHead read_head() { return receive_request(wire_, deadline()).value(); }

  void write(std::string_view bytes) { wire_.send(bytes, deadline()); }
  void send(const Frame& frame) { write(encode(frame, end_, MaskKey{1, 2, 3, 4})); }
  void send_close(std::uint16_t code) {
    send({.opcode = Opcode::close, .payload = close_payload(code)});
  }
  void end() { wire_.end_sending(); }
  /// Reads until the other end is gone, and answers nothing.
  void pass_over() {
    while (!wire_.ended()) {
      if (wire_.receive(deadline()) != Wire::Wait::done) return;
      wire_.consume(wire_.input().size());
    }
  }
  /// The same again and again, and answers are passed over, until the other end is gone, or the
  /// wire is stopped.
  void send_without_end(const Frame& frame) {
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += encode(frame, end_, MaskKey{1, 2, 3, 4});
    while (!wire_.ended()) {
      write(bytes);
      const auto soon = Wire::Clock::now() + std::chrono::milliseconds(1);
      if (wire_.receive(soon) == Wire::Wait::stopped) return;
      wire_.consume(wire_.input().size());
    }
  }

  Event receive() {
    while (true) {
      std::string_view input = wire_.input();
      const std::size_t before = input.size();
      auto event = incoming_->next(input);
      wire_.consume(before - input.size());
      if (event) return *std::move(event);
      if (wire_.ended()) return EndOfStream{};
      if (wire_.receive(deadline()) != Wire::Wait::done) throw std::runtime_error("too late");
    }
  }
  /// Until the connection ends, as an endpoint should.
  void echo() {
    while (true) {
      const Event event = receive();
      if (const auto* const message = std::get_if<Message>(&event)) send(whole(*message));
      if (const auto* const ping = std::get_if<Ping>(&event)) {
        send({.opcode = Opcode::pong, .payload = ping->payload});
      }
      if (const auto* const close = std::get_if<CloseFrame>(&event)) {
        send_close(close->code.value_or(1000));
        return end();
      }
      if (std::holds_alternative<EndOfStream>(event)) return;
    }
  }

 private:
  static Wire::Time deadline() { return Wire::Clock::now() + std::chrono::seconds(20); }

  Wire wire_;
  End end_;
  /// At a place of its own, since peers move.
  std::unique_ptr<Log> log_ = std::make_unique<Log>();
  std::optional<Incoming> incoming_;
};

inline std::pair<Wire, Wire> connected_wires() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw std::runtime_error("no socketpair");
  }
  return {Wire(make_plain_stream(ends[0])), Wire(make_plain_stream(ends[1]))};
}

/// What a case finds of a server that does `serve`, its handshake included.
inline Finding check_server_that(const Case& what, const std::function<void(ScriptedPeer&)>& serve,
                                 std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  auto [ours, theirs] = connected_wires();
  const std::jthread peer([&serve, wire = std::move(theirs)]() mutable {
    ScriptedPeer server(std::move(wire), End::server);
    serve(server);
  });
  Script script(what, std::move(ours),
                {.end = End::server, .authority = "example.com", .target = "/echo"},
                Wire::Clock::now() + limit);
  return script.run();
}

/// What a case finds of a client that has sent `request`, and then does `act`.
inline Finding check_client_that(const Case& what, const HttpHead& request,
                                 const std::function<void(ScriptedPeer&)>& act,
                                 std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  auto [ours, theirs] = connected_wires();
  const std::jthread peer([&act, wire = std::move(theirs)]() mutable {
    ScriptedPeer client(std::move(wire), End::client);
    act(client);
  });
  Script script(what, std::move(ours), {.end = End::client}, Wire::Clock::now() + limit, request);
  return script.run();
}

}  // namespace duplex::app::check
