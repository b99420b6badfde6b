#include "tls/public_key_pin.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <string_view>

#include "tls/unusable.hpp"
#include <duplex/base/base64.hpp>

namespace duplex::tls {
namespace {

constexpr std::string_view prefix = "sha256//";

// Of 32 bytes in Base64, and its padding.
constexpr std::size_t base64_characters = 44;

struct FreedByOpenssl {
  void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
};

}  // namespace

PublicKeyPin PublicKeyPin::of(const X509& certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &encoded);
  const auto owned = made(std::unique_ptr<unsigned char, FreedByOpenssl>(encoded));
  PublicKeyPin pin;
  if (EVP_Digest(encoded, static_cast<std::size_t>(size),
                 reinterpret_cast<unsigned char*>(pin.digest_.data()), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    throw std::bad_alloc();
  }
  return pin;
}

PublicKeyPin PublicKeyPin::read(const std::string& text) {
  PublicKeyPin pin;
  std::array<unsigned char, 33> decoded{};
  if (text.starts_with(prefix) && text.size() == prefix.size() + base64_characters) {
    const std::string value = text.substr(prefix.size());
    const int size =
        EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(value.data()),
                        static_cast<int>(value.size()));
    if (size == static_cast<int>(decoded.size())) {
      std::ranges::copy_n(reinterpret_cast<const std::byte*>(decoded.data()), 32,
                          pin.digest_.begin());
      // OpenSSL passes over blanks at the ends, padding of a wrong length, bits that count nothing.
      if (pin.text() == text) return pin;
    }
  }
  throw Unusable("the pinned key \"" + text +
                 "\" can't be read: write sha256// and 44 characters of Base64, the SHA-256 of the "
                 "server's public key (SubjectPublicKeyInfo)");
}

std::string PublicKeyPin::text() const {
  return std::string(prefix) + encode_base64(digest_);
}

}  // namespace duplex::tls
