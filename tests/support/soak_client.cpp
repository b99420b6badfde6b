// Soaks a duplex server: connections that echo, and subscribers of one topic, all in one thread.
//
//   soak_client PORT --echoers 200 --subscribers 1000 --publishers 4 --seconds 60
//               --echo-path /echo --topic-path /live/soak
//
// Every echo must be what was sent, in order. Every subscriber must get every message of every
// publisher once and in order. Prints counts, and exits 1 when a message was lost, doubled, changed
// or out of order. A client of its own, in few lines: it shares no code with what it tests.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::uint16_t port = 0;
  std::size_t echoers = 200;
  std::size_t subscribers = 1000;
  std::size_t publishers = 4;
  double seconds = 5;
  std::string echo_path = "/echo";
  std::string topic_path = "/live/soak";
};

/// How long the server may take for what is outstanding, in the beginning and in the end.
constexpr auto patience = std::chrono::seconds(60);
/// Echoes that a connection has under way, and broadcasts that all publishers have together.
constexpr std::size_t echo_window = 8;
constexpr std::uint64_t publish_window = 64;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

/// The content of the message `sequence` of the sender `sender`: its name, and a tail that depends
/// on both. Mostly small; one of 64 is larger than a socket's buffer likes.
std::string payload(std::size_t sender, std::uint64_t sequence) {
  std::string text = std::to_string(sender) + " " + std::to_string(sequence) + " ";
  std::uint64_t seed = sender * 0x9E3779B97F4A7C15 + sequence + 1;
  const auto next = [&seed] {
    seed ^= seed << 13U;
    seed ^= seed >> 7U;
    seed ^= seed << 17U;
    return seed;
  };
  const std::size_t tail = next() % (sequence % 64 == 63 ? 80'000 : 200);
  while (text.size() < tail) text.push_back(static_cast<char>('a' + next() % 26));
  return text;
}

struct Frame {
  unsigned opcode = 0;
  std::string_view payload;
};

/// One WebSocket connection of ours.
class Peer {
 public:
  enum class Kind : std::uint8_t { echoer, subscriber, publisher };

  Peer(Kind its_kind, std::size_t its_id, std::uint16_t port, const std::string& path)
      : kind(its_kind), id(its_id), descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fail("connect: " + std::string(std::strerror(errno)));
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    out_ = "GET " + path +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  bool open() const { return open_; }

  void queue(unsigned opcode, std::string_view text) {
    out_.push_back(static_cast<char>(0x80U | opcode));
    const auto push = [this](std::uint64_t value, int bytes) {
      while (bytes-- > 0) out_.push_back(static_cast<char>(value >> (8 * bytes)));
    };
    if (text.size() < 126) {
      push(0x80U | text.size(), 1);
    } else if (text.size() < 65'536) {
      push(0x80U | 126U, 1);
      push(text.size(), 2);
    } else {
      push(0x80U | 127U, 1);
      push(text.size(), 8);
    }
    const std::array<char, 4> key = {'d', 'u', 'p', static_cast<char>(text.size())};
    out_.append(key.data(), key.size());
    for (std::size_t index = 0; index < text.size(); ++index) {
      out_.push_back(static_cast<char>(text[index] ^ key[index % 4]));
    }
  }

  /// Sends what it can; whether there is more.
  bool flush() {
    while (!out_.empty()) {
      const auto taken = ::send(descriptor_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (taken < 0) {
        if (errno == EAGAIN) return true;
        fail("send: " + std::string(std::strerror(errno)));
      }
      out_.erase(0, static_cast<std::size_t>(taken));
    }
    return false;
  }

  /// Reads once; false when the server has closed.
  bool read() {
    std::array<char, 65'536> buffer;
    const auto size = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size == 0) return false;
    if (size < 0) {
      if (errno == EAGAIN) return true;
      fail("recv: " + std::string(std::strerror(errno)));
    }
    in_.erase(0, taken_);
    taken_ = 0;
    in_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  /// The next whole frame, a view that holds until `read`.
  bool next(Frame& frame) {
    if (!open_ && !take_handshake()) return false;
    const std::string_view input = std::string_view(in_).substr(taken_);
    const auto byte = [input](std::size_t at) { return static_cast<unsigned char>(input[at]); };
    if (input.size() < 2) return false;
    std::size_t head = 2;
    std::uint64_t size = byte(1);
    if (size >= 126) {
      head += size == 126 ? 2 : 8;
      if (input.size() < head) return false;
      size = 0;
      for (std::size_t at = 2; at < head; ++at) size = size << 8U | byte(at);
    }
    if ((byte(0) & 0xF0U) != 0x80U) fail("a frame that is not whole, or has reserved bits");
    if (input.size() < head + size) return false;
    frame = {.opcode = byte(0) & 0xFU, .payload = input.substr(head, size)};
    taken_ += head + size;
    return true;
  }

  const Kind kind;
  const std::size_t id;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  /// What each publisher's next message must be.
  std::vector<std::uint64_t> expected;
  bool closing = false;
  bool waits_for_room = false;

 private:
  bool take_handshake() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == in_.npos) return false;
    if (!in_.starts_with("HTTP/1.1 101") || in_.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") > end) {
      fail("refused: " + in_.substr(0, end));
    }
    taken_ = end + 4;
    return open_ = true;
  }

  int descriptor_;
  bool open_ = false;
  std::string in_;
  std::size_t taken_ = 0;
  std::string out_;
};

