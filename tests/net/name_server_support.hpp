#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "net/socket_address.hpp"

namespace duplex::net {

/// A question that a name server was asked.
struct DnsQuery {
  std::string name;  // without the root's dot
  bool ipv6 = false;
  bool tcp = false;
  std::uint16_t id = 0;
  std::string question;  // as it was sent, for the answer
};

/// Writes answers, in the format of RFC 1035 section 4.
class DnsAnswer {
 public:
  explicit DnsAnswer(const DnsQuery& query) : query_(query), owner_(query.name) {}

  DnsAnswer& address(std::string_view text) {
    std::array<char, 16> raw{};
    const bool ipv6 = text.contains(':');
    ::inet_pton(ipv6 ? AF_INET6 : AF_INET, std::string(text).c_str(), raw.data());
    return record(ipv6 ? 28 : 1, std::string(raw.data(), ipv6 ? 16 : 4));
  }
  /// What follows belongs to `target`.
  DnsAnswer& alias(std::string_view target) {
    record(5, name(target));
    owner_ = target;
    return *this;
  }
  DnsAnswer& code(unsigned value) {
    flags_ |= value;
    return *this;
  }
  DnsAnswer& truncated() {
    flags_ |= 0x0200;
    return *this;
  }
  DnsAnswer& id(std::uint16_t value) {
    query_.id = value;
    return *this;
  }

  std::string message() const {
    return number(query_.id) + number(flags_) + number(1) + number(count_) + number(0) + number(0) +
           query_.question + records_;
  }
  operator std::vector<std::string>() const { return {message()}; }

 private:
  static std::string number(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
  }
  static std::string name(std::string_view text) {
    std::string encoded;
    while (!text.empty()) {
      const std::string_view label = text.substr(0, text.find('.'));
      encoded.append(1, static_cast<char>(label.size())).append(label);
      text.remove_prefix(std::min(text.size(), label.size() + 1));
    }
    return encoded.append(1, '\0');
  }
  DnsAnswer& record(unsigned type, const std::string& data) {
    records_ += name(owner_) + number(type) + number(1) + number(0) + number(60) +
                number(static_cast<unsigned>(data.size())) + data;
    ++count_;
    return *this;
  }

  DnsQuery query_;
  std::string owner_;
  std::string records_;
  unsigned flags_ = 0x8180;
  unsigned count_ = 0;
};

/// A name server on a loopback address that runs in the loop of who asks it, and behaves in any
/// way: `behave` returns the messages to answer with, none for silence.
class FakeNameServer {
 public:
  using Behave = std::function<std::vector<std::string>(const DnsQuery&)>;

  FakeNameServer(EventLoop& loop, Behave behave) : loop_(loop), behave_(std::move(behave)) {
    datagrams_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const SocketAddress where = address();
    if (::bind(datagrams_.number(), where.raw(), where.raw_length()) != 0) ::abort();
    watch(datagrams_.number(), [this] { read_datagram(); });
    watch(listener_.descriptor(), [this] { accept(); });
  }
  ~FakeNameServer() {
    for (const auto& watcher : watchers_) loop_.unwatch(watcher->descriptor, *watcher);
  }
  FakeNameServer(const FakeNameServer&) = delete;
  FakeNameServer& operator=(const FakeNameServer&) = delete;

  SocketAddress address() const { return listener_.address(); }
  /// All that was asked, in order.
  const std::vector<DnsQuery>& queries() const { return queries_; }
  /// Answers a question of a datagram now, to whom asked it last.
  void send(const std::string& message) { send_to(message, last_peer_); }
  void send_to(const std::string& message, const SocketAddress& peer) {
    ::sendto(datagrams_.number(), message.data(), message.size(), 0, peer.raw(), peer.raw_length());
  }

 private:
  struct Watcher final : Pollable {
    void on_ready(Readiness) noexcept override { react(); }
    int descriptor = -1;
    std::function<void()> react;
  };

  void watch(int descriptor, std::function<void()> react) {
    watchers_.push_back(std::make_unique<Watcher>());
    watchers_.back()->descriptor = descriptor;
    watchers_.back()->react = std::move(react);
    loop_.watch(descriptor, {.readable = true}, *watchers_.back());
  }

  std::vector<std::string> ask(std::string_view message, bool tcp) {
    DnsQuery query;
    query.tcp = tcp;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(message[at]); };
    query.id = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
    std::size_t at = 12;
    while (byte(at) != 0) {
      if (!query.name.empty()) query.name += '.';
      query.name += message.substr(at + 1, byte(at));
      at += byte(at) + 1u;
    }
    query.ipv6 = byte(at + 2) == 28;
    query.question = message.substr(12, at + 5 - 12);
    queries_.push_back(query);
    return behave_(query);
  }

  void read_datagram() {
    std::array<char, 1024> buffer{};
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const ssize_t size = ::recvfrom(datagrams_.number(), buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&peer), &length);
    if (size < 17) return;
    last_peer_ = SocketAddress::copy_of(peer, length);
    for (const std::string& answer : ask({buffer.data(), static_cast<std::size_t>(size)}, false)) {
      send(answer);
    }
  }

  void accept() {
    connections_.emplace_back(::accept(listener_.descriptor(), nullptr, nullptr));
    watch(connections_.back().number(),
          [this, at = connections_.size() - 1, watcher = watchers_.size()] {
            std::array<char, 1024> buffer{};
            const int connection = connections_[at].number();
            const ssize_t size = ::recv(connection, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size <= 0) return loop_.unwatch(connection, *watchers_[watcher]);
            // One question may follow another in what was read.
            std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
            while (rest.size() > 2) {
              const std::size_t length =
                  static_cast<std::size_t>(static_cast<std::uint8_t>(rest[0])) << 8 |
                  static_cast<std::uint8_t>(rest[1]);
              for (const std::string& answer : ask(rest.substr(2, length), true)) {
                std::string framed = {static_cast<char>(answer.size() >> 8),
                                      static_cast<char>(answer.size() & 0xff)};
                framed += answer;
                (void)!::write(connection, framed.data(), framed.size());
              }
              rest.remove_prefix(std::min(rest.size(), length + 2));
            }
          });
  }

  EventLoop& loop_;
  Behave behave_;
  Listener listener_ = Listener::open(SocketAddress::parse("127.0.0.1:0").value()).value();
  Descriptor datagrams_;
  std::vector<Descriptor> connections_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::vector<DnsQuery> queries_;
  SocketAddress last_peer_;
};

}  // namespace duplex::net
