#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <new>

namespace duplex::tls {

/// Objects of type T that hang on an SSL_CTX, and live as long as it: as long as any connection
/// that began with it, and so longer than the `Context` that made it.
template <class T>
class Attachment {
 public:
  /// In place of what was attached before. Throws std::bad_alloc.
  static T& attach(SSL_CTX& context, std::unique_ptr<T> object) {
    T* const before = of(context);
    if (SSL_CTX_set_ex_data(&context, index(), object.get()) != 1) throw std::bad_alloc();
    delete before;  // no longer the context's
    return *object.release();
  }

  /// What was attached; nullptr when nothing was.
  static T* of(const SSL_CTX& context) noexcept {
    return static_cast<T*>(SSL_CTX_get_ex_data(&context, index()));
  }

 private:
  static int index() {
    static const int number = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_object);
    return number;
  }
  static void free_object(void* /*parent*/, void* object, CRYPTO_EX_DATA* /*all*/, int /*index*/,
                          long /*argument*/, void* /*pointer*/) noexcept {
    delete static_cast<T*>(object);
  }
};

}  // namespace duplex::tls