class Soak {
 public:
  explicit Soak(const Settings& settings) : settings_(settings), epoll_(::epoll_create1(0)) {}
  ~Soak() { ::close(epoll_); }
  Soak(const Soak&) = delete;
  Soak& operator=(const Soak&) = delete;

  void run() {
    add(Peer::Kind::subscriber, settings_.subscribers, settings_.topic_path);
    add(Peer::Kind::publisher, settings_.publishers, settings_.topic_path);
    add(Peer::Kind::echoer, settings_.echoers, settings_.echo_path);
    until("all connections are open", [this] { return opened_ == peers_.size(); });

    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(settings_.seconds));
    while (Clock::now() < end) {
      for (auto& peer : peers_) say_more(*peer);
      wait();
    }
    until("everything has arrived", [this] {
      return echoed_ == echoes_sent_ && delivered_ == published_ * settings_.subscribers;
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();

    for (auto& peer : peers_) {
      peer->closing = true;
      peer->queue(0x8, "\x03\xE8");
      flush(*peer);
    }
    until("all connections are closed", [this] { return closed_ == peers_.size(); });
    std::printf("{\"seconds\": %.1f, \"echoed\": %llu, \"published\": %llu, \"delivered\": %llu}\n",
                seconds, static_cast<unsigned long long>(echoed_),
                static_cast<unsigned long long>(published_),
                static_cast<unsigned long long>(delivered_));
    if ((settings_.echoers > 0 && echoed_ == 0) ||
        (settings_.publishers > 0 && settings_.subscribers > 0 && delivered_ == 0)) {
      fail("nothing happened");
    }
  }

 private:
  void add(Peer::Kind kind, std::size_t count, const std::string& path) {
    for (std::size_t id = 0; id < count; ++id) {
      auto& peer = *peers_.emplace_back(std::make_unique<Peer>(kind, id, settings_.port, path));
      if (kind != Peer::Kind::echoer) peer.expected.resize(settings_.publishers);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &peer}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.descriptor(), &event);
      flush(peer);
    }
  }

  template <class Condition>
  void until(const char* what, Condition condition) {
    const auto deadline = Clock::now() + patience;
    while (!condition()) {
      if (Clock::now() > deadline) {
        fail(std::string("waited too long until ") + what + ": " + std::to_string(opened_) +
             " open, " + std::to_string(closed_) + " closed, " + std::to_string(echoed_) + " of " +
             std::to_string(echoes_sent_) + " echoed, " + std::to_string(delivered_) + " of " +
             std::to_string(published_ * settings_.subscribers) + " delivered");
      }
      wait();
    }
  }

  void say_more(Peer& peer) {
    const std::uint64_t before = peer.sent;
    if (peer.kind == Peer::Kind::echoer) {
      while (peer.sent < peer.received + echo_window) {
        peer.queue(peer.sent % 2 == 0 ? 0x1 : 0x2, payload(peer.id, peer.sent));
        ++peer.sent;
        ++echoes_sent_;
      }
    } else if (peer.kind == Peer::Kind::publisher &&
               published_ * settings_.subscribers <
                   delivered_ + publish_window * settings_.subscribers) {
      peer.queue(0x1, payload(peer.id, peer.sent));
      ++peer.sent;
      ++published_;
    }
    if (peer.sent != before) flush(peer);
  }

  void flush(Peer& peer) {
    const bool more = peer.flush();
    if (more == peer.waits_for_room) return;
    peer.waits_for_room = more;
    epoll_event event{.events = more ? EPOLLIN | EPOLLOUT : static_cast<std::uint32_t>(EPOLLIN),
                      .data = {.ptr = &peer}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.descriptor(), &event);
  }

  void wait() {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1);
    for (int index = 0; index < count; ++index) {
      const epoll_event& event = events[static_cast<std::size_t>(index)];
      Peer& peer = *static_cast<Peer*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) flush(peer);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(peer);
    }
  }

  void read(Peer& peer) {
    const bool was_open = peer.open();
    const bool alive = peer.read();
    Frame frame;
    while (peer.next(frame)) take(peer, frame);
    if (peer.open() && !was_open) ++opened_;
    if (alive) return;
    if (!peer.closing) fail("the server closed a connection");
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.descriptor(), nullptr);
    ++closed_;
  }

  void take(Peer& peer, const Frame& frame) {
    if (frame.opcode == 0x9) {
      peer.queue(0xA, frame.payload);
      flush(peer);
    } else if (frame.opcode == 0x8) {
      if (!peer.closing) fail("a close frame: " + std::string(frame.payload.substr(2)));
      if (frame.payload != "\x03\xE8") fail("another close code than 1000");
    } else if (peer.kind == Peer::Kind::echoer) {
      if (frame.opcode != (peer.received % 2 == 0 ? 0x1U : 0x2U) ||
          frame.payload != payload(peer.id, peer.received)) {
        fail("echo " + std::to_string(peer.received) + " of connection " + std::to_string(peer.id) +
             " is not what was sent");
      }
      ++peer.received;
      ++echoed_;
    } else {
      take_broadcast(peer, frame);
    }
  }

  void take_broadcast(Peer& peer, const Frame& frame) {
    const std::string text(frame.payload);
    char* rest = nullptr;
    const auto publisher = std::strtoull(text.c_str(), &rest, 10);
    const auto sequence = std::strtoull(rest, nullptr, 10);
    if (publisher >= settings_.publishers) fail("a message of no publisher: " + text.substr(0, 80));
    if (sequence != peer.expected[publisher]) {
      fail("subscriber " + std::to_string(peer.id) + " got message " + std::to_string(sequence) +
           " of publisher " + std::to_string(publisher) + " instead of " +
           std::to_string(peer.expected[publisher]));
    }
    if (frame.payload != contents(publisher, sequence)) fail("a broadcast was changed");
    ++peer.expected[publisher];
    if (peer.kind == Peer::Kind::subscriber) ++delivered_;
  }

  /// The payload, made once for all subscribers as long as it is one of the last.
  const std::string& contents(std::size_t publisher, std::uint64_t sequence) {
    const auto [entry, added] = recent_.try_emplace({publisher, sequence});
    if (added) {
      entry->second = payload(publisher, sequence);
      order_.push_back(entry->first);
      if (order_.size() > 4 * publish_window) {
        if (order_.front() != entry->first) recent_.erase(order_.front());
        order_.pop_front();
      }
    }
    return entry->second;
  }

  const Settings settings_;
  int epoll_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<std::pair<std::size_t, std::uint64_t>, std::string> recent_;
  std::deque<std::pair<std::size_t, std::uint64_t>> order_;
  std::size_t opened_ = 0;
  std::size_t closed_ = 0;
  std::uint64_t echoes_sent_ = 0;
  std::uint64_t echoed_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t delivered_ = 0;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  if (argc < 2 || argc % 2 != 0) fail("usage: soak_client PORT [--NAME VALUE]...");
  settings.port = static_cast<std::uint16_t>(std::stoul(argv[1]));
  for (int index = 2; index < argc; index += 2) {
    const std::string_view name = argv[index];
    const std::string value = argv[index + 1];
    if (name == "--echoers")
      settings.echoers = std::stoul(value);
    else if (name == "--subscribers")
      settings.subscribers = std::stoul(value);
    else if (name == "--publishers")
      settings.publishers = std::stoul(value);
    else if (name == "--seconds")
      settings.seconds = std::stod(value);
    else if (name == "--echo-path")
      settings.echo_path = value;
    else if (name == "--topic-path")
      settings.topic_path = value;
    else
      fail("unknown argument " + std::string(name));
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    // Each connection is a descriptor.
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    Soak(parse(argc, argv)).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak_client: %s\n", error.what());
    return 1;
  }
}
