#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace duplex::tls {

/// The keys that seal session tickets (RFC 5077, RFC 8446 section 4.6.1), shared by all threads and
/// kept over reloads of certificates, so that a client may resume with any worker.
///
/// A key seals for `period`, and opens for another one; then it is gone, and with it what its theft
/// could open. Any thread.
class TicketKeys {
 public:
  static constexpr std::chrono::seconds period = std::chrono::hours(6);

  struct Key {
    std::array<std::byte, 16> name;
    std::array<std::byte, 32> cipher_key;  // AES-256-CBC
    std::array<std::byte, 32> mac_key;     // HMAC-SHA-256

    /// Leaves nothing of the keys in memory.
    ~Key();
  };
  struct Found {
    Key key;
    bool renew;  ///< it seals no more: give the client a new ticket
  };

  using Time = std::chrono::steady_clock::time_point;

  /// The key to seal with at `now`; makes a new one when it is time. nullopt when the random
  /// generator fails.
  std::optional<Key> sealing(Time now);
  /// The key of that name; nullopt when it is unknown or too old.
  std::optional<Found> find(std::span<const std::byte, 16> name, Time now);

 private:
  struct Entry {
    Key key;
    Time made;
  };
  void forget_old(Time now);

  std::mutex mutex_;
  std::vector<Entry> keys_;  // the newest is last
};

}  // namespace duplex::tls
