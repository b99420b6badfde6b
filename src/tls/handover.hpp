#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tls/record_layer.hpp"

namespace duplex::tls {

/// How a connection goes over from OpenSSL, which has done its handshake, to a `RecordLayer`:
/// collects, while the handshake goes on, what the other needs to know. For servers.
///
/// OpenSSL tells the traffic secrets to who logs keys, and which records it writes to who watches
/// the protocol; both are its documented interfaces.
class Handover {
 public:
  Handover() noexcept = default;
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// Lets connections of `context` be handed over. For every context that one may be switched to.
  static void allow(SSL_CTX& context) noexcept;
  /// Watches the handshake of `ssl`, until that is freed; this may not move meanwhile.
  void watch(SSL& ssl) noexcept;

  /// When the handshake of `ssl` has ended: the layer that goes on in its place, from the next
  /// record on; nullopt when OpenSSL is to go on itself: because it is not TLS 1.3, or because the
  /// client has asked for short records (RFC 6066 section 4), as few do.
  std::optional<RecordLayer> complete(const SSL& ssl, CipherCache& cache) const;

 private:
  struct Secret {
    std::array<std::byte, 48> bytes;
    std::size_t size = 0;

    void take(std::string_view hexadecimal) noexcept;
  };

  static void on_key(const SSL* ssl, const char* line) noexcept;
  static void on_message(int sent, int version, int type, const void* content, std::size_t size,
                         SSL* ssl, void* handover) noexcept;

  Secret client_;
  Secret server_;
  // Those that the server has written with its last key: session tickets.
  std::uint64_t records_sent_ = 0;
};

}  // namespace duplex::tls
