#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "actors.hpp"
#include "errands.hpp"
#include "messages.hpp"

namespace duplex::stress {

namespace {

/// A connection, whose reads and writes have a short limit.
class Connection {
 public:
  Connection(std::uint16_t port, Random& random)
      : random_(&random), descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) return;
    if (random.one_in(3)) set(SO_RCVBUF, 4'096);
    set(SO_RCVTIMEO, timeval{.tv_sec = 0, .tv_usec = 20'000});
    set(SO_SNDTIMEO, timeval{.tv_sec = 0, .tv_usec = 20'000});
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Connection(Connection&& other) noexcept
      : random_(other.random_),
        descriptor_(std::exchange(other.descriptor_, -1)),
        open_(other.open_) {}
  Connection& operator=(Connection&& other) noexcept {
    std::swap(random_, other.random_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(open_, other.open_);
    return *this;
  }
  ~Connection() {
    if (descriptor_ < 0) return;
    switch (random_->below(4)) {
      case 0: set(SO_LINGER, linger{.l_onoff = 1, .l_linger = 0}); break;
      case 1:
        ::shutdown(descriptor_, SHUT_WR);
        take(1 + random_->below(3));
        break;
      default: break;
    }
    ::close(descriptor_);
  }

  bool open() const noexcept { return open_; }
  void put(std::string_view text) {
    if (::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) < 0) open_ = false;
  }
  void put_part(std::string_view text) {
    put(text.substr(0, random_->below(static_cast<std::uint32_t>(text.size() + 1))));
  }
  void take(std::uint32_t times) {
    std::vector<char> buffer(65'536);
    while (times-- > 0 && ::recv(descriptor_, buffer.data(), buffer.size(), 0) > 0) {
    }
  }

 private:
  template <class Value>
  void set(int option, const Value& value) {
    ::setsockopt(descriptor_, SOL_SOCKET, option, &value, sizeof value);
  }

  Random* random_;
  int descriptor_;
  bool open_ = false;
};

void pause(Random& random, std::uint32_t ms_max) {
  std::this_thread::sleep_for(random.ms_below(ms_max));
}

/// A frame of a client, with a mask of zeros.
std::string frame(unsigned first, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80U | payload.size());
  } else {
    bytes += static_cast<char>(0x80U | 126U);
    bytes += static_cast<char>(payload.size() >> 8U);
    bytes += static_cast<char>(payload.size() & 255U);
  }
  bytes.append(4, '\0');
  return bytes.append(payload);
}

std::string head(std::string_view method, std::string_view path, Random& random,
                 std::string_view fields) {
  return std::string(method) + " " + std::string(path) +
         "?key=" + std::to_string(random.below(1'000'000)) + " HTTP/1.1\r\nHost: x\r\n" +
         std::string(fields) + "\r\n";
}

void be_a_socket(Connection& connection, Random& random) {
  const std::string opening =
      head("GET", some_socket_path(random), random,
           "Upgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
  if (random.one_in(8)) return connection.put_part(opening);
  connection.put(opening);
  if (!random.one_in(4)) connection.take(1);
  Voice voice(Voice::Hearing::complete);
  const auto message = [&](std::size_t size) {
    std::string text = voice.say(size);
    voice.said();
    return text;
  };
  for (auto acts = random.below(12); acts > 0 && connection.open(); --acts) {
    switch (random.below(13)) {
      case 0:
      case 1: connection.put(frame(0x81, message(20))); break;
      case 2: connection.put(frame(0x82, message(20'000))); break;
      case 3: {
        const std::string text = message(300);
        connection.put(frame(0x01, std::string_view(text).substr(0, 9)));
        if (random.one_in(5)) return;
        connection.put(frame(0x00, std::string_view(text).substr(9, 100)));
        connection.put(frame(0x80, std::string_view(text).substr(109)));
        break;
      }
      case 4: connection.put(frame(0x89, "ping")); break;
      case 5: connection.put(frame(0x8A, "round trip 1")); break;
      case 6:
        if (random.one_in(2)) connection.put(frame(0x88, "\x03\xE8"));
        break;
      case 7:
        // An opcode that there isn't.
        if (random.one_in(4)) connection.put(frame(0x83, "bad"));
        break;
      case 8: return connection.put_part(frame(0x82, message(20'000)));
      case 9: pause(random, 6); break;
      default: connection.take(1 + random.below(2)); break;
    }
  }
}

void ask(Connection& connection, Random& random) {
  const std::string request = head("GET", some_path(random), random, "");
  if (random.one_in(6)) return connection.put_part(request);
  for (auto requests = 1 + random.below(3); requests > 0; --requests) connection.put(request);
  connection.take(random.below(6));
  if (random.one_in(5)) connection.put("nonsense\r\n\r\n");
}

void upload(Connection& connection, Random& random) {
  constexpr std::array<std::string_view, 3> paths = {"/body", "/within/body", "/whole"};
  const auto path = random.of(paths);
  const std::uint64_t key = random.below(1'000'000);
  const std::string body =
      Content(key).next(random.one_in(2) ? 20'000 : 10) + std::string(Content::stop);
  connection.put("POST " + std::string(path) + "?key=" + std::to_string(key) +
                 " HTTP/1.1\r\nHost: x\r\n" + (random.one_in(3) ? "Expect: 100-continue\r\n" : "") +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  if (random.one_in(4)) return connection.put_part(body);
  for (std::size_t at = 0; at < body.size(); at += 5'000) {
    connection.put(std::string_view(body).substr(at, 5'000));
    if (random.one_in(3)) pause(random, 4);
  }
  connection.take(random.below(3));
  if (random.one_in(4)) connection.put(head("GET", "/coroutine", random, ""));
}

}  // namespace

void misbehave(const World& world, Random random, const std::atomic<bool>& over) {
  std::vector<Connection> lingering;
  while (!over) {
    Connection connection(world.port, random);
    if (!connection.open()) {
      // The server has ended; the rest of the program goes on for a while.
      pause(random, 3);
      continue;
    }
    switch (random.below(4)) {
      case 0: ask(connection, random); break;
      case 1: upload(connection, random); break;
      default: be_a_socket(connection, random); break;
    }
    if (random.one_in(4) && lingering.size() < 20) lingering.push_back(std::move(connection));
    if (lingering.size() > 10 && random.one_in(3)) lingering.erase(lingering.begin());
  }
}

}  // namespace duplex::stress
