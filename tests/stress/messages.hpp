#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ledger.hpp"
#include "random.hpp"

namespace duplex::stress {

/// What there is to say: `size` characters of an endless text, one for each `key`, from `from` on.
std::string text_of(std::uint64_t key, std::size_t from, std::size_t size);

/// Sizes of what is sent: mostly small; some above a socket's backlog, some above its buffer.
std::size_t some_size(Random& random);

/// Whoever says something to one WebSocket, or to one topic: its messages are numbered.
class Voice {
 public:
  enum class Hearing : std::uint8_t {
    complete,  ///< whoever hears one has heard all before
    in_order,  ///< some may be missing
  };
  explicit Voice(Hearing hearing);

  /// The next message.
  std::string say(std::size_t size) const;
  /// It has been accepted.
  void said() noexcept { ++number_; }

 private:
  Hearing hearing_;
  std::uint64_t id_;
  std::uint64_t number_ = 0;
};

/// What one message is changed to when it is sent back; empty for one that has gone back and forth
/// often enough.
std::string echo_of(std::string_view message);

/// What comes by one connection: that each message is whole, and where it stands among those of its
/// voice.
class Ear {
 public:
  /// What comes by several connections in turn; messages of a topic may be in any order then, since
  /// each of them may be served by another thread.
  enum class Way : std::uint8_t { one_connection, several };
  /// `whose` is for complaints.
  Ear(Ledger& ledger, std::string whose, Way way = Way::one_connection) noexcept
      : ledger_(&ledger), whose_(std::move(whose)), way_(way) {}

  void hear(std::string_view message);
  /// A message in pieces.
  void hear(std::string_view piece, bool first, bool last);

 private:
  void refuse(std::string_view message, std::string_view why);

  Ledger* ledger_;
  std::string whose_;
  Way way_;
  std::map<std::pair<char, std::uint64_t>, std::uint64_t> next_;
  std::optional<std::string> begun_;
};

/// Content of a request or a response: the text of a key, and a full stop, of which one knows that
/// all of it has come.
class Content {
 public:
  explicit Content(std::uint64_t key) noexcept : key_(key) {}

  /// The next piece to send.
  std::string next(std::size_t size);
  static constexpr std::string_view stop = ".";

  /// Looks at the next piece that has come.
  void take(Ledger& ledger, std::string_view piece);
  /// It is said to be all.
  void end(Ledger& ledger) const;

 private:
  std::uint64_t key_;
  std::size_t size_ = 0;
  bool stopped_ = false;
};

}  // namespace duplex::stress
