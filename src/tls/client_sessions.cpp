#include "tls/client_sessions.hpp"

#include <algorithm>
#include <utility>

namespace duplex::tls {
namespace {

// RFC 8446 section 4.6.1: for no longer, whatever the server says.
constexpr std::chrono::seconds ticket_life_max = std::chrono::days(7);

bool is_tls_1_3(const SSL_SESSION& session) noexcept {
  return SSL_SESSION_get_protocol_version(&session) == TLS1_3_VERSION;
}

/// Until when the server will know the session, as far as it has said. With TLS 1.3, a ticket of no
/// lifetime is to be thrown away (section 4.6.1); with TLS 1.2, nothing is said (RFC 5077 section
/// 3.3).
std::chrono::sys_seconds end_of_ticket(const SSL_SESSION& session) noexcept {
  const std::chrono::sys_seconds received{std::chrono::seconds(SSL_SESSION_get_time(&session))};
  const auto hint = SSL_SESSION_get_ticket_lifetime_hint(&session);
  if (hint == 0 && !is_tls_1_3(session)) {
    return received + std::chrono::seconds(SSL_SESSION_get_timeout(&session));
  }
  return received + std::min(std::chrono::seconds(hint), ticket_life_max);
}

SessionPointer copy_of(const SSL_SESSION& session) {
  return made(SessionPointer(SSL_SESSION_dup(&session)));
}

}  // namespace

void ClientSessions::put(const std::string& key, const SSL_SESSION& session,
                         std::chrono::sys_seconds end) {
  // A copy, because a connection changes its session, and its thread is not that of who takes this.
  ClientSession kept{.native = copy_of(session), .end = end};
  const std::scoped_lock lock(mutex_);
  if (!entries_.contains(key) && entries_.size() >= keys_max) forget_least_used();
  Entry& entry = entries_[key];
  entry.used = ++uses_;
  auto& sessions = entry.sessions;
  // A session of TLS 1.2 is used again and again, and needs no other beside it.
  if (!is_tls_1_3(session)) sessions.clear();
  if (sessions.size() >= sessions_per_key_max) sessions.erase(sessions.begin());
  sessions.push_back(std::move(kept));
}

std::optional<ClientSession> ClientSessions::take(const std::string& key,
                                                  std::chrono::sys_seconds now) {
  const std::scoped_lock lock(mutex_);
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return std::nullopt;
  auto& sessions = entry->second.sessions;
  std::erase_if(sessions, [now](const ClientSession& session) {
    return now >= session.end || now >= end_of_ticket(*session.native) ||
           SSL_SESSION_is_resumable(session.native.get()) != 1;
  });
  if (sessions.empty()) {
    entries_.erase(entry);
    return std::nullopt;
  }
  entry->second.used = ++uses_;
  ClientSession& newest = sessions.back();
  if (!is_tls_1_3(*newest.native)) {
    return ClientSession{.native = copy_of(*newest.native), .end = newest.end};
  }
  std::optional<ClientSession> taken = std::move(newest);
  sessions.pop_back();
  if (sessions.empty()) entries_.erase(entry);
  return taken;
}

void ClientSessions::forget(const std::string& key) noexcept {
  const std::scoped_lock lock(mutex_);
  entries_.erase(key);
}

std::size_t ClientSessions::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

void ClientSessions::forget_least_used() noexcept {
  const auto least =
      std::ranges::min_element(entries_, {}, [](const auto& keyed) { return keyed.second.used; });
  entries_.erase(least);
}

}  // namespace duplex::tls
