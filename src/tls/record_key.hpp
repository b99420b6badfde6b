#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "tls/cipher_cache.hpp"
#include "tls/record.hpp"
#include "tls/suite.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::tls {

/// Protects the records of one direction (RFC 8446 sections 5.2, 5.3 and 7.3), from the traffic
/// secret that the handshake has agreed on. The ciphers are OpenSSL's.
class RecordKey {
 public:
  enum class Direction : bool { opening, sealing };

  /// `secret` is as long as the suite says. `cache` is borrowed.
  RecordKey(Suite suite, Direction direction, ConstBytes secret, CipherCache& cache);
  ~RecordKey();
  RecordKey(RecordKey&&) noexcept = default;
  RecordKey& operator=(RecordKey&&) = delete;

  /// Writes one record of `content`, at most `record_content_bytes_max`, behind `output`.
  void seal(ContentType type, ConstBytes content, ByteQueue& output);

  struct Opened {
    std::size_t content_bytes;
    std::uint8_t type;  ///< of the content; 0 when there is none but padding
  };
  /// Opens a whole record, with its header, into `content`, which has room for all of it. nullopt
  /// when it is not as the peer has sealed it; then nothing can be opened any more.
  std::optional<Opened> open(ConstBytes record, Bytes content);

  /// Goes on to the next key, as a KeyUpdate demands (RFC 8446 section 7.2).
  void update();
  /// Wipes what the cache holds of this key, which is of no more use then. The destructor can't, as
  /// the cache may have gone before.
  void forget() noexcept { cache_->forget(id_); }
  /// How many records this key has protected. The first ones may have been another's.
  std::uint64_t sequence() const noexcept { return sequence_; }
  void skip(std::uint64_t records) noexcept { sequence_ += records; }

 private:
  static constexpr std::size_t iv_bytes = 12;

  void derive();
  ConstBytes secret() const noexcept;
  EVP_CIPHER_CTX& begin_record(ConstBytes header, ConstBytes tag);

  CipherCache* cache_;
  std::uint64_t id_ = 0;
  std::uint64_t sequence_ = 0;
  std::array<std::byte, 48> secret_;
  std::array<std::byte, 32> key_;
  std::array<std::byte, iv_bytes> iv_;
  Suite suite_;
  Direction direction_;
};

}  // namespace duplex::tls
