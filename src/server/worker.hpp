#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "connection/hub.hpp"
#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "server/acceptor.hpp"
#include "server/connection_limits.hpp"
#include "server/date_cache.hpp"
#include "server/dispatcher.hpp"
#include "server/publications.hpp"
#include "server/static_files/file_cache.hpp"
#include "server/static_files/file_response.hpp"
#include "server/topics.hpp"
#include <duplex/http1/request_parser.hpp>
#include <duplex/server/options.hpp>

namespace duplex::server {

class Connection;
struct Entrance;
class Http1Connection;

/// Passes on to the other workers what one of them publishes.
class Publisher {
 public:
  /// To all but `from`, which is nullptr in threads that are no worker's.
  virtual connection::PublishStatus publish_elsewhere(
      class Worker* from, std::string_view topic, const websocket::PreparedMessage& message) = 0;

 protected:
  ~Publisher() = default;
};

/// What all workers of a server share; borrowed, and unchanged while they run, but for the limits,
/// which guard themselves. The log of the options is there, and throws nothing.
struct WorkerShared {
  const ServerOptions& options;
  const Dispatcher& dispatcher;
  ConnectionLimits& limits;
  Publisher& publisher;
};

/// One thread of a server: a loop, its listeners, its connections and its topics.
class Worker final : public connection::Hub {
 public:
  /// `loop` is borrowed, runs in the worker's thread, and outlives it.
  Worker(net::EventLoop& loop, const WorkerShared& shared);
  ~Worker() override;

  /// Accepts from `listener`, which is shared with other workers when `exclusive`. Before `run`.
  /// `entrance` outlives the worker.
  void listen(std::shared_ptr<const net::Listener> listener, const Entrance& entrance,
              bool exclusive);

  /// Stops accepting and closes gracefully what is open, by force after `deadline`; then stops the
  /// loop. Any thread.
  void stop(std::chrono::milliseconds deadline);
  /// Ends all that is left, when no thread runs the loop any more.
  void shut_down() noexcept;
  /// Delivers to this worker's subscribers, soon. True when there is more to deliver than there
  /// should be; then `from` is told when there is less. Any thread.
  bool take_publication(Publications::Publication publication, Worker* from);

  /// Adds this worker's counts to `statistics`. Any thread.
  void add_to(Statistics& statistics) const noexcept;

  // For acceptors and connections, in this worker's thread.
  void connected(net::Accepted accepted, const Entrance& entrance);
  void refused_for_want_of_descriptors() noexcept;
  void connection_closed(std::optional<std::uint64_t> host_key) noexcept;
  void websocket_opened() noexcept { add(websockets_open_, 1); }
  void websocket_closed() noexcept { add(websockets_open_, -1); }
  void count_request() noexcept { add(requests_, 1); }
  void count_message() noexcept { add(messages_received_, 1); }
  void session_began() noexcept { ++sessions_running_; }
  void session_ended() noexcept {
    --sessions_running_;
    if (stopping_) end_if_empty();
  }
  void count_handshake(bool resumed) noexcept {
    add(tls_handshakes_, 1);
    if (resumed) add(tls_resumptions_, 1);
  }
  void count_tls_failure() noexcept { add(tls_failures_, 1); }

  bool stopping() const noexcept { return stopping_; }
  const ServerOptions& options() const noexcept { return shared_.options; }
  const Dispatcher& dispatcher() const noexcept { return shared_.dispatcher; }
  http1::FieldTable& field_table() noexcept { return field_table_; }
  std::string_view date() noexcept { return date_.now(); }

  /// The file that a handler chose; or the one below `mount` that the request is for.
  FileResponse file(const Request& request, const FileAnswer& answer);
  FileResponse file(const Request& request, const FilesMount& mount);

  void log(LogLevel level, std::string_view sentence) const noexcept override;
  bool logs_access() const noexcept { return static_cast<bool>(shared_.options.access_log); }
  void log_access(const AccessRecord& record) const noexcept;

  bool subscribe(connection::WebSocketLink& link, std::string_view topic) override;
  bool unsubscribe(connection::WebSocketLink& link, std::string_view topic) override;
  connection::PublishStatus publish(std::string_view topic,
                                    const websocket::PreparedMessage& message,
                                    connection::WebSocketLink& publisher, bool to_itself) override;
  /// For whose input is being worked on, if anybody's is.
  connection::PublishStatus publish(std::string_view topic,
                                    const websocket::PreparedMessage& message);
  void subscribe(Http1Connection& stream, std::string_view topic);
  /// Server-sent events are being sent: a comment now and then keeps them alive.
  void event_stream_opened(Http1Connection& stream);
  void remove_subscriber(connection::WebSocketLink& link) noexcept;
  void remove_subscriber(Http1Connection& stream) noexcept;

 private:
  class Deadline;
  class EventHeartbeat;
  class FileCloser;

  /// A connection's; see `Hub::find`.
  struct Name {
    std::uint32_t index;
    std::uint32_t generation;
  };

  using Count = std::atomic<std::uint64_t>;
  static void add(Count& count, std::int64_t change) noexcept {
    // One thread writes: no need for a locked instruction.
    count.store(count.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change),
                std::memory_order_relaxed);
  }

  void begin_stop(std::chrono::milliseconds deadline);
  void deliver(std::string_view topic, const websocket::PreparedMessage& message,
               const connection::WebSocketLink* except);
  void deliver_published();
  connection::PublishStatus publish_elsewhere(std::string_view topic,
                                              const websocket::PreparedMessage& message,
                                              connection::Pipe* source);
  void note_room_elsewhere();
  void end_if_empty() noexcept;
  void refuse(int socket) noexcept;
  FileCache& files_for(const Request& request) noexcept;

  WorkerShared shared_;
  http1::FieldTable field_table_;
  DateCache date_;
  FileCache clear_files_;
  FileCache encrypted_files_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  Publications publications_;  // of others
  std::vector<Name> sources_waiting_;
  Topics<connection::WebSocketLink> sockets_;
  Topics<Http1Connection> event_topics_;
  std::unordered_set<Http1Connection*> event_streams_;
  std::unique_ptr<Deadline> deadline_;
  std::unique_ptr<EventHeartbeat> event_heartbeat_;
  std::unique_ptr<FileCloser> file_closer_;
  std::size_t sessions_running_ = 0;  // of WebSockets, some behind the end of their connections
  bool stopping_ = false;
  std::uint64_t deadline_ms_ = UINT64_MAX;  // of the loop's time, when stopping
  Count connections_open_ = 0;
  Count connections_accepted_ = 0;
  Count connections_refused_ = 0;
  Count requests_ = 0;
  Count websockets_open_ = 0;
  Count messages_received_ = 0;
  Count tls_handshakes_ = 0;
  Count tls_resumptions_ = 0;
  Count tls_failures_ = 0;
};

/// How many connections one host may have.
std::size_t connections_per_host_max(const ServerOptions& options) noexcept;

}  // namespace duplex::server
