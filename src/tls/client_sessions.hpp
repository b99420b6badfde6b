#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tls/openssl.hpp"

namespace duplex::tls {

/// A session that a client may resume.
struct ClientSession {
  SessionPointer native;
  /// When the server has to prove again who it is, however often the session was resumed.
  std::chrono::sys_seconds end;
};

/// The sessions that servers have offered to resume, by what the caller calls the server. Those of
/// one `Context`, so that they were all verified as it demands. A bounded memory: what was used
/// least recently is forgotten. Any thread.
class ClientSessions {
 public:
  /// As many servers as one program is likely to talk to again within hours.
  static constexpr std::size_t keys_max = 256;
  /// Servers of TLS 1.3 give two at a time; a burst of connections may use as many.
  static constexpr std::size_t sessions_per_key_max = 4;

  /// Keeps a copy of `session`, which OpenSSL goes on with. Throws std::bad_alloc.
  void put(const std::string& key, const SSL_SESSION& session, std::chrono::sys_seconds end);

  /// The newest session of `key` that can be resumed at `now`; the caller's own. With TLS 1.3 it is
  /// forgotten here, so that nobody can tell from a ticket that two connections are of one client
  /// (RFC 8446 appendix C.4). Throws std::bad_alloc.
  std::optional<ClientSession> take(const std::string& key, std::chrono::sys_seconds now);

  /// Forgets all sessions of `key`, after a failure (RFC 8446 section 6.2).
  void forget(const std::string& key) noexcept;

  /// Of how many servers there is one.
  std::size_t size() const;

 private:
  struct Entry {
    std::vector<ClientSession> sessions;  // the oldest first
    std::uint64_t used = 0;
  };

  void forget_least_used() noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace duplex::tls
