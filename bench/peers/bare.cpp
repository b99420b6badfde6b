// The least that could answer WebSocket messages: what remains is what the kernel costs. No
// library, no limits, no checks: of a frame it reads where it ends, nothing else. That stands for
// the kernel's limit.
//
//   bare [--fan-out] [--port N]      says `port N` when it listens at 127.0.0.1
//
// Echo: one loop that epoll wakes by level, one receive buffer for all connections, one `recv` an
// event (no further one to be told that there is no more) and one `send` for all frames that it
// brought. The echo of a frame is four bytes shorter than the frame, since a server does not mask:
// so frames are unmasked to where they leave from, in the receive buffer, and nothing is copied or
// gathered. A frame that spans receives is not collected either: its header is answered, and what
// has come of it, as soon as it is there.
//
// Fan-out: each message that comes is encoded once and sent to each connection by a plain `send`.
//
// It does no more than that: a text may be any bytes, a ping comes back as a ping, a close as a
// close.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t buffer_bytes = 512 * 1024;
/// Two bytes, eight of length, four of mask.
constexpr std::size_t header_bytes_max = 14;

struct Connection {
  explicit Connection(int accepted) noexcept : socket(accepted) {}
  int socket;
  bool open = false;               // the handshake is over
  std::size_t held = 0;            // bytes of a header whose end has not come
  std::uint32_t mask = 0;          // of the frame that goes on, for its next byte
  std::uint64_t payload_left = 0;  // of that frame
  std::size_t place = 0;           // in `subscribers`
  std::array<unsigned char, header_bytes_max> header{};
  std::string request;  // what has come of the handshake
  std::string unsent;   // what the kernel did not take
  std::size_t unsent_begin = 0;
};

/// Unmasks to where the bytes leave from, which is not behind where they are.
void unmask(unsigned char* to, const unsigned char* from, std::size_t bytes,
            std::uint32_t mask) noexcept {
  const std::uint64_t wide = std::uint64_t{mask} << 32U | mask;
  std::size_t i = 0;
  for (; i + 64 <= bytes; i += 64) {
    std::array<std::uint64_t, 8> words;
    std::memcpy(words.data(), from + i, 64);
    for (std::uint64_t& word : words) word ^= wide;
    std::memcpy(to + i, words.data(), 64);
  }
  for (; i + 8 <= bytes; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i, 8);
    word ^= wide;
    std::memcpy(to + i, &word, 8);
  }
  for (; i < bytes; ++i) {
    to[i] = static_cast<unsigned char>(from[i] ^ (mask >> (8 * (i % 4))));
  }
}

/// The mask for what follows after so many bytes.
std::uint32_t turned(std::uint32_t mask, std::uint64_t bytes) noexcept {
  const auto shift = static_cast<unsigned>(bytes % 4 * 8);
  return shift == 0 ? mask : mask >> shift | mask << (32 - shift);
}

struct Frame {
  std::size_t length_bytes;  // 0, 2 or 8, behind the first two
  std::size_t header_bytes;
  std::uint64_t payload_bytes;
  std::uint32_t mask;
};

/// Whether the header is all there.
bool read_header(const unsigned char* at, std::size_t bytes, Frame& frame) noexcept {
  if (bytes < 2) return false;
  const unsigned length = at[1] & 0x7fU;
  frame.length_bytes = length < 126 ? 0 : length == 126 ? 2 : 8;
  frame.header_bytes = 2 + frame.length_bytes + 4;
  if (bytes < frame.header_bytes) return false;
  frame.payload_bytes = length;
  if (frame.length_bytes > 0) {
    frame.payload_bytes = 0;
    for (std::size_t i = 0; i < frame.length_bytes; ++i) {
      frame.payload_bytes = frame.payload_bytes << 8U | at[2 + i];
    }
  }
  std::memcpy(&frame.mask, at + 2 + frame.length_bytes, 4);
  return true;
}

/// The header of the same frame, unmasked.
std::size_t write_header(unsigned char* to, const unsigned char* from, std::size_t length_bytes) {
  // In this order both may be the same place.
  const std::array<unsigned char, 2> first{from[0], static_cast<unsigned char>(from[1] & 0x7fU)};
  std::memmove(to + 2, from + 2, length_bytes);
  std::memcpy(to, first.data(), 2);
  return 2 + length_bytes;
}

