#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>

#include "tls/failure.hpp"
#include "tls/workspace.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/tls/session_info.hpp>

// OpenSSL's SSL; its headers stay in this folder's sources.
struct ssl_st;

namespace duplex::tls {

class Context;

/// One encrypted connection: ciphertext in, plaintext out, and back. Touches no socket and knows no
/// time. What it has to send is put into the workspace's output, by any call; the caller sends it.
///
/// One thread, its workspace's.
class Stream {
 public:
  /// The server's end of a new connection. Throws std::bad_alloc.
  Stream(const Context& context, Workspace& workspace);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// What `open` found.
  struct Opened {
    std::size_t plaintext_bytes = 0;
    /// The peer has said that nothing more will come (close_notify).
    bool ended = false;
  };

  /// Takes all of `ciphertext` and writes what it holds to `plaintext`, which has room for as much
  /// and `opened_extra` more. What is incomplete is kept inside. After a failure the stream can
  /// only be destroyed; the alert that tells the peer is in the output, and `failure` says more.
  std::expected<Opened, Failure> open(ConstBytes ciphertext, Bytes plaintext);
  /// A record of which the most part came before.
  static constexpr std::size_t opened_extra = std::size_t{17} * 1024;

  /// Encrypts all of `plaintext`, in records as large as it allows. Only when `established`.
  std::expected<void, Failure> seal(ConstBytes plaintext);

  /// Says that nothing more will be sent (close_notify), once, if the handshake got so far.
  void end();

  /// Whether the handshake has ended well.
  bool established() const noexcept { return established_; }
  /// What was agreed on; nullopt before that.
  std::optional<SessionInfo> info() const;

 private:
  struct Peer;

  Failure fail();
  void note_established();

  Workspace& workspace_;
  ssl_st* ssl_;
  std::unique_ptr<const Peer> peer_;  // the certificate that the peer has shown
  bool established_ = false;
  bool first_byte_seen_ = false;
  bool failed_ = false;
};

}  // namespace duplex::tls
