#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <cstdint>

#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

std::array<char, 28> accept_key(std::string_view key) noexcept {
  // RFC 6455 section 1.3: the text that only those who know the protocol put behind the key.
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  constexpr std::size_t key_characters = 24;
  assert(key.size() == key_characters);

  std::array<char, key_characters + guid.size()> text{};
  std::ranges::copy(guid, std::ranges::copy(key.substr(0, key_characters), text.begin()).out);

  std::array<unsigned char, 20> digest{};
  [[maybe_unused]] const int ok =
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  assert(ok == 1);

  // 20 bytes are 28 characters, and EVP_EncodeBlock adds a zero.
  std::array<unsigned char, 29> encoded{};
  EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  std::array<char, 28> result{};
  std::copy_n(encoded.begin(), result.size(), result.begin());
  return result;
}

}  // namespace duplex::websocket
