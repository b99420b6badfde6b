#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/session.hpp>

/// What a parser or a session says about a stream, in a form that can be compared, however the
/// stream was cut. Shared by the fuzz targets and the tests.
namespace duplex::websocket::transcript {

/// Says how many bytes come next; at least one.
using Pace = std::function<std::size_t()>;

inline Pace whole() {
  return [] { return SIZE_MAX; };
}

inline Pace steps(std::size_t size) {
  return [size] { return size; };
}

/// Cuts at `position`, and nowhere else.
inline Pace cut_at(std::size_t position) {
  return [position, first = true]() mutable {
    const std::size_t size = first && position > 0 ? position : SIZE_MAX;
    first = false;
    return size;
  };
}

/// Pieces of 1 to 16 bytes, different for each seed.
inline Pace uneven(std::uint32_t seed) {
  return [state = seed]() mutable {
    state = state * 1664525U + 1013904223U;
    return std::size_t{1} + (state >> 28U);
  };
}

inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Plays the connection: presents `stream` at `pace`, keeps what is left, and calls
/// `take(Bytes&)`, which returns whether to go on with the same bytes, until it does not. Checks
/// that nothing but a prefix is consumed and that what is left is untouched.
template <typename Take>
void play(ConstBytes stream, Pace pace, Take take) {
  std::vector<std::byte> left;
  std::size_t presented = 0;
  std::size_t consumed = 0;
  while (presented < stream.size()) {
    const std::size_t size = std::min(pace(), stream.size() - presented);
    const auto piece = stream.subspan(presented, size);
    left.insert(left.end(), piece.begin(), piece.end());
    presented += size;

    Bytes input(left);
    // At most a report and an event for each byte, and one call that says that there is no more.
    std::size_t calls_left = 2 * left.size() + 2;
    while (take(input)) require(--calls_left > 0);
    consumed = presented - input.size();
    require(input.empty() || input.data() + input.size() == left.data() + left.size());
    require(std::ranges::equal(input, stream.subspan(consumed, input.size())));
    left.erase(left.begin(), left.end() - static_cast<std::ptrdiff_t>(input.size()));
  }
}

/// Everything that a session said, an event a line, and what it wrote.
struct Said {
  std::vector<std::string> events;
  std::string output;

  bool operator==(const Said&) const = default;
};

inline std::string name(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation: return "continuation";
    case Opcode::text: return "text";
    case Opcode::binary: return "binary";
    case Opcode::close: return "close";
    case Opcode::ping: return "ping";
    case Opcode::pong: return "pong";
  }
  return "reserved";
}

/// Writes events down; pieces of a message are put together.
class Writer {
 public:
  std::vector<std::string> lines;

  void operator()(const Session::Message& message) {
    lines.push_back(name(message.opcode) + " " + std::string(as_text(message.payload)));
  }
  void operator()(const Session::Chunk& chunk) {
    require(chunk.first == open_.empty());
    if (chunk.first) open_ = name(chunk.opcode) + " ";
    open_ += as_text(chunk.payload);
    if (chunk.last) lines.push_back(std::exchange(open_, {}));
  }
  void operator()(const Session::Ping& ping) {
    lines.push_back("ping " + std::string(as_text(ping.payload)));
  }
  void operator()(const Session::Pong& pong) {
    lines.push_back("pong " + std::string(as_text(pong.payload)));
  }
  void operator()(const Session::Closed& closed) {
    lines.push_back("closed " + std::to_string(number(closed.code)) + " " +
                    std::string(closed.reason));
  }
  void operator()(const Session::FrameSeen& seen) {
    lines.push_back("frame " + name(seen.header.opcode) + (seen.header.fin ? " fin " : " ") +
                    std::to_string(seen.header.payload_bytes));
  }

 private:
  std::string open_;  // the message whose pieces are coming; never empty once it has begun
};

/// What a fresh session says about `stream`, after it has agreed on compression or not.
inline Said listen(const SessionOptions& options, ConstBytes stream, Pace pace,
                   const std::optional<DeflateParameters>& agreed = std::nullopt) {
  DeflateWorkspace workspace;
  Session session(options);
  if (agreed) session.enable_deflate(*agreed, workspace);
  Writer writer;
  ByteQueue output;
  bool failed = false;
  play(stream, std::move(pace), [&](Bytes& input) {
    const auto event = session.next(input, output);
    if (!event) {
      if (!failed) writer.lines.push_back("error " + std::string(describe(event.error())));
      failed = true;
      return false;
    }
    require(!failed);
    if (!*event) return false;
    std::visit(std::ref(writer), **event);
    return true;
  });
  require(session.done_reading() || !failed);
  return {std::move(writer.lines), std::string(as_text(output.content()))};
}

}  // namespace duplex::websocket::transcript
