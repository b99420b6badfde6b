#pragma once

#include <ares.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "net/alarm.hpp"
#include "net/event_loop.hpp"
#include "net/resolver.hpp"
#include "net/socket_address.hpp"

namespace duplex::net {

/// What c-ares's status means; no error for its success.
std::error_code resolve_error_of(int status) noexcept;

/// The TCP or UDP addresses in an answer of c-ares, each once, at most `family_max` of each family;
/// only those of `family` unless it is AF_UNSPEC.
std::vector<SocketAddress> addresses_in(const ares_addrinfo& answer, int family, std::uint16_t port,
                                        std::size_t family_max);

/// How names without enough dots are completed.
struct SearchRules {
  std::vector<std::string> domains;
  /// With so many dots a name is tried as it is first.
  std::size_t dots_min = 1;
};

/// One channel of c-ares that asks name servers, driven by a loop: its sockets are watched, its
/// timeouts are timers. Destroying it cancels what it was asked.
class ResolverChannel {
 public:
  /// Who asks.
  class Asker {
   public:
    using Answer = std::expected<std::vector<SocketAddress>, std::error_code>;
    /// Called from within c-ares, perhaps within `ask`: may not destroy the channel or ask it.
    virtual void on_answer(int family, Answer answer) noexcept = 0;

   protected:
    ~Asker() = default;
  };

  /// Reads the system's configuration. `loop` and `asker` are borrowed; `options` is not kept.
  static std::expected<std::unique_ptr<ResolverChannel>, std::error_code> open(
      EventLoop& loop, const ResolverOptions& options, Asker& asker);
  ~ResolverChannel();

  /// The rules that hold here: the system's unless options say otherwise.
  SearchRules search_rules(const ResolverOptions& options) const;

  /// Asks for the A and the AAAA records of `name` as it is. Each gets one answer; the next name
  /// may be asked for when both are there.
  void ask(const std::string& name, std::uint16_t port);

  ResolverChannel(const ResolverChannel&) = delete;
  ResolverChannel& operator=(const ResolverChannel&) = delete;

 private:
  class Watch;
  struct Question {
    ResolverChannel* channel;
    int family;
  };

  ResolverChannel(EventLoop& loop, std::size_t family_addresses_max, Asker& asker) noexcept;
  std::error_code error_of(int status) const noexcept;
  void on_socket_state(int socket, bool readable, bool writable);
  void process(int readable_socket, int writable_socket) noexcept;
  void on_retry() noexcept;
  void after_processing() noexcept;

  EventLoop& loop_;
  Asker& asker_;
  std::size_t family_addresses_max_;
  std::uint16_t port_ = 0;
  std::array<Question, 2> questions_;
  bool has_heard_ = false;  // anything, from any server
  std::error_code watch_error_;
  ares_channel channel_ = nullptr;
  // One for each socket; those without one wait for the next, as they may not go while they run.
  std::vector<std::unique_ptr<Watch>> watches_;
  Alarm<ResolverChannel> retry_{*this, &ResolverChannel::on_retry};
};

}  // namespace duplex::net
