#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>

#include "tls/failure.hpp"
#include "tls/opened.hpp"
#include "tls/workspace.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/tls/session_info.hpp>

// OpenSSL's SSL; its headers stay in this folder's sources.
struct ssl_st;

namespace duplex::tls {

struct ClientTarget;
class ClientSide;
class Context;
class Handover;
class RecordLayer;

/// One encrypted connection: ciphertext in, plaintext out, and back. Touches no socket and knows no
/// time. OpenSSL shakes hands; with TLS 1.3 a server then has a `RecordLayer` in its place, which
/// needs a small part of its memory. What it has to send is put into the workspace's output, by any
/// call; the caller sends it.
///
/// One thread, its workspace's.
class Stream {
 public:
  /// The server's end of a new connection. Throws std::bad_alloc.
  Stream(const Context& context, Workspace& workspace);
  /// The client's end of one; `context` is a client's. Throws std::bad_alloc.
  Stream(const Context& context, Workspace& workspace, const ClientTarget& target);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Says what there is to say at the beginning: a client, that it wants to shake hands; a server,
  /// nothing. Once, before all else. After a failure the stream can only be destroyed.
  std::expected<void, Failure> begin();

  /// Takes all of `ciphertext` and writes what it holds to `plaintext`, which has room for as much
  /// and `opened_extra` more. What is incomplete is kept inside. After a failure the stream can
  /// only be destroyed; the alert that tells the peer is in the output, and `failure` says more.
  std::expected<Opened, Failure> open(ConstBytes ciphertext, Bytes plaintext);
  /// A record of which the most part came before.
  static constexpr std::size_t opened_extra = std::size_t{17} * 1024;

  /// Encrypts all of `plaintext`, in records as large as it allows. Fails unless `established`, and
  /// after a failure: nothing goes in clear.
  std::expected<void, Failure> seal(ConstBytes plaintext);

  /// Says that nothing more will be sent (close_notify), once, if the handshake got so far.
  void end();

  /// Forgets all keys, and gives back nearly all memory: nothing can be opened or sealed any more.
  /// What `info` tells stays.
  void close() noexcept;

  /// Whether the handshake has ended well.
  bool established() const noexcept { return established_; }
  /// What was agreed on; nullopt before that.
  std::optional<SessionInfo> info() const;

 private:
  struct Agreement;
  struct Free {
    void operator()(ssl_st* ssl) const noexcept;
  };
  using OwnedSsl = std::unique_ptr<ssl_st, Free>;

  static OwnedSsl new_ssl(const Context& context, Workspace& workspace);
  std::expected<void, Failure> shake_hands();
  std::expected<Opened, Failure> read(Bytes plaintext);
  Failure fail();
  void note_established();
  void hand_over();

  Workspace& workspace_;
  std::unique_ptr<Handover> handover_;  // a server's, while hands are shaken
  std::unique_ptr<ClientSide> client_;  // a client's
  OwnedSsl ssl_;                        // until the record layer takes over
  std::unique_ptr<RecordLayer> records_;
  std::unique_ptr<const Agreement> agreement_;
  bool established_ = false;
  bool first_byte_seen_ = false;
  bool failed_ = false;
  bool ended_ = false;
};

}  // namespace duplex::tls
