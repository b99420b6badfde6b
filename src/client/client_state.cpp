#include "client/client_state.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "client/engine.hpp"
#include "connection/log.hpp"
#include "net/socket.hpp"

namespace duplex::client {

namespace {

ClientOptions with_defaults(ClientOptions options) {
  options.log = connection::guarded_log(std::move(options.log));
  return options;
}

std::shared_ptr<const tls::Context> tls_context_of(const ClientOptions& options) {
  auto context = tls::Context::for_client(options.tls);
  if (!context) throw std::runtime_error(context.error());
  return std::move(*context);
}

std::vector<net::SocketAddress> addresses_of(const std::vector<std::string>& texts) {
  std::vector<net::SocketAddress> addresses;
  for (const std::string& text : texts) {
    auto address = net::SocketAddress::parse(text);
    if (!address) throw std::invalid_argument("name server " + text + ": " + address.error());
    addresses.push_back(*address);
  }
  return addresses;
}

const char* environment(const char* name) {
  // Nobody changes the environment of a program with several threads, or else it is theirs to
  // guard.
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

/// Room for a head of the permitted size twice over: what is incomplete is presented again, with
/// more behind it.
std::size_t read_buffer_bytes(const http1::ResponseLimits& limits) {
  return std::max(std::size_t{256} * 1024, 2 * limits.head_bytes_max);
}

[[noreturn]] void end_in_own_thread() noexcept {
  std::fputs(
      "duplex: a client was destroyed in its own thread, by a task or a callback that was the last "
      "to hold it; it would wait for itself\n",
      stderr);
  std::abort();
}

}  // namespace

struct ClientState::OwnThread {
  explicit OwnThread(std::size_t read_buffer) : loop(read_buffer) {}

  net::EventLoop loop;
  std::thread thread;
};

ClientState::ClientState(ClientOptions options)
    : options_(with_defaults(std::move(options))),
      tls_context_(tls_context_of(options_)),
      proxies_(options_.proxy, environment),
      name_servers_(addresses_of(options_.name_servers)) {
  for (const std::string& warning : tls_context_->warnings()) log(LogLevel::warning, warning);
}

ClientState::~ClientState() = default;

Engine& ClientState::make_engine(net::EventLoop& loop) {
  auto engine = std::make_unique<Engine>(loop, shared_from_this());
  Engine& made = *engine;
  engines_.emplace(&loop, &made);
  loop.house(std::move(engine));
  return made;
}

Engine* ClientState::engine_here() {
  net::EventLoop* const loop = net::EventLoop::current();
  if (loop == nullptr) {
    throw std::logic_error(
        "a client's call is awaited in a thread of duplex only: in a handler, or in what "
        "Client::run runs; elsewhere, wait() for it");
  }
  const std::lock_guard lock(mutex_);
  if (ended_ || loop->vacated()) return nullptr;
  const auto found = engines_.find(loop);
  return found != engines_.end() ? found->second : &make_engine(*loop);
}

std::optional<ClientState::OwnEngine> ClientState::own_thread() {
  // Destroyed behind the lock's end, should there be no thread to be had.
  std::unique_ptr<OwnThread> own;
  const std::lock_guard lock(mutex_);
  if (ended_) return std::nullopt;
  if (!own_) {
    own = std::make_unique<OwnThread>(read_buffer_bytes(options_.response_limits));
    make_engine(own->loop);
    own->thread = std::thread([loop = &own->loop] {
      const net::PipeSignalBlock block;
      loop->run();
    });
    own_ = std::move(own);
  }
  return OwnEngine{own_->loop.inbox(), engines_.at(&own_->loop)};
}

void ClientState::forget(const net::EventLoop& loop) noexcept {
  const std::lock_guard lock(mutex_);
  engines_.erase(&loop);
}

void ClientState::end() {
  std::unique_ptr<OwnThread> own;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    if (own_ && own_->thread.get_id() == std::this_thread::get_id()) end_in_own_thread();
    own = std::move(own_);
    for (const auto& [loop, engine] : engines_) {
      // Whether it is still there is known in its own thread only.
      loop->inbox()->post(
          [self = shared_from_this(), where = loop, stops = own && loop == &own->loop] {
            Engine* there = nullptr;
            {
              const std::lock_guard its_lock(self->mutex_);
              const auto found = self->engines_.find(where);
              if (found != self->engines_.end()) there = found->second;
            }
            if (there == nullptr) return;
            // What is said as a farewell leaves at the end of this iteration.
            there->shut_down();
            net::EventLoop& its_loop = there->loop();
            if (stops) {
              its_loop.stop();
            } else {
              its_loop.inbox()->post([there, &its_loop] { its_loop.evict(*there); });
            }
          });
    }
  }
  if (own) own->thread.join();
}

}  // namespace duplex::client
