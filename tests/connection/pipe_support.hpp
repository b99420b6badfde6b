#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "connection/pipe.hpp"
#include "net/descriptor.hpp"
#include "net/event_loop.hpp"
#include "tests/connection/plain_hub.hpp"

namespace duplex::connection {

class TestPipe;

/// What a test's pipe does when it is called, and what it was called for. Outlives the pipe.
struct Script {
  std::function<void(TestPipe&, Bytes&)> on_input = [](TestPipe&, Bytes& input) {
    input = input.last(0);
  };
  std::function<void(TestPipe&)> on_input_end = [](TestPipe&) {};
  std::function<void(TestPipe&)> on_room = [](TestPipe&) {};
  std::function<void(TestPipe&)> on_closed = [](TestPipe&) {};
  std::function<void(TestPipe&, const tls::Failure&)> on_insecure = [](TestPipe&,
                                                                       const tls::Failure&) {};
  std::function<std::uint64_t(TestPipe&, std::uint64_t)> on_time = [](TestPipe&, std::uint64_t) {
    return UINT64_MAX;
  };

  Bytes input_room;                 // where input goes, if it is to be put
  std::vector<std::string> inputs;  // as they were presented
  int input_ends = 0;
  int rooms = 0;
  int discards = 0;
  int secured = 0;
  std::vector<tls::Failure> failures;
  int ends = 0;
  int closes = 0;
  bool destroyed = false;
};

/// A pipe that does as its script says.
class TestPipe final : public Pipe {
 public:
  TestPipe(Hub& hub, net::Descriptor socket, Script& script,
           std::unique_ptr<tls::Stream> stream = nullptr)
      : Pipe(hub, std::move(socket), std::move(stream)), script_(&script) {}

  WebSocketLink* websocket() noexcept override { return nullptr; }

  using Pipe::blocked;
  using Pipe::finishing;
  using Pipe::input_ended;
  using Pipe::kept_bytes;
  using Pipe::note_last_input;
  using Pipe::now_ms;
  using Pipe::send_file;
  using Pipe::set_input_held;
  using Pipe::set_input_placed;

  void write(std::string_view text) {
    output().append(text);
    output_written();
  }

 private:
  ~TestPipe() override { script_->destroyed = true; }

  void on_input(Bytes& input) noexcept override {
    script_->inputs.emplace_back(as_text(input));
    script_->on_input(*this, input);
  }
  Bytes input_room() noexcept override { return script_->input_room; }
  void on_input_end() noexcept override {
    ++script_->input_ends;
    script_->on_input_end(*this);
  }
  void on_room() noexcept override {
    ++script_->rooms;
    script_->on_room(*this);
  }
  void on_secured() noexcept override { ++script_->secured; }
  void on_insecure(const tls::Failure& failure) noexcept override {
    script_->failures.push_back(failure);
    script_->on_insecure(*this, failure);
  }
  void on_ended() noexcept override { ++script_->ends; }
  void on_closed() noexcept override {
    ++script_->closes;
    script_->on_closed(*this);
  }
  std::uint64_t on_time(std::uint64_t now_ms) noexcept override {
    return script_->on_time(*this, now_ms);
  }
  void on_discarded() noexcept override { ++script_->discards; }

  Script* script_;
};

/// The other end of a pipe's connection.
class Peer {
 public:
  explicit Peer(net::Descriptor socket) : socket_(std::move(socket)) {}

  void send(std::string_view text) const {
    const auto sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(text.size())) throw std::runtime_error("the pipe is full");
  }
  /// What has come, up to `bytes_max`; the size of each packet is noted in `packets`.
  std::string receive(std::size_t bytes_max = SIZE_MAX) {
    std::string text;
    static std::array<char, 64 * 1024> buffer;
    while (text.size() < bytes_max) {
      const std::size_t size = std::min(buffer.size(), bytes_max - text.size());
      const auto received = ::recv(socket_.number(), buffer.data(), size, 0);
      if (received == 0) at_end = true;
      if (received <= 0) break;
      packets.push_back(static_cast<std::size_t>(received));
      text.append(buffer.data(), static_cast<std::size_t>(received));
    }
    return text;
  }
  void end_sending() const { ::shutdown(socket_.number(), SHUT_WR); }
  void go() { socket_.reset(); }

  std::vector<std::size_t> packets;
  bool at_end = false;

 private:
  net::Descriptor socket_;
};

/// A loop, a hub, and a way to connect pipes to them. Nothing runs but by `turn` and `until`.
class PipeBench {
 public:
  explicit PipeBench(const PipeLimits& limits = {}) : hub(loop, limits) {}

  /// `type` SOCK_SEQPACKET keeps what each `send` sent apart. `stream`, when there is one, was made
  /// with the hub's workspace.
  std::pair<TestPipe&, Peer> connect(Script& script, int type = SOCK_STREAM,
                                     std::unique_ptr<tls::Stream> stream = nullptr) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    Peer peer{net::Descriptor(ends[1])};
    auto* pipe = new TestPipe(hub, net::Descriptor(ends[0]), script, std::move(stream));
    hub.adopt(*pipe);
    return {*pipe, std::move(peer)};
  }

  /// One iteration, which sees what is there already.
  void turn() { loop.run_once(0); }

  /// Iterates until `condition` holds; false when that takes far too long.
  template <class Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_once(5);
    }
    return true;
  }

  /// Calls `work` in the next iteration, outside of all input.
  template <class Work>
  void in_loop(Work work) {
    loop.inbox()->post(std::move(work));
    turn();
  }

  net::EventLoop loop;
  PlainHub hub;
};

/// `size` bytes in which none that is lost, doubled or moved goes unnoticed.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>((i * 2654435761U) >> 13U);
  }
  return text;
}

}  // namespace duplex::connection
