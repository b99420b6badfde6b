#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/descriptor.hpp"

namespace duplex::client {

/// A connection that a `ScriptedServer` has accepted, in the thread of its script. What blocks ends
/// after half a minute, or with the server.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(net::Descriptor socket) : socket_(std::move(socket)) {
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  /// The next head of a request, with its empty line; nothing when none comes any more.
  std::string read_head() {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return {};
    }
    return take(end + 4);
  }
  /// As many bytes as that; fewer when no more come.
  std::string read(std::size_t bytes) {
    while (received_.size() < bytes && receive()) {
    }
    return take(bytes);
  }
  /// All that comes until the client ends the connection.
  std::string read_to_end() {
    while (receive()) {
    }
    return take(received_.size());
  }
  /// Has the system take all of it, unless the client has gone.
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Sends a response whose content is `text`; `fields` are further lines, each with its end.
  void respond(std::string_view text, std::string_view fields = {}) const {
    send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(text));
  }
  /// Sends no more, in good order.
  void end_sending() const { ::shutdown(socket_.number(), SHUT_WR); }
  /// Ends the connection as a program does that crashes: by a reset.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    socket_.reset();
  }

  /// For the server, in another thread: nothing blocks any more.
  void interrupt() {
    const std::lock_guard lock(mutex_);
    if (socket_) ::shutdown(socket_.number(), SHUT_RDWR);
  }

 private:
  bool receive() {
    std::array<char, 16 * 1024> buffer{};
    const auto size = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }
  std::string take(std::size_t bytes) {
    std::string text = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return text;
  }

  net::Descriptor socket_;
  std::string received_;
  std::mutex mutex_;  // of the descriptor's end
};

/// `GET /a HTTP/1.1...`: the part in the middle.
inline std::string target_of(std::string_view head) {
  const std::size_t begin = head.find(' ') + 1;
  return std::string(head.substr(begin, head.find(' ', begin) - begin));
}

/// A server that does what a test's script says, and no HTTP of its own. The script is called with
/// each connection and its number, from 0 on, in a thread of that connection's own; the connection
/// ends with it.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedPeer& peer, int connection)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.number(), plain, size) != 0 || ::listen(listener_.number(), 64) != 0 ||
        ::getsockname(listener_.number(), plain, &size) != 0) {
      throw std::system_error(errno, std::system_category(), "a scripted server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    thread_.join();
    for (const auto& peer : peers_) peer->interrupt();
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(std::string_view path, std::string_view scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

 private:
  void accept_all() {
    for (int connection = 0;; ++connection) {
      net::Descriptor socket(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) return;
      const auto peer = std::make_shared<ScriptedPeer>(std::move(socket));
      peers_.push_back(peer);
      threads_.emplace_back([this, peer, connection] {
        script_(*peer, connection);
        peer->close();
      });
    }
  }

  Script script_;
  net::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<std::shared_ptr<ScriptedPeer>> peers_;
  std::vector<std::thread> threads_;
  std::thread thread_;  // which fills both
};

}  // namespace duplex::client
