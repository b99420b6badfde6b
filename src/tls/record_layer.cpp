#include "tls/record_layer.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "tls/openssl.hpp"

namespace duplex::tls {

namespace {

// Records in a row that carry no data, as OpenSSL and BoringSSL allow of either kind: each costs us
// more than the peer.
constexpr std::uint8_t barren_records_max = 32;

// AES-GCM is safe for 2^24.5 full records with one key (RFC 8446 section 5.5).
constexpr std::uint64_t records_per_key_max = std::uint64_t{1} << 24;

// A KeyUpdate (RFC 8446 section 4.6.3), the handshake message: a header that says its type and
// length, and a byte that says whether we are to do the same.
constexpr std::array key_update_header = {std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1}};
constexpr std::size_t key_update_bytes = key_update_header.size() + 1;

constexpr std::uint8_t warning = 1;
constexpr std::uint8_t fatal = 2;
constexpr std::uint8_t alert_user_canceled = 90;

}  // namespace

/// How long the record with this header is, the header included.
std::expected<std::size_t, RecordLayer::Fault> RecordLayer::record_bytes(ConstBytes header) {
  if (header[0] != static_cast<std::byte>(ContentType::application_data)) {
    return std::unexpected(Fault{Alert::unexpected_message, "a record came in clear"});
  }
  const std::size_t length =
      std::to_integer<std::size_t>(header[3]) << 8 | std::to_integer<std::size_t>(header[4]);
  if (length > record_protected_bytes_max) {
    return std::unexpected(Fault{Alert::record_overflow, "a record is too long"});
  }
  return record_header_bytes + length;
}

std::expected<Opened, Failure> RecordLayer::open(ConstBytes ciphertext, Bytes plaintext,
                                                 ByteQueue& output) {
  Opened opened{.ended = ended_};
  Checked checked;
  while (checked && !opened.ended) {
    const ConstBytes header = take_record(ciphertext, record_header_bytes);
    if (header.empty()) break;
    const auto bytes = record_bytes(header);
    if (!bytes) {
      checked = std::unexpected(bytes.error());
      break;
    }
    const ConstBytes record = take_record(ciphertext, *bytes);
    if (record.empty()) break;
    checked = open_record(record, plaintext, opened);
    if (partial_.empty()) {
      ciphertext = ciphertext.subspan(record.size());
    } else {
      partial_.release();
    }
  }
  if (checked) {
    ended_ = opened.ended;
    if (update_wanted_) update_sending(output);
    return opened;
  }
  if (peer_alert_ != 0) {
    return std::unexpected(Failure{
        TlsError::alert, "the peer gave up, with the alert \"" + alert_words(peer_alert_) + '"'});
  }
  send_alert(fatal, checked.error().alert, output);
  return std::unexpected(Failure{TlsError::broken, checked.error().sentence});
}

/// The next record's first `bytes`, where they are; empty when not all of them have come. What has
/// come of a record that is incomplete is kept.
ConstBytes RecordLayer::take_record(ConstBytes& ciphertext, std::size_t bytes) {
  if (partial_.empty() && ciphertext.size() >= bytes) return ciphertext.first(bytes);
  if (partial_.size() < bytes) {
    const ConstBytes more = ciphertext.first(std::min(bytes - partial_.size(), ciphertext.size()));
    partial_.append(more);
    ciphertext = ciphertext.subspan(more.size());
  }
  return partial_.size() < bytes ? ConstBytes() : std::as_const(partial_).content().first(bytes);
}

RecordLayer::Checked RecordLayer::open_record(ConstBytes record, Bytes plaintext, Opened& opened) {
  const Bytes room = plaintext.subspan(opened.plaintext_bytes);
  const auto content = receiving_.open(record, room);
  if (!content) {
    return std::unexpected(Fault{Alert::bad_record_mac, "a record was changed on its way"});
  }
  if (content->content_bytes > record_content_bytes_max) {
    return std::unexpected(Fault{Alert::record_overflow, "a record is too long"});
  }
  const ConstBytes bytes = room.first(content->content_bytes);
  if (key_update_bytes_ > 0 && content->type != static_cast<std::uint8_t>(ContentType::handshake)) {
    return std::unexpected(
        Fault{Alert::unexpected_message, "a record came inside a handshake message"});
  }
  switch (static_cast<ContentType>(content->type)) {
    case ContentType::application_data:
      if (bytes.empty()) return count_barren_record();
      barren_records_ = 0;
      opened.plaintext_bytes += bytes.size();
      return {};
    case ContentType::alert: return on_alert(bytes, opened);
    case ContentType::handshake: return on_handshake(bytes);
    case ContentType::change_cipher_spec: break;
  }
  return std::unexpected(Fault{Alert::unexpected_message, "a record has content of no known type"});
}

