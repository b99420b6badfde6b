#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "connection/log.hpp"
#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "net/signal_watch.hpp"
#include "net/socket.hpp"
#include "net/socket_address.hpp"
#include "server/certificate_watch.hpp"
#include "server/certificates.hpp"
#include "server/connection_limits.hpp"
#include "server/dispatcher.hpp"
#include "server/entrance.hpp"
#include "server/worker.hpp"
#include <duplex/server/server.hpp>

namespace duplex::server {

namespace {

constexpr std::array<int, 2> stopping_signals{SIGINT, SIGTERM};

ServerOptions with_defaults(ServerOptions options) {
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  options.log = connection::guarded_log(std::move(options.log));
  return options;
}

/// Room for a head of the permitted size twice over: what is incomplete is presented again, with
/// more behind it.
std::size_t read_buffer_bytes(const http1::Limits& limits) {
  return std::max(std::size_t{256} * 1024, 2 * limits.head_bytes_max);
}

net::SocketAddress address_of(const ListenOptions& options) {
  std::string text;
  if (!options.unix_path.empty()) {
    if (options.reuse_port) {
      throw std::invalid_argument("reuse_port is for ports; a Unix socket can't be shared");
    }
    text = "unix:" + options.unix_path;
  } else if (options.address == "::") {
    return net::SocketAddress::every(options.port);
  } else if (options.address.contains(':')) {
    text = "[" + options.address + "]:" + std::to_string(options.port);
  } else {
    text = options.address + ":" + std::to_string(options.port);
  }
  auto address = net::SocketAddress::parse(text);
  if (!address) throw std::invalid_argument(address.error());
  return *address;
}

}  // namespace

/// What is behind a `Server`.
class Server::Running final : private Publisher {
 public:
  explicit Running(ServerOptions options)
      : options_(with_defaults(std::move(options))),
        limits_(options_.connections_max, connections_per_host_max(options_)),
        certificates_(options_.log),
        workers_(make_workers()),
        signals_({&workers_.front()->loop}),
        stop_signals_(loops()) {}

  ~Running() {
    stop({.deadline = std::chrono::milliseconds(0)});
    wait();
    // All at once before any is destroyed, since users' destructors, and callbacks of clients that
    // they use in these threads, may still publish.
    for (const auto& thread : workers_) thread->worker.shut_down();
    for (const auto& thread : workers_) thread->loop.vacate();
  }

  /// To be set up.
  Dispatcher& dispatcher() {
    require_set_up("add routes");
    return dispatcher_;
  }

  std::uint16_t listen(const net::SocketAddress& address, const ListenOptions& options) {
    require_set_up("listen");
    check_encryption(options);
    std::optional<ListenerCertificates> certificates;
    if (options.tls.enabled()) certificates = ListenerCertificates::open(options.tls);
    auto opened = net::Listener::open_group(
        address, workers_.size(), {.backlog = options.backlog, .reuse_port = options.reuse_port});
    if (!opened) throw ListenError(opened.error());
    entrances_.push_back(std::make_unique<const Entrance>(Entrance{
        .tls = certificates ? certificates->context : nullptr,
        .strict_transport_value = format_strict_transport(options.strict_transport),
        .redirect_to_https = options.redirect_to_https,
    }));
    std::vector<std::shared_ptr<const net::Listener>> listeners;
    for (net::Listener& listener : *opened) {
      listeners.push_back(std::make_shared<const net::Listener>(std::move(listener)));
    }
    const bool shared = listeners.size() < workers_.size();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->worker.listen(listeners[shared ? 0 : i], *entrances_.back(), shared);
    }
    const net::SocketAddress& where = listeners.front()->address();
    if (certificates) certificates_.add(where.to_string(), std::move(*certificates));
    return where.port();
  }

  void on_signal(int signal, std::function<void()> handler) {
    require_set_up("say what signals do");
    // That one is blocked in the threads of a server.
    if (signal == SIGPIPE) {
      throw std::invalid_argument("SIGPIPE can't be waited for: sends tell the same by errors");
    }
    if (!handler) throw std::invalid_argument("a signal's handler is empty");
    stop_signals_.remove(signal);
    signals_.add(signal, guarded(signal, std::move(handler)));
  }

