#include "world.hpp"

#include <stdexcept>
#include <utility>

namespace duplex::stress {

World::World(Ledger& its_ledger, std::uint64_t its_seed, const Encryption& its_encryption,
             std::string its_folder)
    : ledger(its_ledger),
      seed(its_seed),
      encryption(its_seed % 3 == 0 ? &its_encryption : nullptr),
      folder(std::move(its_folder)) {}

World::~World() = default;

std::string World::url(std::string_view path, std::uint32_t key, std::string_view scheme) const {
  return std::string(scheme) + (encryption != nullptr ? "s" : "") +
         "://127.0.0.1:" + std::to_string(port) + std::string(path) + "?key=" + std::to_string(key);
}

ClientOptions World::client_options(Random& random) const {
  ClientOptions options;
  options.proxy.from_environment = false;
  options.log = [](LogLevel, std::string_view) {};
  if (encryption != nullptr) options.tls.ca = encryption->authority.certificate;
  options.time_limits.head_ms_max = 100;
  options.time_limits.progress_ms_max = 100;
  options.time_limits.continue_ms_max = 5;
  options.time_limits.call_ms_max = 300;
  options.pool.connections_per_origin_max = random.one_in(2) ? 2 : 16;
  options.pool.idle_ms_max = random.one_in(2) ? 5 : 1'000;
  options.pool.idle_max = random.one_in(2) ? 1 : 10;
  options.pool.waiting_per_origin_max = random.one_in(2) ? 3 : 1'000;
  return options;
}

std::shared_ptr<Client> World::client() const {
  const std::lock_guard lock(mutex_);
  return client_;
}

void World::replace_client(std::shared_ptr<Client> client) {
  const std::lock_guard lock(mutex_);
  client_.swap(client);
}

std::shared_ptr<Client> World::make_client(Random& random) {
  const auto bury = [this](Client* client) {
    const std::lock_guard lock(mutex_);
    dead_clients_.emplace_back(client);
  };
  return {new Client(client_options(random)), bury};
}

void World::bury_clients() {
  std::vector<std::unique_ptr<Client>> dead;
  const std::unique_lock lock(mutex_);
  dead.swap(dead_clients_);
}

void World::keep(Sender sender) {
  const std::lock_guard lock(mutex_);
  if (senders_.size() < kept_max) senders_.push_back(std::move(sender));
}

Sender World::some_sender(Random& random) const {
  const std::lock_guard lock(mutex_);
  if (senders_.empty()) return {};
  return senders_[random.below(static_cast<std::uint32_t>(senders_.size()))];
}

void World::keep(Completion<int>::Resolver resolver) {
  const std::lock_guard lock(mutex_);
  if (resolvers_.size() < kept_max) resolvers_.push_back(std::move(resolver));
}

void World::resolve_all() {
  std::vector<Completion<int>::Resolver> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(resolvers_);
  }
  for (const auto& resolver : all) resolver.resolve(3);
}

void World::forget_senders() {
  const std::lock_guard lock(mutex_);
  senders_.clear();
}

std::optional<World::Place> World::place_for_download() {
  for (std::size_t index = 0; index < places_.size(); ++index) {
    if (places_[index].exchange(true)) continue;
    return Place(places_[index], folder + "/download" + std::to_string(index));
  }
  return std::nullopt;
}

std::string some_topic(Random& random) {
  return "topic " + std::to_string(random.below(3));
}

void fail_once_in(Random& random, std::uint32_t count) {
  if (!random.one_in(count)) return;
  if (random.one_in(2)) throw std::runtime_error("a mishap");
  throw Mishap();
}

Task<> guarded_task(Task<> task) {
  try {
    co_await std::move(task);
  } catch (const std::exception&) {
    co_return;
  } catch (const Mishap&) {
    co_return;
  }
}

namespace {

constexpr std::size_t kept_here_max = 50;

/// Where the thread's handles are; not any more once they are being destroyed, since that may run
/// what keeps further ones.
class Kept {
 public:
  Kept() { here = &sockets_; }
  ~Kept() {
    here = nullptr;
    sockets_.clear();
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  static std::vector<WebSocket>* sockets() {
    thread_local Kept kept;
    return here;
  }

 private:
  static thread_local std::vector<WebSocket>* here;
  std::vector<WebSocket> sockets_;
};

thread_local std::vector<WebSocket>* Kept::here = nullptr;

}  // namespace

void keep_here(const WebSocket& socket) {
  auto* const sockets = Kept::sockets();
  if (sockets != nullptr && sockets->size() < kept_here_max) sockets->push_back(socket);
}

WebSocket some_kept_here(Random& random) {
  auto* const sockets = Kept::sockets();
  if (sockets == nullptr || sockets->empty()) return {};
  return (*sockets)[random.below(static_cast<std::uint32_t>(sockets->size()))];
}

void release_kept_here() {
  std::vector<WebSocket> released;
  if (auto* const sockets = Kept::sockets()) released.swap(*sockets);
}

}  // namespace duplex::stress
