#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

namespace {

/// `bytes` in base64, with padding (RFC 4648 section 4).
template <std::size_t Size>
std::array<char, (Size + 2) / 3 * 4> base64(std::span<const unsigned char, Size> bytes) noexcept {
  std::array<char, (Size + 2) / 3 * 4> result{};
  // EVP_EncodeBlock adds a zero.
  std::array<unsigned char, result.size() + 1> encoded{};
  EVP_EncodeBlock(encoded.data(), bytes.data(), static_cast<int>(Size));
  std::copy_n(encoded.begin(), result.size(), result.begin());
  return result;
}

}  // namespace

HandshakeKey handshake_key(std::span<const std::byte, 16> nonce) noexcept {
  return base64(std::span<const unsigned char, 16>(
      reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size()));
}

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

  return base64(std::span<const unsigned char, 20>(digest));
}

}  // namespace duplex::websocket