  void stop_on_signals(StopOptions options) {
    require_set_up("say what signals do");
    // Both, or none.
    for (const int signal : stopping_signals) {
      const bool is_ours = signals_.has(signal) || stop_signals_.has(signal);
      if (net::SignalWatch::is_taken(signal) && !is_ours) net::SignalWatch::refuse_taken(signal);
    }
    for (const int signal : stopping_signals) {
      signals_.remove(signal);
      stop_signals_.add(
          signal, [this, options] { stop(options); }, net::SignalWatch::Next::ends_program);
    }
  }

  void run() {
    note_start();
    const std::lock_guard lock(mutex_);
    start_threads(1);
    serve_with(*workers_.front());
    join_threads();
  }

  void start() {
    note_start();
    const std::lock_guard lock(mutex_);
    start_threads(0);
  }

  void wait() {
    const std::lock_guard lock(mutex_);
    join_threads();
  }

  void stop(StopOptions options) {
    watch_stop_.request_stop();
    for (const auto& thread : workers_) thread->worker.stop(options.deadline);
  }

  connection::PublishStatus publish(std::string_view topic,
                                    const websocket::PreparedMessage& message) {
    Worker* here = worker_of_this_thread();
    if (here != nullptr) return here->publish(topic, message);
    return publish_elsewhere(nullptr, topic, message);
  }

  std::expected<void, std::string> reload_certificates() { return certificates_.reload(); }

  Statistics statistics() const {
    Statistics statistics;
    for (const auto& thread : workers_) thread->worker.add_to(statistics);
    return statistics;
  }

 private:
  /// A worker and its thread; the loop outlives the worker.
  struct Thread {
    Thread(std::size_t read_buffer, const WorkerShared& shared)
        : loop(read_buffer), worker(loop, shared) {}

    net::EventLoop loop;
    Worker worker;
    std::thread thread;
  };

  void note_start() {
    if (started_.exchange(true)) throw std::logic_error("a server can be started only once");
  }

  void require_set_up(const char* to_do) const {
    if (started_) throw std::logic_error(std::string(to_do) + " before the server is started");
  }

  void serve_with(Thread& thread) {
    const net::PipeSignalBlock block;
    const net::SignalWatch::Unblocked told(signals_);
    const net::SignalWatch::Unblocked stopped(stop_signals_);
    thread.loop.run();
  }

  /// For all workers but the first `own_count`, which run in their callers' threads.
  void start_threads(std::size_t own_count) {
    serving_ = true;
    for (std::size_t i = own_count; i < workers_.size(); ++i) {
      workers_[i]->thread = std::thread([this, &worker = *workers_[i]] { serve_with(worker); });
    }
    if (certificates_.watches()) {
      watch_ = std::thread(
          [this, stop = watch_stop_.get_token()] { watch_certificates(certificates_, stop); });
    }
  }

  void join_threads() {
    for (const auto& thread : workers_) {
      if (thread->thread.joinable()) thread->thread.join();
    }
    if (watch_.joinable()) watch_.join();
    // Nobody is left to be told.
    if (!std::exchange(serving_, false)) return;
    signals_.end();
    stop_signals_.end();
  }

  std::function<void()> guarded(int signal, std::function<void()> handler) {
    return [this, signal, handler = std::move(handler)] {
      std::string failure;
      try {
        return handler();
      } catch (const std::exception& exception) {
        failure = exception.what();
      } catch (...) {
        failure = "an exception that is no std::exception";
      }
      options_.log(LogLevel::error,
                   "the handler of signal " + std::to_string(signal) + " has failed: " + failure);
    };
  }

  std::vector<net::EventLoop*> loops() const {
    std::vector<net::EventLoop*> loops;
    loops.reserve(workers_.size());
    for (const auto& thread : workers_) loops.push_back(&thread->loop);
    return loops;
  }

  std::vector<std::unique_ptr<Thread>> make_workers() {
    const WorkerShared shared{options_, dispatcher_, limits_, *this};
    std::vector<std::unique_ptr<Thread>> workers;
    workers.reserve(options_.threads);
    for (unsigned i = 0; i < options_.threads; ++i) {
      workers.push_back(std::make_unique<Thread>(read_buffer_bytes(options_.limits), shared));
    }
    return workers;
  }

