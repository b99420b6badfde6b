#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "round.hpp"
#include <duplex/websocket/frame.hpp>

namespace duplex::app::bench {

/// What messages consist of.
enum class Content : std::uint8_t {
  usual,    ///< `json` where they are compressed, else `prose` as text, else `letters`.
  letters,  ///< ASCII.
  prose,    ///< Of several languages: for ASCII alone, many a server makes short work of UTF-8.
  json,     ///< As services send it, of ASCII; but for the stamp, if there is one.
  own,      ///< `MessageKind::own`, the same each time.
};

/// Those that can be asked for by their names.
inline constexpr std::array contents{Content::letters, Content::prose, Content::json};
std::string_view name(Content content) noexcept;

/// What the messages of a load are.
struct MessageKind {
  std::size_t bytes = 20;
  bool text = false;
  /// By permessage-deflate.
  bool compressed = false;
  /// Each with what was in those before (RFC 7692 section 7.1.1, "context takeover").
  bool keep = false;
  /// Over its beginning a stamp is written.
  bool stamped = false;
  Content content = Content::usual;
  std::string own = {};
};

/// A client's frame with its payload, masked with a random key.
std::string client_frame(websocket::Opcode opcode, std::string_view payload, bool rsv1,
                         std::mt19937& random);

/// The close frame with code 1000 and no reason, masked with a key that changes nothing.
inline constexpr std::string_view client_close_frame("\x88\x82\0\0\0\0\x03\xE8", 8);

/// A server's whole message in one frame.
std::string server_frame(websocket::Opcode opcode, std::string_view payload);

/// `text` or `binary`.
std::string_view kind_name(websocket::Opcode opcode) noexcept;

/// Some messages that differ (but for the user's own, and JSON of a few bytes), so that one in
/// another's place is noticed, in the forms in which they leave and come back.
class Messages {
 public:
  /// There are at least two, and no more than these.
  static constexpr std::size_t count_max = 64;

  explicit Messages(const MessageKind& kind);

  const MessageKind& kind() const noexcept { return kind_; }
  websocket::Opcode opcode() const noexcept {
    return kind_.text ? websocket::Opcode::text : websocket::Opcode::binary;
  }
  std::size_t count() const noexcept { return payloads_.size(); }
  std::string_view payload(std::size_t number) const noexcept { return payloads_[number]; }
  /// Whether any of them is not as the others are.
  bool differ() const noexcept { return differ_; }
  /// As we send them.
  const Round& sent() const noexcept { return outgoing_.frames; }
  /// What their payloads take as we send them, where they are compressed.
  const std::optional<PieceSizes>& compressed() const noexcept { return outgoing_.compressed; }
  /// As a server echoes them that neither compresses nor cuts.
  const Round& echoed() const noexcept { return echoed_; }

 private:
  struct Outgoing {
    Round frames;
    std::optional<PieceSizes> compressed;
  };
  static Outgoing outgoing(const MessageKind& kind, const std::vector<std::string>& payloads);

  MessageKind kind_;
  std::vector<std::string> payloads_;
  bool differ_;
  Outgoing outgoing_;
  Round echoed_;
};

}  // namespace duplex::app::bench
