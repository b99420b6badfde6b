#include "tls/record_key.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <new>
#include <string_view>

namespace duplex::tls {

namespace {

// What is this small is copied to where it is encrypted, with its type behind it: that is cheaper
// than another call of the cipher.
constexpr std::size_t copied_bytes_max = 1024;

unsigned char* raw(std::byte* bytes) noexcept {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes);
}

/// What fails here fails for want of memory: the arguments are ours.
void require(bool done) {
  if (!done) throw std::bad_alloc();
}

/// Encrypts or decrypts `from`, which may be in the same place.
void run_cipher(EVP_CIPHER_CTX& context, ConstBytes from, std::byte* to) {
  int length = 0;
  require(EVP_CipherUpdate(&context, raw(to), &length, raw(from.data()),
                           static_cast<int>(from.size())) == 1);
}

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
void expand_label(Suite suite, ConstBytes secret, std::string_view label, Bytes output) {
  struct Free {
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
  };
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf));
  require(context != nullptr);
  // OSSL_PARAM is used for results too, and so takes no constants.
  const auto octets = [](const char* name, std::string_view value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
  };
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const std::array parameters = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                       const_cast<char*>(facts_of(suite).digest), 0),
      octets(OSSL_KDF_PARAM_KEY, as_text(secret)),
      octets(OSSL_KDF_PARAM_PREFIX, "tls13 "),
      octets(OSSL_KDF_PARAM_LABEL, label),
      OSSL_PARAM_construct_end(),
  };
  require(EVP_KDF_derive(context.get(), raw(output.data()), output.size(), parameters.data()) == 1);
}

}  // namespace

RecordKey::RecordKey(Suite suite, Direction direction, ConstBytes secret, CipherCache& cache)
    : cache_(&cache), suite_(suite), direction_(direction) {
  assert(secret.size() == facts_of(suite).secret_bytes);
  std::ranges::copy(secret, secret_.begin());
  derive();
}

RecordKey::~RecordKey() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

ConstBytes RecordKey::secret() const noexcept {
  return ConstBytes(secret_).first(facts_of(suite_).secret_bytes);
}

void RecordKey::derive() {
  expand_label(suite_, secret(), "key", Bytes(key_).first(facts_of(suite_).key_bytes));
  expand_label(suite_, secret(), "iv", iv_);
  id_ = cache_->new_id();
  sequence_ = 0;
}

void RecordKey::update() {
  std::array<std::byte, 48> next;
  const Bytes used = Bytes(next).first(facts_of(suite_).secret_bytes);
  expand_label(suite_, secret(), "traffic upd", used);
  std::ranges::copy(used, secret_.begin());
  OPENSSL_cleanse(next.data(), next.size());
  // Whoever learns the new key must not find the old one beside it.
  forget();
  derive();
}

/// The cipher, ready for the record that is next, whose header it authenticates. When it is opened,
/// `tag` is what it must come to.
EVP_CIPHER_CTX& RecordKey::begin_record(ConstBytes header, ConstBytes tag) {
  EVP_CIPHER_CTX& context = cache_->find({
      .id = id_,
      .suite = suite_,
      .sealing = direction_ == Direction::sealing,
      .bytes = ConstBytes(key_).first(facts_of(suite_).key_bytes),
  });
  // The nonce is the IV, with the record's number on its last eight bytes.
  std::array<std::byte, iv_bytes> nonce = iv_;
  std::uint64_t number = sequence_++;
  for (std::size_t i = iv_bytes; number > 0; number >>= 8) {
    nonce[--i] ^= static_cast<std::byte>(number);
  }
  // Everything in one call: each is looked up by names inside OpenSSL. It only reads the tag.
  const std::array parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
                                        const_cast<std::byte*>(tag.data()), tag.size()),
      OSSL_PARAM_construct_end(),
  };
  int length = 0;
  require(EVP_CipherInit_ex2(&context, nullptr, nullptr, raw(nonce.data()), -1,
                             tag.empty() ? nullptr : parameters.data()) == 1 &&
          EVP_CipherUpdate(&context, nullptr, &length, raw(header.data()),
                           static_cast<int>(header.size())) == 1);
  return context;
}

void RecordKey::seal(ContentType type, ConstBytes content, ByteQueue& output) {
  const std::size_t protected_bytes = content.size() + 1 + record_tag_bytes;
  const Bytes record = output.prepare(record_header_bytes + protected_bytes);
  record[0] = static_cast<std::byte>(ContentType::application_data);
  record[1] = std::byte{3};
  record[2] = std::byte{3};
  record[3] = static_cast<std::byte>(protected_bytes >> 8);
  record[4] = static_cast<std::byte>(protected_bytes);

  EVP_CIPHER_CTX& context = begin_record(record.first(record_header_bytes), {});
  std::byte* const body = record.data() + record_header_bytes;
  const auto inner_type = static_cast<std::byte>(type);
  if (content.size() <= copied_bytes_max) {
    std::ranges::copy(content, body);
    body[content.size()] = inner_type;
    run_cipher(context, ConstBytes(body, content.size() + 1), body);
  } else {
    run_cipher(context, content, body);
    run_cipher(context, ConstBytes(&inner_type, 1), body + content.size());
  }
  std::byte* const tag = body + content.size() + 1;
  int length = 0;
  require(EVP_CipherFinal_ex(&context, raw(tag), &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(&context, EVP_CTRL_AEAD_GET_TAG, record_tag_bytes, tag) == 1);
  output.commit(record.size());
}

std::optional<RecordKey::Opened> RecordKey::open(ConstBytes record, Bytes content) {
  const ConstBytes body = record.subspan(record_header_bytes);
  if (body.size() <= record_tag_bytes) return std::nullopt;
  const ConstBytes sealed = body.first(body.size() - record_tag_bytes);
  EVP_CIPHER_CTX& context =
      begin_record(record.first(record_header_bytes), body.subspan(sealed.size()));
  run_cipher(context, sealed, content.data());
  int length = 0;
  if (EVP_CipherFinal_ex(&context, raw(content.data()), &length) != 1) return std::nullopt;
  // Behind the content come its type, which is not zero, and padding, which is.
  std::size_t end = sealed.size();
  while (end > 0 && content[end - 1] == std::byte{0}) --end;
  if (end == 0) return Opened{.content_bytes = 0, .type = 0};
  return Opened{.content_bytes = end - 1, .type = std::to_integer<std::uint8_t>(content[end - 1])};
}

}  // namespace duplex::tls
