#include "tls/ticket_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

namespace duplex::tls {
namespace {

bool fill_at_random(std::span<std::byte> bytes) {
  return RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                         static_cast<int>(bytes.size())) == 1;
}

}  // namespace

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher_key.data(), cipher_key.size());
  OPENSSL_cleanse(mac_key.data(), mac_key.size());
}

std::optional<TicketKeys::Key> TicketKeys::sealing(Time now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  if (keys_.empty() || now - keys_.back().made >= period) {
    Entry entry{.key = {}, .made = now};
    if (!fill_at_random(entry.key.name) || !fill_at_random(entry.key.cipher_key) ||
        !fill_at_random(entry.key.mac_key)) {
      return std::nullopt;
    }
    keys_.push_back(entry);
  }
  return keys_.back().key;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const std::byte, 16> name, Time now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  const auto found = std::ranges::find_if(
      keys_, [&](const Entry& entry) { return std::ranges::equal(entry.key.name, name); });
  if (found == keys_.end()) return std::nullopt;
  return Found{.key = found->key, .renew = now - found->made >= period};
}

void TicketKeys::forget_old(Time now) {
  std::erase_if(keys_, [now](const Entry& entry) { return now - entry.made >= 2 * period; });
}

}  // namespace duplex::tls
