#include "tls/cipher_cache.hpp"

#include <new>

namespace duplex::tls {

EVP_CIPHER_CTX& CipherCache::find(const Key& key) {
  // Keys get their numbers in turn, so that those of connections that came together don't meet.
  Slot& slot = slots_[key.id % slot_count];
  if (slot.id == key.id) return *slot.context;
  slot.id = 0;
  if (!slot.context) slot.context.reset(EVP_CIPHER_CTX_new());
  if (!slot.context || EVP_CipherInit_ex2(slot.context.get(), facts_of(key.suite).cipher,
                                          reinterpret_cast<const unsigned char*>(key.bytes.data()),
                                          nullptr, key.sealing ? 1 : 0, nullptr) != 1) {
    throw std::bad_alloc();
  }
  slot.id = key.id;
  return *slot.context;
}

void CipherCache::forget(std::uint64_t id) noexcept {
  Slot& slot = slots_[id % slot_count];
  if (slot.id != id || !slot.context) return;
  slot.id = 0;
  EVP_CIPHER_CTX_reset(slot.context.get());
}

}  // namespace duplex::tls
