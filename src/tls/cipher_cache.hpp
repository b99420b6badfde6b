#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tls/suite.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::tls {

/// OpenSSL's cipher contexts, each made ready for one key: the keys that a thread used last.
///
/// A context with its tables is over a kilobyte, a key 32 bytes; so a connection keeps only its
/// key. While it is busy its context is found here; when it was idle for long, one of another is
/// made ready for it, which costs about as much as protecting a record of a few hundred bytes.
class CipherCache {
 public:
  /// Names a key of one direction for `find`.
  struct Key {
    std::uint64_t id;  ///< from `new_id`
    Suite suite;
    bool sealing;
    ConstBytes bytes;
  };

  std::uint64_t new_id() noexcept { return ++last_id_; }

  /// A context that is ready for `key`, valid until the next call. Throws std::bad_alloc.
  EVP_CIPHER_CTX& find(const Key& key);
  /// Wipes what was made of the key `id`, if anything is left of it: it will not be used again.
  void forget(std::uint64_t id) noexcept;

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  };
  struct Slot {
    std::uint64_t id = 0;
    std::unique_ptr<EVP_CIPHER_CTX, Free> context;
  };

  // For both directions of some hundred connections that are busy at once.
  static constexpr std::size_t slot_count = 1024;

  std::array<Slot, slot_count> slots_;
  std::uint64_t last_id_ = 0;
};

}  // namespace duplex::tls
