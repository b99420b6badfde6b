#include "run.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "service.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// How much longer than its deadline a server may take to stop, and how long what ends behind a
/// run; not what they should take.
constexpr auto patience = 20s;

/// Where each open descriptor leads, this function's own left out.
std::multiset<std::string> open_descriptors() {
  std::multiset<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code closed;
    const auto to = std::filesystem::read_symlink(entry.path(), closed);
    if (!closed && !to.native().ends_with("/fd")) all.insert(to.string());
  }
  return all;
}

/// Waits until no more descriptors are open than before: what other threads have done for
/// coroutines may hold one for a moment longer than these.
void expect_as_many_descriptors(Ledger& ledger, const std::multiset<std::string>& before) {
  const auto deadline = Clock::now() + patience;
  auto now = open_descriptors();
  while (now.size() > before.size() && Clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
    now = open_descriptors();
  }
  if (now.size() <= before.size()) return;
  std::string all;
  for (const std::string& each : now) all += " " + each;
  ledger.complain("descriptors are left open, of these:" + all);
}

ListenOptions listen_options(const World& world) {
  ListenOptions options;
  if (world.encryption != nullptr) {
    options.tls.certificate = world.encryption->certificate.certificate;
    options.tls.key = world.encryption->certificate.key;
  }
  return options;
}

/// Threads that go on until they are told to end.
class Crowd {
 public:
  Crowd() = default;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { disperse(); }

  template <class Act>
  void add(Act act) {
    threads_.emplace_back([this, act] { act(over_); });
  }
  void disperse() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<bool> over_ = false;
  std::vector<std::thread> threads_;
};

/// The server of a run, in threads of its own or with one of the program's.
class Serving {
 public:
  Serving(World& world, Random& random)
      : world_(world), server_(std::make_unique<Server>(server_options(random))) {
    world.server = server_.get();
    add_routes(*server_, world);
    add_sockets(*server_, world, random);
    world.port = server_->listen(listen_options(world));
    if (random.one_in(2)) {
      runner_ = std::thread([this] { server_->run(); });
    } else {
      server_->start();
    }
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
  ~Serving() {
    if (runner_.joinable()) stop_and_wait(0ms);
    server_.reset();
  }

  void stop(std::chrono::milliseconds deadline) { server_->stop({.deadline = deadline}); }
  void stop_and_wait(std::chrono::milliseconds deadline) {
    const auto begin = Clock::now();
    stop(deadline);
    if (runner_.joinable()) runner_.join();
    server_->wait();
    if (Clock::now() > begin + deadline + patience) {
      world_.ledger.complain("a server did not stop by its deadline");
    }
  }

 private:
  World& world_;
  std::unique_ptr<Server> server_;
  std::thread runner_;
};

void play(World& world) {
  Random random = world.random_of(1'000'000'007);
  world.handlers_stop = random.one_in(2);
  const bool client_first = random.one_in(2);
  if (client_first) world.replace_client(world.make_client(random));
  Serving serving(world, random);
  if (!client_first) world.replace_client(world.make_client(random));

  Crowd crowd;
  for (auto threads = 2 + random.below(4); threads > 0; --threads) {
    crowd.add([&world, dice = random.fork()](const std::atomic<bool>& over) {
      misbehave(world, dice, over);
    });
  }
  for (auto threads = 1 + random.below(4); threads > 0; --threads) {
    crowd.add([&world, dice = random.fork()](const std::atomic<bool>& over) {
      use_clients(world, dice, over);
    });
  }
  crowd.add(
      [&world, dice = random.fork()](const std::atomic<bool>& over) { meddle(world, dice, over); });
  std::this_thread::sleep_for(30ms + random.ms_below(200));

  // The server ends while all others go on, or after them, or is destroyed as it is.
  if (random.one_in(2)) {
    serving.stop(random.ms_below(60));
    if (random.one_in(2)) serving.stop(0ms);
    if (random.one_in(2)) serving.stop_and_wait(random.ms_below(60));
  }
  crowd.disperse();
  if (random.one_in(2)) serving.stop_and_wait(random.ms_below(60));
  if (random.one_in(2)) world.resolve_all();
}

}  // namespace

void run(Ledger& ledger, std::uint64_t seed, const Encryption& encryption,
         const std::string& folder) {
  const auto descriptors = open_descriptors();
  {
    World world(ledger, seed, encryption, folder);
    play(world);
    world.server = nullptr;
    world.resolve_all();
    world.replace_client(nullptr);
    world.bury_clients();
    world.forget_senders();
    release_kept_here();
    // What other threads do for coroutines goes on to its end when these are gone.
    ledger.wait_for_end_of(Kind::work);
  }
  ledger.expect_none();
  expect_as_many_descriptors(ledger, descriptors);
}

}  // namespace duplex::stress
