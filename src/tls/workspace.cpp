#include "tls/workspace.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tls/cipher_cache.hpp"

namespace duplex::tls {

/// The BIO, in OpenSSL's words a source and sink: what it reads is the input of the moment, what it
/// writes goes behind the output. It never blocks for writing. Nothing may be thrown through
/// OpenSSL, which would be left halfway.
struct Workspace::Bio {
  static int read(BIO* bio, char* data, int size) noexcept {
    auto& workspace = *static_cast<Workspace*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (workspace.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), workspace.input_.size());
    std::memcpy(data, workspace.input_.data(), count);
    workspace.input_ = workspace.input_.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* data, int size) noexcept {
    auto& workspace = *static_cast<Workspace*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    workspace.output_.append(std::string_view(data, static_cast<std::size_t>(size)));
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  /// Made once and never freed: streams of all threads use it.
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "duplex");
      if (method == nullptr) throw std::bad_alloc();
      BIO_meth_set_read(method, read);
      BIO_meth_set_write(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

Workspace::Workspace()
    : input_buffer_(std::make_unique_for_overwrite<std::byte[]>(input_bytes)),
      record_buffer_(std::make_unique_for_overwrite<std::byte[]>(record_content_bytes_max)),
      cipher_cache_(std::make_unique<CipherCache>()),
      bio_(BIO_new(Bio::method())) {
  if (bio_ == nullptr) throw std::bad_alloc();
  BIO_set_data(bio_, this);
  BIO_set_init(bio_, 1);
}

Workspace::~Workspace() {
  // Streams hold it too.
  BIO_free(bio_);
}

}  // namespace duplex::tls
