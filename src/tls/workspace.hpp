#pragma once

#include <memory>

#include "tls/record.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

// OpenSSL's BIO; its headers stay in this folder's sources.
struct bio_st;

namespace duplex::tls {

class CipherCache;

/// What all streams of one thread share, so that none of them has buffers of its own: the way by
/// which OpenSSL gets ciphertext and gives it, and the ciphers. Streams may outlive it, but only to
/// be destroyed.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// Where ciphertext is received, before it is opened; nobody's after that.
  Bytes input_buffer() noexcept { return {input_buffer_.get(), input_bytes}; }
  /// Ciphertext that the last calls of a stream have made; whoever called sends it, and clears.
  ByteQueue& output() noexcept { return output_; }
  CipherCache& cipher_cache() noexcept { return *cipher_cache_; }
  /// Room to put small pieces together, so that they go in one record.
  Bytes record_buffer() noexcept { return {record_buffer_.get(), record_content_bytes_max}; }

 private:
  friend class Stream;
  struct Bio;

  static constexpr std::size_t input_bytes = std::size_t{128} * 1024;

  ConstBytes input_;  // what is left of the ciphertext that a stream is opening
  ByteQueue output_;
  std::unique_ptr<std::byte[]> input_buffer_;
  std::unique_ptr<std::byte[]> record_buffer_;
  std::unique_ptr<CipherCache> cipher_cache_;
  bio_st* bio_;
};

}  // namespace duplex::tls
