#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "page_parts.hpp"
#include <duplex/base/utf8.hpp>
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view topic = "_duplex/chat";
/// What newcomers are told of what was said before.
constexpr std::size_t history_max = 30;
constexpr std::size_t name_bytes_max = 96;
constexpr std::size_t message_bytes_max = 2048;
/// Nobody says more than 20 messages a second; more waits in the sender's own connection.
constexpr auto pause = 50ms;
constexpr std::string_view rename_command = "/name ";

bool is_name(std::string_view name) {
  const auto is_control = [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7F;
  };
  return !name.empty() && name.size() <= name_bytes_max && is_valid_utf8(as_bytes(name)) &&
         std::ranges::none_of(name, is_control);
}

/// Who is here, and what was said last, for all threads.
class Room {
 public:
  /// What a newcomer is told first.
  Json enter() {
    const std::scoped_lock lock(mutex_);
    here_ += 1;
    visitors_ += 1;
    return {{"server", id_}, {"you", visitors_}, {"here", here_}, {"history", history_}};
  }

  /// How many are left.
  std::size_t leave() {
    const std::scoped_lock lock(mutex_);
    return --here_;
  }

  /// Numbers a message and keeps it for a while.
  Json say(std::uint64_t visitor, std::string_view name, std::string_view text) {
    const std::scoped_lock lock(mutex_);
    messages_ += 1;
    Json message = {
        {"n", messages_}, {"by", visitor}, {"name", name}, {"text", text}, {"at", now_ms()}};
    history_.push_back(message);
    if (history_.size() > history_max) history_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::deque<Json> history_;
  std::size_t here_ = 0;
  std::uint64_t visitors_ = 0;
  std::uint64_t messages_ = 0;
  /// Tells a page that comes back whether it is to the same room.
  double id_ = now_ms();
};

std::string tell_here(std::size_t here) {
  return to_text({{"here", here}});
}

Task<> visit(Server& server, WebSocket socket, std::string name, Room& room) {
  socket.subscribe(topic);
  const Json welcome = room.enter();
  const auto visitor = welcome["you"].get<std::uint64_t>();
  socket.send(to_text(welcome));
  socket.publish(topic, tell_here(welcome["here"].get<std::size_t>()));

  while (const std::optional<OwnedMessage> message = co_await socket.receive()) {
    const std::string_view text = message->text();
    if (!message->is_text() || text.empty()) continue;
    if (text.starts_with(rename_command)) {
      const std::string_view wanted = text.substr(rename_command.size());
      if (is_name(wanted)) name = wanted;
    } else {
      socket.publish_to_all(topic, to_text(room.say(visitor, name, text)));
    }
    co_await sleep_for(pause);
  }
  // This socket can't speak any more; the server still can.
  server.publish(topic, tell_here(room.leave()));
}

}  // namespace

void add_chat(Server& server, const WebSocketOptions& options) {
  const auto room = std::make_shared<Room>();
  WebSocketOptions chatting = options;
  chatting.message_bytes_max = message_bytes_max;
  server.websocket("/_duplex/chat",
                   {
                       .session =
                           [&server, room](WebSocket socket, const Request& request) {
                             std::string name = request.query("name").value_or("");
                             if (!is_name(name)) name = "somebody";
                             return visit(server, std::move(socket), std::move(name), *room);
                           },
                       .options = std::move(chatting),
                   });
}

}  // namespace duplex::app
