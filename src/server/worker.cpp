#include "server/worker.hpp"

#include <utility>

#include "net/socket.hpp"
#include "server/connection.hpp"
#include "server/entrance.hpp"
#include "server/http1_connection.hpp"
#include <duplex/http1/response_writer.hpp>
#include <duplex/server/body.hpp>

namespace duplex::server {

namespace {

constexpr std::size_t connections_per_address_max_default = 4096;

/// Whether an address stands for one client, and not for a proxy on this machine.
bool is_loopback(const net::SocketAddress& address) {
  const std::string host = address.host();
  return host == "::1" || host.starts_with("127.");
}

}  // namespace

/// Ends by force what has not ended in time.
class Worker::Deadline final : public net::Timer {
 public:
  explicit Deadline(Worker& worker) noexcept : worker_(worker) {}

 private:
  void on_timer() noexcept override {
    worker_.for_each_pipe([](connection::Pipe& pipe) { pipe.abort(); });
    worker_.loop().stop();
  }

  Worker& worker_;
};

/// Writes a comment to the clients of event streams now and then: it keeps proxies from giving them
/// up, and finds those that have gone.
class Worker::EventHeartbeat final : public net::Timer {
 public:
  explicit EventHeartbeat(Worker& worker) noexcept : worker_(worker) {}
  void begin() noexcept {
    if (!armed()) worker_.loop().arm(*this, interval_ms);
  }

 private:
  // As often as a WebSocket's ping by default.
  static constexpr std::uint64_t interval_ms = 30'000;

  void on_timer() noexcept override {
    const std::vector<Http1Connection*> streams(worker_.event_streams_.begin(),
                                                worker_.event_streams_.end());
    for (Http1Connection* stream : streams) stream->write_content(as_bytes(": still here\n\n"));
    if (!worker_.event_streams_.empty()) begin();
  }

  Worker& worker_;
};

/// Closes large files that nobody has asked for in a while.
class Worker::FileCloser final : public net::Timer {
 public:
  explicit FileCloser(Worker& worker) noexcept : worker_(worker) {}
  void begin() noexcept {
    const std::size_t open =
        worker_.clear_files_.open_count() + worker_.encrypted_files_.open_count();
    if (!armed() && open > 0) worker_.loop().arm(*this, interval_ms);
  }

 private:
  static constexpr std::uint64_t interval_ms = 1'000;

  void on_timer() noexcept override {
    worker_.clear_files_.close_unused();
    worker_.encrypted_files_.close_unused();
    begin();
  }

  Worker& worker_;
};

Worker::Worker(net::EventLoop& loop, const WorkerShared& shared)
    : Hub(loop, {.stalled_write_ms_max = shared.options.time_limits.stalled_write_ms_max,
                 .handshake_ms_max = shared.options.time_limits.handshake_ms_max}),
      shared_(shared),
      clear_files_(file_cache_limits(false, shared.options.threads)),
      encrypted_files_(file_cache_limits(true, shared.options.threads)),
      deadline_(std::make_unique<Deadline>(*this)),
      event_heartbeat_(std::make_unique<EventHeartbeat>(*this)),
      file_closer_(std::make_unique<FileCloser>(*this)) {}

Worker::~Worker() {
  shut_down();
}

void Worker::shut_down() noexcept {
  const net::EventLoop::Presence presence(loop());
  acceptors_.clear();
  loop().inbox()->close();
  close_all();
}

void Worker::listen(std::shared_ptr<const net::Listener> listener, const Entrance& entrance,
                    bool exclusive) {
  acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(listener), entrance, exclusive));
}

// ---------------------------------------------------------------------------- connections

void Worker::connected(net::Accepted accepted, const Entrance& entrance) {
  std::optional<std::uint64_t> host_key = accepted.peer.host_key();
  if (!shared_.options.connections_per_address_max && host_key && is_loopback(accepted.peer)) {
    host_key.reset();
  }
  if (!shared_.limits.admit(host_key)) {
    add(connections_refused_, 1);
    // Who wants to speak TLS could not read a sentence in clear, and is just hung up on.
    if (!entrance.encrypted()) refuse(accepted.socket.number());
    return;
  }
  add(connections_accepted_, 1);
  add(connections_open_, 1);
  // Owned by the hub from here on.
  adopt(*new Connection(*this, std::move(accepted.socket), host_key, entrance));
}

