#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "driver.hpp"
#include "values.hpp"

namespace client_driver {

namespace client = duplex::client;
using duplex::connection::WebSocket;

namespace {

/// What one direction has carried; `wrong` is what came out of order.
struct Carried {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::string wrong;
};

/// Sends numbered messages as fast as they are taken, and then asks what has arrived.
Task<> stream_up(WebSocket socket, std::uint64_t count, std::string tail, Carried& sent,
                 duplex::net::Completion<bool>::Resolver done) {
  for (std::uint64_t index = 0; index < count && socket.is_open(); ++index) {
    const std::string text = std::to_string(index) + tail;
    co_await socket.send(text);
    ++sent.messages;
    sent.bytes += text.size();
  }
  co_await socket.send("total");
  done.resolve(true);
}

/// Receives numbered messages, each of which must be the next, and what the peer says has arrived.
Task<std::string> stream_down(WebSocket socket, std::uint64_t count, Carried& received) {
  std::string total;
  while (received.messages < count || total.empty()) {
    const auto message = co_await socket.receive();
    if (!message) co_return total;
    const std::string_view text = message->text();
    if (text.starts_with("total")) {
      total = text;
      continue;
    }
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || number != received.messages) {
      received.wrong = text.substr(0, 40);
      co_return total;
    }
    ++received.messages;
    received.bytes += text.size();
  }
  co_return total;
}

}  // namespace

/// The peer sends `count` numbered messages while it takes as many, and answers "total" by "total"
/// and how many bytes have come. A peer that echoes does so, too, but for the number.
Task<> both_ways(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  const auto count = command.at("count").get<std::uint64_t>();
  client::ConnectCall call = driver.client().connect(websocket_request(command));
  auto opened = co_await std::move(call);
  if (!opened) {
    driver.output().result(id, {{"error", report(opened.error())}});
    co_return;
  }
  WebSocket socket = *std::move(opened);

  const auto start = std::chrono::steady_clock::now();
  Carried sent;
  Carried received;
  duplex::net::Completion<bool> all_sent;
  std::string tail = " " + std::string(command.value("bytes", std::size_t{0}), 'c');
  driver.client().spawn(stream_up(socket, count, std::move(tail), sent, all_sent.resolver()));
  const std::string total = co_await stream_down(socket, count, received);
  co_await all_sent;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  socket.close();
  while (const auto message = co_await socket.receive()) continue;
  json told = report(*socket.close_info());
  told.update({{"sent", sent.messages},
               {"sent_bytes", sent.bytes},
               {"received", received.messages},
               {"received_bytes", received.bytes},
               {"wrong", to_text(received.wrong)},
               {"total", total},
               {"seconds", seconds.count()}});
  driver.output().result(id, std::move(told));
}

}  // namespace client_driver
