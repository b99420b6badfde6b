#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "deflate.hpp"
#include "frame.hpp"
#include "log.hpp"
#include "message.hpp"

namespace duplex::app::check {

struct Ping {
  std::string payload;
};
struct Pong {
  std::string payload;
};
struct CloseFrame {
  /// nullopt when the frame is empty.
  std::optional<std::uint16_t> code;
  std::string reason;
};
/// The TCP connection has ended.
struct EndOfStream {
  /// Reset, not closed.
  bool reset = false;
};

/// What a peer does on an open WebSocket.
using Event = std::variant<Message, Ping, Pong, CloseFrame, EndOfStream>;

/// The event in a few words, for the sentence that says what came instead.
std::string describe(const Event& event);

/// The peer has broken a rule in what it sends; `what` is a sentence that names it.
class PeerFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the peer's frames and puts messages together, as strictly as RFC 6455 allows.
class Incoming {
 public:
  /// Of a message, inflated: far more than any case sends.
  static constexpr std::size_t message_bytes_max = std::size_t{128} * 1024 * 1024;

  /// `sender` is the peer. Each frame is noted in `log`, which must live as long as this.
  Incoming(End sender, const std::optional<DeflateParameters>& deflate, Log& log);

  /// Takes frames off the front of `bytes` until something has happened; nullopt when it needs more
  /// bytes. Throws PeerFault; after that this object is of no use.
  std::optional<Event> next(std::string_view& bytes);

  /// Whether a frame or a message is incomplete where the bytes have ended, in words; empty if not.
  std::string what_is_incomplete(std::string_view rest) const;

 private:
  struct Header {
    Opcode opcode;
    bool fin;
    std::uint8_t reserved;
    bool masked;
    MaskKey key;
    std::uint64_t length;
    std::size_t bytes;
  };

  std::optional<Header> read_header(std::string_view bytes) const;
  void check(const Header& header) const;
  std::optional<Event> take_frame(const Header& header, std::string payload);
  std::optional<Event> take_data(const Header& header, const std::string& payload);
  Message finish_message();
  void note(const Header& header, std::string_view payload);

  End sender_;
  Log& log_;
  std::optional<Inflater> inflater_;
  /// The message that is being received.
  std::optional<Message> message_;
  bool compressed_ = false;
  bool closed_ = false;
};

}  // namespace duplex::app::check
