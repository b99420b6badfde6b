#include "tls/record_layer.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace duplex::tls {

namespace {

// Records in a row that carry no data, as OpenSSL and BoringSSL allow of either kind: each costs us
// more than the peer.
constexpr std::uint8_t barren_records_max = 32;

// AES-GCM is safe for 2^24.5 full records with one key (RFC 8446 section 5.5).
constexpr std::uint64_t records_per_key_max = std::uint64_t{1} << 24;

constexpr std::byte key_update{24};  // the handshake message (RFC 8446 appendix B.3)
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
  Opened opened;
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
    if (update_wanted_) update_sending(output);
    return opened;
  }
  if (peer_alert_ != 0) {
    const char* const words = SSL_alert_desc_string_long(peer_alert_);
    return std::unexpected(Failure{
        FailureKind::alert, std::string("the peer gave up, with the alert \"") + words + '"'});
  }
  send_alert(fatal, checked.error().alert, output);
  return std::unexpected(Failure{FailureKind::broken, checked.error().sentence});
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
  // A message of one byte behind a header of four. It changes keys, and so ends its record.
  constexpr std::array expected = {key_update, std::byte{0}, std::byte{0}, std::byte{1}};
  if (content.size() != 5 || !std::ranges::equal(content.first(4), expected)) {
    return std::unexpected(Fault{Alert::unexpected_message, "a handshake message was not due"});
  }
  if (content[4] > std::byte{1}) {
    return std::unexpected(
        Fault{Alert::illegal_parameter, "a key update asks for what is unknown"});
  }
  receiving_.update();
  if (content[4] == std::byte{1}) update_wanted_ = true;
  return count_barren_record();
}

RecordLayer::Checked RecordLayer::count_barren_record() {
  if (++barren_records_ <= barren_records_max) return {};
  return std::unexpected(Fault{Alert::unexpected_message, "too many records carry no data"});
}

/// Answers all requests for new keys so far by one.
void RecordLayer::update_sending(ByteQueue& output) {
  constexpr std::array message = {key_update, std::byte{0}, std::byte{0}, std::byte{1},
                                  std::byte{0}};
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