/// Says 503 to a connection that is too many; briefly, and without waiting for its request.
void Worker::refuse(int socket) noexcept {
  ByteQueue answer;
  http1::write_error_response(http::Status::service_unavailable,
                              "The server has too many connections; try again later", date(),
                              answer);
  net::send(socket, ConstBytes(answer.content()));
  net::shutdown_write(socket);
}

void Worker::refused_for_want_of_descriptors() noexcept {
  add(connections_refused_, 1);
  log(LogLevel::warning,
      "a connection was refused: the process has no descriptor left; raise its limit (ulimit -n)");
}

void Worker::connection_closed(std::optional<std::uint64_t> host_key) noexcept {
  shared_.limits.leave(host_key);
  add(connections_open_, -1);
  if (stopping_) end_if_empty();
}

FileCache& Worker::files_for(const Request& request) noexcept {
  return request.secure() ? encrypted_files_ : clear_files_;
}

FileResponse Worker::file(const Request& request, const FileAnswer& answer) {
  FileResponse response = respond_with_path(request.head(), answer, files_for(request),
                                            std::chrono::system_clock::now());
  file_closer_->begin();
  return response;
}

FileResponse Worker::file(const Request& request, const FilesMount& mount) {
  const http::RequestHead& head = request.head();
  FileResponse response = mount.files.respond(head, mount.prefix.rest_of(head.path).value_or(""),
                                              files_for(request), std::chrono::system_clock::now());
  file_closer_->begin();
  return response;
}

// ---------------------------------------------------------------------------- stopping

void Worker::stop(std::chrono::milliseconds deadline) {
  loop().inbox()->post([this, deadline] { begin_stop(deadline); });
}

void Worker::begin_stop(std::chrono::milliseconds deadline) {
  const auto delay_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(deadline.count(), 0));
  const std::uint64_t deadline_ms = loop().now_ms() + delay_ms;
  if (deadline_ms < deadline_ms_) {
    deadline_ms_ = deadline_ms;
    loop().arm(*deadline_, delay_ms);
  }
  if (stopping_) return;
  for (const auto& acceptor : acceptors_) acceptor->take_all();
  acceptors_.clear();
  stopping_ = true;
  for_each_pipe([](connection::Pipe& pipe) { static_cast<Connection&>(pipe).stop(); });
  end_if_empty();
}

void Worker::end_if_empty() noexcept {
  if (pipe_count() == 0 && sessions_running_ == 0) loop().stop();
}

// ---------------------------------------------------------------------------- topics

bool Worker::subscribe(connection::WebSocketLink& link, std::string_view topic) {
  return sockets_.subscribe(link, topic);
}

bool Worker::unsubscribe(connection::WebSocketLink& link, std::string_view topic) {
  return sockets_.unsubscribe(link, topic);
}

void Worker::subscribe(Http1Connection& stream, std::string_view topic) {
  event_topics_.subscribe(stream, topic);
}

void Worker::event_stream_opened(Http1Connection& stream) {
  event_streams_.insert(&stream);
  event_heartbeat_->begin();
}

void Worker::remove_subscriber(connection::WebSocketLink& link) noexcept {
  sockets_.remove(link);
}

void Worker::remove_subscriber(Http1Connection& stream) noexcept {
  event_topics_.remove(stream);
  event_streams_.erase(&stream);
}

connection::PublishStatus Worker::publish(std::string_view topic,
                                          const websocket::PreparedMessage& message,
                                          connection::WebSocketLink& publisher, bool to_itself) {
  deliver(topic, message, to_itself ? nullptr : &publisher);
  // Who makes it publish may be another; if it is nobody, a session has awaited something else.
  connection::Pipe* source = at_work();
  if (source == nullptr && !publisher.ended()) {
    const std::uint32_t index = publisher.carrier().index();
    source = find(index, generation(index));
  }
  return publish_elsewhere(topic, message, source);
}

