// Loads a WebSocket endpoint that echoes: many connections in one thread, each with one message
// under way, in clear or encrypted. Prints how many echoes came back, as `echoes seconds`.
//
//   echo_load PORT --connections 200 --bytes 20 --seconds 3 [--tls] [--path /echo]
//
// For races between servers: the same load, whoever answers. It shares no code with duplex.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::uint16_t port = 0;
  std::size_t connections = 200;
  std::size_t bytes = 20;
  double seconds = 3;
  bool tls = false;
  std::string path = "/echo";
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

/// A socket that blocks, or TLS on it.
class Wire {
 public:
  Wire(const Settings& settings, SSL_CTX* context) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(settings.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fail(std::string("cannot connect: ") + std::strerror(errno));
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!settings.tls) return;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), socket_);
    if (SSL_connect(ssl_.get()) != 1) fail("the TLS handshake failed");
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  int socket() const noexcept { return socket_; }
  const char* version() const noexcept { return ssl_ ? SSL_get_version(ssl_.get()) : "clear"; }
  /// Whether something came that `receive` can give without reading from the socket.
  bool has_more() const noexcept { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

  void send(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    const auto sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                           : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), 0));
    if (sent != size) fail("the server took only a part of a message");
  }

  std::size_t receive(char* buffer, std::size_t size) {
    const auto received = ssl_ ? SSL_read(ssl_.get(), buffer, static_cast<int>(size))
                               : static_cast<int>(::recv(socket_, buffer, size, 0));
    if (received <= 0) fail("the server hung up");
    return static_cast<std::size_t>(received);
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  int socket_;
  std::unique_ptr<SSL, Free> ssl_;
};

/// The client's frame, masked with zeros so that making it costs nothing, and its echo's size.
struct Message {
  explicit Message(std::size_t bytes) {
    std::string length;
    if (bytes < 126) {
      length = static_cast<char>(bytes);
    } else if (bytes < 65536) {
      length = {126, static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
    } else {
      length = 127;
      for (int shift = 56; shift >= 0; shift -= 8) length += static_cast<char>(bytes >> shift);
    }
    echo_bytes = 1 + length.size() + bytes;
    length[0] = static_cast<char>(length[0] | 0x80);
    frame = '\x82' + length + std::string(4, '\0') + std::string(bytes, 'x');
  }
  std::string frame;
  std::size_t echo_bytes;
};

struct Connection {
  Connection(const Settings& settings, SSL_CTX* context) : wire(settings, context) {
    wire.send("GET " + settings.path +
              " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    std::string answer;
    std::array<char, 4096> buffer;
    while (!answer.ends_with("\r\n\r\n")) {
      answer.append(buffer.data(), wire.receive(buffer.data(), buffer.size()));
    }
    if (!answer.starts_with("HTTP/1.1 101 ")) fail("no upgrade: " + answer);
  }
  Wire wire;
  std::size_t received = 0;
};

std::uint64_t run(const Settings& settings, SSL_CTX* context) {
  const int poll = ::epoll_create1(0);
  const Message message(settings.bytes);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < settings.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(settings, context));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connections.back().get();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connections.back()->wire.socket(), &event);
  }
  std::fprintf(stderr, "%s\n", connections.front()->wire.version());
  for (const auto& connection : connections) connection->wire.send(message.frame);

  std::uint64_t echoes = 0;
  std::vector<char> buffer(256 * 1024);
  std::array<epoll_event, 256> events;
  const auto end = Clock::now() + std::chrono::duration<double>(settings.seconds);
  while (Clock::now() < end) {
    const int count = ::epoll_wait(poll, events.data(), events.size(), 1000);
    if (count == 0) fail("nothing comes any more");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      do {
        connection.received += connection.wire.receive(buffer.data(), buffer.size());
      } while (connection.wire.has_more());
      if (connection.received < message.echo_bytes) continue;
      if (connection.received > message.echo_bytes) fail("an echo is too long");
      connection.received = 0;
      ++echoes;
      connection.wire.send(message.frame);
    }
  }
  return echoes;
}

Settings read(int argc, char** argv) {
  Settings settings;
  if (argc < 2) fail("which port?");
  settings.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--tls") {
      settings.tls = true;
      continue;
    }
    if (i + 1 == argc) fail("an option lacks its value");
    const char* const value = argv[++i];
    if (name == "--connections") {
      settings.connections = std::strtoull(value, nullptr, 10);
    } else if (name == "--bytes") {
      settings.bytes = std::strtoull(value, nullptr, 10);
    } else if (name == "--seconds") {
      settings.seconds = std::atof(value);
    } else if (name == "--path") {
      settings.path = value;
    } else {
      fail("no such option: " + std::string(name));
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = read(argc, argv);
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_read_ahead(context, 1);
    const auto begin = Clock::now();
    const std::uint64_t echoes = run(settings, context);
    const std::chrono::duration<double> took = Clock::now() - begin;
    std::printf("%llu %.3f\n", static_cast<unsigned long long>(echoes), took.count());
    return 0;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "echo_load: %s\n", exception.what());
    return 1;
  }
}
