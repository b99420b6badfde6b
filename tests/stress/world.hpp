#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger.hpp"
#include "random.hpp"
#include <duplex/duplex.hpp>
#include <duplex/tls/authority.hpp>

namespace duplex::stress {

/// Certificates for the runs that are encrypted.
struct Encryption {
  tls::IssuedCertificate authority = tls::make_authority("stress");
  tls::IssuedCertificate certificate = tls::issue(authority, {.names = {"127.0.0.1"}});
};

/// What the actors of one run share. Any thread; outlives all that runs.
class World {
 public:
  World(Ledger& ledger, std::uint64_t seed, const Encryption& encryption, std::string folder);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Ledger& ledger;
  const std::uint64_t seed;
  /// nullptr in clear.
  const Encryption* const encryption;
  /// The file that is served, and where downloads go.
  const std::string folder;
  std::string served_file() const { return folder + "/served"; }
  static constexpr std::size_t served_bytes = 300'000;

  /// The server, as long as it may be used; also by what its end calls.
  std::atomic<Server*> server = nullptr;
  std::atomic<std::uint16_t> port = 0;
  /// Whether handlers may stop the server.
  bool handlers_stop = false;

  /// Where to ask for `path`; `key` makes the dice of who answers.
  std::string url(std::string_view path, std::uint32_t key, std::string_view scheme = "http") const;
  ClientOptions client_options(Random& random) const;

  /// The client that handlers use, which is replaced now and then while they do. Not to be kept
  /// over a wait. Null at the end.
  std::shared_ptr<Client> client() const;
  void replace_client(std::shared_ptr<Client> client);
  /// A client for `replace_client`: it isn't destroyed by who happens to let go of it last, which
  /// may be its own thread, but by `bury_clients`.
  std::shared_ptr<Client> make_client(Random& random);
  void bury_clients();

  /// Handles that other threads use, and those who wait for other threads.
  void keep(Sender sender);
  Sender some_sender(Random& random) const;
  void keep(Completion<int>::Resolver resolver);
  void resolve_all();
  void forget_senders();

  /// Where a download may go that has to have its file for itself; the same one for several of
  /// them, one after the other, since what one leaves the next takes up. nullopt when all are
  /// taken.
  class Place {
   public:
    Place(std::atomic<bool>& taken, std::string path) noexcept
        : taken_(&taken), path_(std::move(path)) {}
    Place(Place&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr)), path_(std::move(other.path_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (taken_ != nullptr) *taken_ = false;
    }
    const std::string& path() const noexcept { return path_; }

   private:
    std::atomic<bool>* taken_;
    std::string path_;
  };
  std::optional<Place> place_for_download();

  /// Dice for somebody that is known by a number.
  Random random_of(std::uint64_t number) const { return Random(seed * 0x1'0000'0001 + number); }

 private:
  static constexpr std::size_t kept_max = 200;
  std::array<std::atomic<bool>, 4> places_{};
  mutable std::mutex mutex_;
  std::shared_ptr<Client> client_;
  std::vector<std::unique_ptr<Client>> dead_clients_;
  std::vector<Sender> senders_;
  std::vector<Completion<int>::Resolver> resolvers_;
};

/// One of few topics.
std::string some_topic(Random& random);

/// An exception that a script throws; half of them are no std::exception.
struct Mishap {};
void fail_once_in(Random& random, std::uint32_t count);

/// Calls `script`, and takes what it throws.
template <class Script>
void guarded(Script&& script) {
  try {
    script();
  } catch (const std::exception&) {
    return;
  } catch (const Mishap&) {
    return;
  }
}
Task<> guarded_task(Task<> task);

/// WebSockets of this thread whose handles are kept, longer than their connections, and their
/// servers and clients.
void keep_here(const WebSocket& socket);
/// One of them; a handle of none when there is none.
WebSocket some_kept_here(Random& random);
void release_kept_here();

}  // namespace duplex::stress
