#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "tls/failure.hpp"
#include "tls/opened.hpp"
#include "tls/record.hpp"
#include "tls/record_key.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::tls {

/// A server's TLS 1.3 connection after its handshake: application data, alerts and key updates
/// (RFC 8446 sections 4.6.3, 5 and 6). OpenSSL has shaken hands; its object for the connection, of
/// thirteen kilobytes and more, is not needed for this.
///
/// Does no handshake of any kind: a client has nothing else to say after the first one, since we
/// never ask for a certificate later (RFC 8446 section 4.6.2).
class RecordLayer {
 public:
  RecordLayer(RecordKey receiving, RecordKey sending) noexcept
      : receiving_(std::move(receiving)), sending_(std::move(sending)) {}

  /// As `Stream::open`; answers of the protocol, and the alert behind a failure, go to `output`.
  /// What comes behind a close_notify is not looked at (RFC 8446 section 6.1).
  std::expected<Opened, Failure> open(ConstBytes ciphertext, Bytes plaintext, ByteQueue& output);
  /// Seals all of `plaintext` behind `output`, in records as large as it allows.
  void seal(ConstBytes plaintext, ByteQueue& output);
  /// close_notify
  void end(ByteQueue& output);
  /// Wipes the keys from the cache; nothing but the destructor may be called behind it.
  void forget_keys() noexcept {
    receiving_.forget();
    sending_.forget();
  }

 private:
  /// The alerts that are sent here (RFC 8446 section 6).
  enum class Alert : std::uint8_t {
    close_notify = 0,
    unexpected_message = 10,
    bad_record_mac = 20,
    record_overflow = 22,
    illegal_parameter = 47,
    decode_error = 50,
  };
  struct Fault {
    Alert alert;
    const char* sentence;
  };
  using Checked = std::expected<void, Fault>;

  static std::expected<std::size_t, Fault> record_bytes(ConstBytes header);
  ConstBytes take_record(ConstBytes& ciphertext, std::size_t bytes);
  Checked open_record(ConstBytes record, Bytes plaintext, Opened& opened);
  Checked on_alert(ConstBytes content, Opened& opened);
  Checked on_handshake(ConstBytes content);
  Checked on_handshake_byte(std::byte byte);
  Checked count_barren_record();
  void update_sending(ByteQueue& output);
  void send_alert(std::uint8_t level, Alert alert, ByteQueue& output);

  RecordKey receiving_;
  RecordKey sending_;
  ByteQueue partial_;  // the beginning of a record
  std::uint8_t barren_records_ = 0;
  std::uint8_t peer_alert_ = 0;
  std::uint8_t key_update_bytes_ = 0;  // how much of the peer's message has come
  bool update_wanted_ = false;
  bool ended_ = false;
};

}  // namespace duplex::tls
