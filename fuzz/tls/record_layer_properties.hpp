#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/record_layer.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

/// What holds of a record layer, whatever a peer sends that has the right keys, and whatever
/// somebody on the way does to it. Shared by the fuzz target and a test.
namespace duplex::tls {

namespace record_fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline CipherCache& cache() {
  static CipherCache shared;
  return shared;
}

inline RecordKey key(Suite suite, RecordKey::Direction direction, char fill) {
  const std::string secret(facts_of(suite).secret_bytes, fill);
  return {suite, direction, as_bytes(secret), cache()};
}

/// Ciphertext, and the data that may be heard in it at most.
struct Conversation {
  std::string ciphertext;
  std::string data;
};

/// Makes a peer's ciphertext as the input orders: records of any type and content, properly sealed,
/// so that what is behind the cipher is reached; and bytes and changes of somebody on the way.
class Peer {
 public:
  Peer(Suite suite, ConstBytes orders)
      : orders_(orders), key_(key(suite, RecordKey::Direction::sealing, 'c')) {}

  Conversation speak() {
    while (!orders_.empty() && said_.ciphertext.size() < ciphertext_bytes_max) obey(next());
    return std::move(said_);
  }

 private:
  static constexpr std::size_t ciphertext_bytes_max = std::size_t{64} * 1024;

  std::uint8_t next() {
    if (orders_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(orders_.front());
    orders_ = orders_.subspan(1);
    return value;
  }
  std::string_view next_text() {
    const std::size_t wanted = next();
    const std::size_t size = std::min(wanted, orders_.size());
    const std::string_view text = as_text(orders_.first(size));
    orders_ = orders_.subspan(size);
    return text;
  }

  void obey(std::uint8_t order) {
    switch (order % 8) {
      case 0: return seal(ContentType::application_data, next_text());
      case 1: return seal(static_cast<ContentType>(next()), next_text());
      case 2: {
        const std::array message = {std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1},
                                    static_cast<std::byte>(order >> 7)};
        seal(ContentType::handshake, as_text(message));
        return key_.update();
      }
      case 3: {  // without a key
        said_.ciphertext += next_text();
        pure_ = false;
        return;
      }
      case 4: {  // padded: the type stands in the content, a zero in the type's place
        std::string content(next_text());
        if (pure_) said_.data += content;
        content += static_cast<char>(ContentType::application_data);
        content.append(std::size_t{next()} * 8, '\0');
        return seal(static_cast<ContentType>(0), content);
      }
      case 5: {  // a bit of the last record changes
        if (last_ >= said_.ciphertext.size()) return;
        const std::size_t high = next();
        const std::size_t bit = high * 256 + next();
        const std::size_t place = last_ + bit / 8 % (said_.ciphertext.size() - last_);
        said_.ciphertext[place] = static_cast<char>(said_.ciphertext[place] ^ (1 << bit % 8));
        said_.data.resize(data_before_);
        pure_ = false;
        return;
      }
      case 6:  // about as long as a record may be
        return seal(ContentType::application_data,
                    std::string(record_content_bytes_max - 4 + next() % 8, 'x'));
      case 7: return seal(ContentType::alert, next_text());
    }
  }

  void seal(ContentType type, std::string_view content) {
    last_ = said_.ciphertext.size();
    if (type != static_cast<ContentType>(0)) data_before_ = said_.data.size();
    if (pure_ && type == ContentType::application_data) said_.data += content;
    ByteQueue output;
    key_.seal(type, as_bytes(content), output);
    said_.ciphertext += as_text(output.content());
  }

  ConstBytes orders_;
  RecordKey key_;
  Conversation said_;
  std::size_t last_ = 0;         // where the last record begins
  std::size_t data_before_ = 0;  // that one's
  bool pure_ = true;             // nobody on the way has done anything so far
};

struct Heard {
  std::string data;
  std::string fault;
  bool ended = false;
};

/// That the peer can open all that the layer has said, and that it is what it may say.
inline void check_answers(RecordKey& opening, ConstBytes answers) {
  while (!answers.empty()) {
    require(answers.size() > record_header_bytes);
    const std::size_t size = record_header_bytes +
                             (std::to_integer<std::size_t>(answers[3]) << 8U) +
                             std::to_integer<std::size_t>(answers[4]);
    require(answers.size() >= size);
    std::vector<std::byte> room(size);
    const auto opened = opening.open(answers.first(size), room);
    require(opened.has_value());
    const bool update = opened->type == static_cast<std::uint8_t>(ContentType::handshake);
    require(update ? opened->content_bytes == 5
                   : opened->type == static_cast<std::uint8_t>(ContentType::alert) &&
                         opened->content_bytes == 2);
    if (update) opening.update();
    answers = answers.subspan(size);
  }
}

/// Has a fresh layer open `ciphertext` in pieces of `piece` bytes.
inline Heard hear(Suite suite, std::string_view ciphertext, std::size_t piece) {
  RecordLayer layer(key(suite, RecordKey::Direction::opening, 'c'),
                    key(suite, RecordKey::Direction::sealing, 's'));
  RecordKey peer = key(suite, RecordKey::Direction::opening, 's');
  Heard heard;
  ByteQueue answers;
  while (!ciphertext.empty()) {
    const std::string_view text = ciphertext.substr(0, piece);
    ciphertext.remove_prefix(text.size());
    // Exactly the room that the layer asks for.
    std::vector<std::byte> room(text.size() + std::size_t{17} * 1024);
    const auto opened = layer.open(as_bytes(text), room, answers);
    check_answers(peer, answers.content());
    answers.clear();
    if (!opened) {
      require(!opened.error().sentence.empty());
      heard.fault = opened.error().sentence;
      return heard;
    }
    require(!heard.ended || (opened->ended && opened->plaintext_bytes == 0));
    require(opened->plaintext_bytes <= room.size());
    heard.data += as_text(room).substr(0, opened->plaintext_bytes);
    heard.ended = opened->ended;
  }
  // Whatever was said, the other direction works.
  layer.seal(as_bytes("answer"), answers);
  std::vector<std::byte> room(answers.size());
  const auto opened = peer.open(answers.content(), room);
  require(opened && as_text(room).substr(0, opened->content_bytes) == "answer");
  return heard;
}

}  // namespace record_fuzz

/// The first byte chooses the suite, and how small the pieces are; the others are the peer's
/// orders. Aborts when a property is broken.
inline void check_record_layer(ConstBytes input) {
  using namespace record_fuzz;
  if (input.empty()) return;
  const auto choice = std::to_integer<std::uint8_t>(input.front());
  const auto suite = static_cast<Suite>(choice % 3);
  const Conversation said = Peer(suite, input.subspan(1)).speak();

  const Heard whole = hear(suite, said.ciphertext, SIZE_MAX);
  const Heard pieces = hear(suite, said.ciphertext, std::size_t{1} + choice / 3);
  // Cutting changes nothing but when it is heard: what comes with a fault is dropped.
  require(whole.fault == pieces.fault);
  require(whole.ended == pieces.ended || !whole.fault.empty());
  require(whole.fault.empty() ? whole.data == pieces.data : whole.data.empty());
  // Nothing is heard but what was said, in order, and before anybody changed anything.
  require(said.data.starts_with(pieces.data));
}

}  // namespace duplex::tls
