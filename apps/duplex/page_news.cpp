#include <algorithm>
#include <charconv>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "page_parts.hpp"
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view path = "/_duplex/news";
constexpr std::string_view topic = "_duplex/news";
/// More than come between two polls of the slowest page.
constexpr std::size_t items_kept_max = 64;
/// The pause between two items is between these.
constexpr std::chrono::milliseconds pause_min = 400ms;
constexpr std::chrono::milliseconds pause_max = 1600ms;

constexpr std::string_view headlines[] = {
    "101 Switching Protocols is the last that HTTP says on a connection.",
    "The header of a WebSocket frame has 2 to 14 bytes.",
    "Browsers mask what they send; servers never do.",
    "A ping is answered by a pong with the same payload.",
    "Close code 1000 says that all was well.",
    "Text is UTF-8, or the connection fails with 1007.",
    "A control frame carries at most 125 bytes.",
    "HTTP/1.1 keeps the connection, and still never speaks first.",
    "The WebSocket protocol became RFC 6455 in December 2011.",
    "A request head often weighs more than what it asks for.",
    "Control frames may stand between the fragments of a message.",
};

struct Item {
  std::uint64_t number;
  double at_ms;
  std::string_view text;
};

Json to_json(const Item& item) {
  return {{"n", item.number}, {"at", item.at_ms}, {"text", item.text}};
}

/// The news of all threads. Nobody writes them but those who listen: each wakes when the next item
/// is due, and the first to wake writes it.
class NewsBoard {
 public:
  /// The next item, for the one caller that is the first when it is due.
  std::optional<Item> write_if_due() {
    const std::scoped_lock lock(mutex_);
    const auto now = Clock::now();
    if (now < due_) return std::nullopt;
    due_ = now + std::chrono::milliseconds(pause_(random_));
    latest_ += 1;
    items_.push_back({latest_, now_ms(), headlines[latest_ % std::size(headlines)]});
    if (items_.size() > items_kept_max) items_.pop_front();
    return items_.back();
  }

  /// How long until it is worth while to ask again; never zero.
  std::chrono::milliseconds until_due() const {
    const std::scoped_lock lock(mutex_);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now()), 1ms);
  }

  /// The number of the last item, and those behind the one numbered `since`.
  std::pair<std::uint64_t, std::vector<Item>> since(std::uint64_t number) const {
    const std::scoped_lock lock(mutex_);
    const auto first = std::ranges::upper_bound(items_, number, {}, &Item::number);
    return {latest_, {first, items_.end()}};
  }

 private:
  using Clock = std::chrono::steady_clock;

  mutable std::mutex mutex_;
  std::deque<Item> items_;
  std::uint64_t latest_ = 0;
  Clock::time_point due_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_int_distribution<std::chrono::milliseconds::rep> pause_{pause_min.count(),
                                                                       pause_max.count()};
};

Task<> write_news(WebSocket socket, NewsBoard& board) {
  while (socket.is_open()) {
    if (const std::optional<Item> item = board.write_if_due()) {
      socket.publish_to_all(topic, to_text(to_json(*item)));
    }
    co_await sleep_for(board.until_due());
  }
}

/// Two coroutines on one socket: one tells the news, this one the time to whoever asks.
Task<> tell(WebSocket socket, NewsBoard& board) {
  socket.subscribe(topic);
  Task<> writing = write_news(socket, board);
  writing.start();
  while (co_await socket.receive()) {
    const Json time = {{"clock", now_ms()}};
    co_await socket.send(to_text(time));
  }
}

/// What stands behind the item `?since=` that the client has seen; nothing for a client that has
/// seen none, which learns here where to begin.
Response poll(const Request& request, const NewsBoard& board) {
  std::uint64_t seen = std::numeric_limits<std::uint64_t>::max();
  const std::string since = request.query("since").value_or("");
  std::from_chars(since.data(), since.data() + since.size(), seen);
  const auto [latest, items] = board.since(seen);
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return json_response({{"latest", latest},
                        {"request_bytes", request.head().raw.size()},
                        {"items", std::move(list)}});
}

}  // namespace

void add_news(Server& server, const WebSocketOptions& options) {
  const auto board = std::make_shared<NewsBoard>();
  server.get(path, [board](const Request& request) { return poll(request, *board); });

  WebSocketOptions listening = options;
  listening.message_bytes_max = 1024;
  // The page counts the bytes of both ways, and polling compresses nothing either.
  listening.deflate.reset();
  server.websocket(
      path, {
                // The page counts what each way costs, and no browser tells a page this.
                .on_handshake =
                    [](WebSocket& socket, std::string_view request, std::string_view response) {
                      socket.send(to_text({{"handshake", request.size() + response.size()}}));
                    },
                .session = [board](WebSocket socket,
                                   const Request&) { return tell(std::move(socket), *board); },
                .options = std::move(listening),
            });
}

}  // namespace duplex::app
