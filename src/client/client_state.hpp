#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "client/proxy_choice.hpp"
#include "net/event_loop.hpp"
#include "net/socket_address.hpp"
#include "tls/context.hpp"
#include <duplex/client/options.hpp>

namespace duplex::client {

class Engine;

/// What a client has counted; see `ClientStatistics`.
struct ClientCounters {
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> connections_opened = 0;
  std::atomic<std::uint64_t> connections_open = 0;
  std::atomic<std::uint64_t> connections_idle = 0;
  std::atomic<std::uint64_t> connections_reused = 0;
  std::atomic<std::uint64_t> tls_handshakes = 0;
  std::atomic<std::uint64_t> tls_resumptions = 0;
};

/// What is behind a `Client`: what all of its threads share, and the engine of each. Outlives the
/// client for as long as a loop houses an engine of it.
class ClientState : public std::enable_shared_from_this<ClientState> {
 public:
  /// Throws as `Client`.
  explicit ClientState(ClientOptions options);
  ~ClientState();
  ClientState(const ClientState&) = delete;
  ClientState& operator=(const ClientState&) = delete;

  const ClientOptions& options() const noexcept { return options_; }
  const tls::Context& tls_context() const noexcept { return *tls_context_; }
  const ProxyChoice& proxies() const noexcept { return proxies_; }
  const std::vector<net::SocketAddress>& name_servers() const noexcept { return name_servers_; }
  ClientCounters& counters() noexcept { return counters_; }
  void log(LogLevel level, std::string_view sentence) const { options_.log(level, sentence); }

  /// The engine in the loop that runs in this thread, made when it is first asked for; nullptr when
  /// the client, or that loop, has ended. Throws std::logic_error where no loop runs.
  Engine* engine_here();
  /// The way into the client's own thread, and its engine, which is there as long as the inbox
  /// takes work.
  struct OwnEngine {
    std::shared_ptr<net::Inbox> inbox;
    Engine* engine;
  };
  /// Starts the thread when it is first asked for; nullopt when the client has ended. Any thread.
  std::optional<OwnEngine> own_thread();

  /// The client ends: so does all that goes on in its engines. Any thread but the client's own.
  void end();
  /// For engines: this one is there no more.
  void forget(const net::EventLoop& loop) noexcept;

 private:
  struct OwnThread;

  Engine& make_engine(net::EventLoop& loop);

  ClientOptions options_;
  std::shared_ptr<const tls::Context> tls_context_;
  ProxyChoice proxies_;
  std::vector<net::SocketAddress> name_servers_;
  ClientCounters counters_;
  std::mutex mutex_;  // of all below
  std::unordered_map<const net::EventLoop*, Engine*> engines_;
  std::unique_ptr<OwnThread> own_;
  bool ended_ = false;
};

}  // namespace duplex::client