  Worker* worker_of_this_thread() const noexcept {
    const net::EventLoop* loop = net::EventLoop::current();
    for (const auto& thread : workers_) {
      if (&thread->loop == loop) return &thread->worker;
    }
    return nullptr;
  }

  connection::PublishStatus publish_elsewhere(Worker* from, std::string_view topic,
                                              const websocket::PreparedMessage& message) override {
    bool full = false;
    std::shared_ptr<const std::string> name;
    for (const auto& thread : workers_) {
      if (&thread->worker == from) continue;
      if (!name) name = std::make_shared<const std::string>(topic);
      full |= thread->worker.take_publication({name, message}, from);
    }
    return full ? connection::PublishStatus::backlogged : connection::PublishStatus::accepted;
  }

  ServerOptions options_;
  Dispatcher dispatcher_;
  ConnectionLimits limits_;
  Certificates certificates_;
  std::vector<std::unique_ptr<const Entrance>> entrances_;
  std::vector<std::unique_ptr<Thread>> workers_;
  net::SignalWatch signals_;  // in the first one's loop
  // In any's: one worker may be busy, and the others are to stop nevertheless.
  net::SignalWatch stop_signals_;
  std::stop_source watch_stop_;
  std::thread watch_;
  std::mutex mutex_;  // of the threads, and held while `run` is: `wait` may be called by any
  bool serving_ = false;
  std::atomic<bool> started_ = false;
};

// ---------------------------------------------------------------------------- the public side

Server::Server(ServerOptions options) : state_(std::make_unique<Running>(std::move(options))) {}

Server::~Server() = default;

void Server::route(http::Method method, std::string_view pattern, Handler handler) {
  state_->dispatcher().add(method, pattern, std::move(handler));
}

void Server::get(std::string_view pattern, Handler handler) {
  route(http::Method::get, pattern, std::move(handler));
}

void Server::post(std::string_view pattern, Handler handler) {
  route(http::Method::post, pattern, std::move(handler));
}

void Server::put(std::string_view pattern, Handler handler) {
  route(http::Method::put, pattern, std::move(handler));
}

void Server::patch(std::string_view pattern, Handler handler) {
  route(http::Method::patch, pattern, std::move(handler));
}

void Server::delete_(std::string_view pattern, Handler handler) {
  route(http::Method::delete_, pattern, std::move(handler));
}

void Server::options(std::string_view pattern, Handler handler) {
  route(http::Method::options, pattern, std::move(handler));
}

void Server::websocket(std::string_view pattern, WebSocketEndpoint endpoint) {
  state_->dispatcher().add_websocket(pattern, std::move(endpoint));
}

void Server::files(std::string_view prefix, const StaticFilesOptions& options) {
  state_->dispatcher().add_files(prefix, options);
}

void Server::use(Middleware middleware) {
  use("/", std::move(middleware));
}

void Server::use(std::string_view prefix, Middleware middleware) {
  state_->dispatcher().use(prefix, std::move(middleware));
}

std::uint16_t Server::listen(const ListenOptions& options) {
  return state_->listen(address_of(options), options);
}

std::uint16_t Server::listen(std::string_view address) {
  const auto parsed = net::SocketAddress::parse(address);
  if (!parsed) throw std::invalid_argument(parsed.error());
  return state_->listen(*parsed, {});
}

void Server::run() {
  state_->run();
}

void Server::start() {
  state_->start();
}

void Server::wait() {
  state_->wait();
}

void Server::stop(StopOptions options) {
  state_->stop(options);
}

void Server::stop_on_signals(StopOptions options) {
  state_->stop_on_signals(options);
}

void Server::on_signal(int signal, std::function<void()> handler) {
  state_->on_signal(signal, std::move(handler));
}

connection::PublishStatus Server::publish(std::string_view topic,
                                          const websocket::PreparedMessage& message) {
  return state_->publish(topic, message);
}

connection::PublishStatus Server::publish(std::string_view topic,
                                          const connection::Message& message) {
  return publish(topic, websocket::PreparedMessage::of(message.opcode(), message.bytes()));
}

connection::PublishStatus Server::publish(std::string_view topic, std::string_view text) {
  return state_->publish(topic, websocket::PreparedMessage::text(text));
}

std::expected<void, std::string> Server::reload_certificates() {
  return state_->reload_certificates();
}

Statistics Server::statistics() const {
  return state_->statistics();
}

}  // namespace duplex::server