class Server {
 public:
  Server(std::uint16_t port, bool fans_out)
      : fans_out_(fans_out),
        poll_(::epoll_create1(0)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
        buffer_(buffer_bytes) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 4096) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      std::perror("bare");
      ::_exit(1);
    }
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 1024> events;
    for (;;) {
      const int count = ::epoll_wait(poll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto* const connection = static_cast<Connection*>(event.data.ptr);
        if (connection == nullptr) {
          accept();
        } else if ((event.events & EPOLLOUT) != 0) {
          send_rest(*connection);
        } else {
          receive(*connection);
        }
      }
      for (Connection* const connection : ended_) delete connection;
      ended_.clear();
    }
  }

 private:
  void watch(int operation, int socket, std::uint32_t what, Connection* connection) const {
    epoll_event event{};
    event.events = what;
    event.data.ptr = connection;
    ::epoll_ctl(poll_, operation, socket, &event);
  }

  void accept() {
    int socket = 0;
    while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(EPOLL_CTL_ADD, socket, EPOLLIN, new Connection(socket));
    }
  }

  void end(Connection& connection) {
    if (connection.socket < 0) return;
    ::close(connection.socket);
    connection.socket = -1;
    if (connection.open) {
      subscribers_.back()->place = connection.place;
      subscribers_[connection.place] = subscribers_.back();
      subscribers_.pop_back();
    }
    ended_.push_back(&connection);
  }

  void receive(Connection& connection) {
    if (connection.socket < 0) return;
    unsigned char* const begin = buffer_.data();
    std::memcpy(begin, connection.header.data(), connection.held);
    const ssize_t received =
        ::recv(connection.socket, begin + connection.held, buffer_.size() - connection.held, 0);
    if (received <= 0) {
      if (received == 0 || errno != EAGAIN) end(connection);
      return;
    }
    const std::size_t bytes = connection.held + static_cast<std::size_t>(received);
    connection.held = 0;
    if (!connection.open) {
      shake_hands(connection, {reinterpret_cast<const char*>(begin), bytes});
    } else if (fans_out_) {
      fan_out(connection, {reinterpret_cast<const char*>(begin), bytes});
    } else {
      echo(connection, begin, begin + bytes);
    }
  }

  void echo(Connection& connection, unsigned char* at, unsigned char* const end) {
    unsigned char* out = at;
    unsigned char* const out_begin = at;
    while (at != end) {
      const auto there = static_cast<std::size_t>(end - at);
      if (connection.payload_left == 0) {
        Frame frame;
        if (!read_header(at, there, frame)) {
          std::memcpy(connection.header.data(), at, there);
          connection.held = there;
          break;
        }
        out += write_header(out, at, frame.length_bytes);
        at += frame.header_bytes;
        connection.payload_left = frame.payload_bytes;
        connection.mask = frame.mask;
      }
      const auto bytes = static_cast<std::size_t>(
          std::min<std::uint64_t>(connection.payload_left, static_cast<std::size_t>(end - at)));
      unmask(out, at, bytes, connection.mask);
      at += bytes;
      out += bytes;
      connection.payload_left -= bytes;
      if (connection.payload_left > 0) connection.mask = turned(connection.mask, bytes);
    }
    send(connection,
         {reinterpret_cast<const char*>(out_begin), static_cast<std::size_t>(out - out_begin)});
  }

  /// What comes is kept until the message is whole: publishing is not what is measured.
  void fan_out(Connection& from, std::string_view bytes) {
    from.request.append(bytes);
    std::size_t done = 0;
    for (;;) {
      auto* const at = reinterpret_cast<unsigned char*>(from.request.data()) + done;
      const std::size_t there = from.request.size() - done;
      Frame frame;
      if (!read_header(at, there, frame)) break;
      const auto payload = static_cast<std::size_t>(frame.payload_bytes);
      if (there - frame.header_bytes < payload) break;
      done += frame.header_bytes + payload;
      if ((at[0] & 0x08U) != 0) continue;
      const std::size_t header = write_header(at, at, frame.length_bytes);
      unmask(at + header, at + frame.header_bytes, payload, frame.mask);
      const std::string_view message(reinterpret_cast<const char*>(at), header + payload);
      // From behind, since one that ends gives its place to the last.
      for (std::size_t i = subscribers_.size(); i-- > 0;) send(*subscribers_[i], message);
    }
    from.request.erase(0, done);
  }

  void send(Connection& connection, std::string_view bytes) {
    if (bytes.empty() || connection.socket < 0) return;
    if (!connection.unsent.empty()) {
      connection.unsent.append(bytes);
      return;
    }
    const ssize_t sent = ::send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    if (sent < 0 && errno != EAGAIN) return end(connection);
    connection.unsent.assign(bytes.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent)));
    // Nothing more is read until that is gone.
    watch(EPOLL_CTL_MOD, connection.socket, EPOLLOUT, &connection);
  }

  void send_rest(Connection& connection) {
    if (connection.socket < 0) return;
    const std::string_view rest =
        std::string_view(connection.unsent).substr(connection.unsent_begin);
    const ssize_t sent = ::send(connection.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) end(connection);
      return;
    }
    connection.unsent_begin += static_cast<std::size_t>(sent);
    if (connection.unsent_begin < connection.unsent.size()) return;
    connection.unsent_begin = 0;
    connection.unsent = std::string();
    watch(EPOLL_CTL_MOD, connection.socket, EPOLLIN, &connection);
  }

  void shake_hands(Connection& connection, std::string_view bytes) {
    std::string& request = connection.request;
    request.append(bytes);
    if (!request.ends_with("\r\n\r\n")) return;
    constexpr std::string_view field = "Sec-WebSocket-Key: ";
    const std::size_t key = request.find(field);
    if (key == std::string::npos) return end(connection);
    constexpr std::size_t key_bytes = 24;
    const std::string text =
        request.substr(key + field.size(), key_bytes) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> accept{};
    EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(digest.size()));
    request = std::string();
    connection.open = true;
    connection.place = subscribers_.size();
    subscribers_.push_back(&connection);
    send(connection,
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
             std::string(reinterpret_cast<const char*>(accept.data())) + "\r\n\r\n");
  }

  bool fans_out_;
  int poll_;
  int listener_;
  std::vector<unsigned char> buffer_;
  std::vector<Connection*> subscribers_;
  std::vector<Connection*> ended_;
};

}  // namespace

int main(int argc, char** argv) {
  bool fans_out = false;
  std::uint16_t port = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--fan-out") {
      fans_out = true;
    } else if (option == "--port" && i + 1 < argc) {
      const std::string_view value = argv[++i];
      std::from_chars(value.data(), value.data() + value.size(), port);
    } else {
      std::fprintf(stderr, "usage: bare [--fan-out] [--port N]\n");
      return 2;
    }
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::signal(SIGTERM, [](int) { ::_exit(0); });
  Server(port, fans_out).run();
}