RecordLayer::Checked RecordLayer::on_alert(ConstBytes content, Opened& opened) {
  // RFC 8446 section 5.4 names the alert for this one.
  if (content.empty()) {
    return std::unexpected(Fault{Alert::unexpected_message, "a record holds no alert"});
  }
  if (content.size() != 2) {
    return std::unexpected(Fault{Alert::decode_error, "an alert is malformed"});
  }
  const auto description = std::to_integer<std::uint8_t>(content[1]);
  if (description == static_cast<std::uint8_t>(Alert::close_notify)) {
    opened.ended = true;
    return {};
  }
  // Followed by a close_notify; of itself it ends nothing.
  if (description == alert_user_canceled) return count_barren_record();
  peer_alert_ = description;
  return std::unexpected(Fault{Alert::close_notify, ""});
}

RecordLayer::Checked RecordLayer::on_handshake(ConstBytes content) {
  if (content.empty()) {
    return std::unexpected(Fault{Alert::unexpected_message, "a record holds no handshake message"});
  }
  // A message may be spread over records, unlikely as it is with one so short.
  for (const std::byte byte : content) {
    if (Checked checked = on_handshake_byte(byte); !checked) return checked;
  }
  if (key_update_bytes_ < key_update_bytes) return count_barren_record();
  key_update_bytes_ = 0;
  receiving_.update();
  if (content.back() == std::byte{1}) update_wanted_ = true;
  return count_barren_record();
}

/// Checks the next byte of what has to be a KeyUpdate.
RecordLayer::Checked RecordLayer::on_handshake_byte(std::byte byte) {
  const std::size_t place = key_update_bytes_;
  // It changes the keys, and so ends its record (RFC 8446 section 5.1).
  if (place == key_update_bytes || (place == 0 && byte != key_update_header[0])) {
    return std::unexpected(Fault{Alert::unexpected_message, "a handshake message was not due"});
  }
  if (place < key_update_header.size() && byte != key_update_header[place]) {
    return std::unexpected(Fault{Alert::decode_error, "a key update is malformed"});
  }
  if (place == key_update_header.size() && byte > std::byte{1}) {
    return std::unexpected(
        Fault{Alert::illegal_parameter, "a key update asks for what is unknown"});
  }
  ++key_update_bytes_;
  return {};
}

RecordLayer::Checked RecordLayer::count_barren_record() {
  if (++barren_records_ <= barren_records_max) return {};
  return std::unexpected(Fault{Alert::unexpected_message, "too many records carry no data"});
}

/// Answers all requests for new keys so far by one.
void RecordLayer::update_sending(ByteQueue& output) {
  std::array<std::byte, key_update_bytes> message{};  // which asks for no answer
  std::ranges::copy(key_update_header, message.begin());
  sending_.seal(ContentType::handshake, message, output);
  sending_.update();
  update_wanted_ = false;
}

void RecordLayer::seal(ConstBytes plaintext, ByteQueue& output) {
  while (!plaintext.empty()) {
    if (sending_.sequence() >= records_per_key_max) update_sending(output);
    const std::size_t count = std::min(plaintext.size(), record_content_bytes_max);
    sending_.seal(ContentType::application_data, plaintext.first(count), output);
    plaintext = plaintext.subspan(count);
  }
}

void RecordLayer::end(ByteQueue& output) {
  send_alert(warning, Alert::close_notify, output);
}

void RecordLayer::send_alert(std::uint8_t level, Alert alert, ByteQueue& output) {
  const std::array content = {static_cast<std::byte>(level), static_cast<std::byte>(alert)};
  sending_.seal(ContentType::alert, content, output);
}

}  // namespace duplex::tls