connection::PublishStatus Worker::publish(std::string_view topic,
                                          const websocket::PreparedMessage& message) {
  deliver(topic, message, nullptr);
  return publish_elsewhere(topic, message, at_work());
}

connection::PublishStatus Worker::publish_elsewhere(std::string_view topic,
                                                    const websocket::PreparedMessage& message,
                                                    connection::Pipe* source) {
  const auto status = shared_.publisher.publish_elsewhere(this, topic, message);
  if (status == connection::PublishStatus::backlogged && source != nullptr && source->is_open() &&
      !source->awaits_deliveries()) {
    source->set_awaits_deliveries(true);
    sources_waiting_.push_back({source->index(), generation(source->index())});
  }
  return status;
}

bool Worker::take_publication(Publications::Publication publication, Worker* from) {
  const auto added = publications_.add(std::move(publication), from);
  if (added.to_tell) loop().inbox()->post([this] { deliver_published(); });
  return added.full;
}

void Worker::deliver_published() {
  const auto delivered = publications_.deliver_some(
      [this](const auto& published) { deliver(*published.topic, published.message, nullptr); });
  if (delivered.more) loop().inbox()->post([this] { deliver_published(); });
  for (Worker* worker : delivered.to_tell) {
    worker->loop().inbox()->post([worker] { worker->note_room_elsewhere(); });
  }
}

/// Those who find too little of it once more wait once more.
void Worker::note_room_elsewhere() {
  for (const Name name : std::exchange(sources_waiting_, {})) {
    connection::Pipe* const source = find(name.index, name.generation);
    if (source != nullptr) source->set_awaits_deliveries(false);
  }
}

void Worker::deliver(std::string_view topic, const websocket::PreparedMessage& message,
                     const connection::WebSocketLink* except) {
  sockets_.for_each(topic, [&](connection::WebSocketLink& link) {
    if (&link != except) link.send(message);
  });
  if (!event_topics_.has_members(topic)) return;
  const std::string event = to_string(ServerSentEvent{.data = as_text(message.payload())});
  ByteQueue chunk;
  http1::write_chunk(as_bytes(event), chunk);
  const SharedBytes as_chunk = SharedBytes::copy_of(chunk.content());
  const SharedBytes plain = SharedBytes::copy_of(as_bytes(event));
  event_topics_.for_each(topic,
                         [&](Http1Connection& stream) { stream.send_event(as_chunk, plain); });
}

// ---------------------------------------------------------------------------- telling

void Worker::log(LogLevel level, std::string_view sentence) const noexcept {
  shared_.options.log(level, sentence);
}

void Worker::log_access(const AccessRecord& record) const noexcept {
  try {
    shared_.options.access_log(record);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // A log that fails has nobody left to tell, and must not end connections.
  }
}

void Worker::add_to(Statistics& statistics) const noexcept {
  const auto read = [](const Count& count) { return count.load(std::memory_order_relaxed); };
  statistics.connections_open += read(connections_open_);
  statistics.connections_accepted += read(connections_accepted_);
  statistics.connections_refused += read(connections_refused_);
  statistics.requests += read(requests_);
  statistics.websockets_open += read(websockets_open_);
  statistics.messages_received += read(messages_received_);
  statistics.tls_handshakes += read(tls_handshakes_);
  statistics.tls_resumptions += read(tls_resumptions_);
  statistics.tls_failures += read(tls_failures_);
  statistics.publications_waiting += publications_.count();
  statistics.messages_dropped += read(counters().messages_dropped);
  statistics.slow_consumers_closed += read(counters().slow_consumers_closed);
}

std::size_t connections_per_host_max(const ServerOptions& options) noexcept {
  return options.connections_per_address_max.value_or(connections_per_address_max_default);
}

}  // namespace duplex::server
