#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "tls/client_target.hpp"
#include "tls/failure.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::tls {

struct ClientPolicy;

/// What the client's end of a connection has besides OpenSSL's object: whom it wants to reach, what
/// is wrong with who answers, and the sessions that it may resume. May not move, and lives as long
/// as the object.
class ClientSide {
 public:
  explicit ClientSide(const ClientTarget& target);
  ClientSide(const ClientSide&) = delete;
  ClientSide& operator=(const ClientSide&) = delete;

  /// Makes the connections of `context`, which has a `ClientPolicy`, look here.
  static void prepare(SSL_CTX& context) noexcept;

  /// Tells `ssl`, which has said nothing yet, whom to reach and which session to resume. Throws
  /// std::bad_alloc.
  std::expected<void, Failure> begin(SSL& ssl);

  bool begun() const noexcept { return begun_; }

  /// Looks at what the server says first, which may be no TLS.
  void note_first_bytes(ConstBytes ciphertext) noexcept;
  bool has_heard_http() const noexcept;

  /// What is wrong with the server's certificate; nullopt when nothing is.
  const std::optional<Failure>& refusal() const noexcept { return refusal_; }
  /// The name that the server was told (SNI); empty when it is an address.
  const std::string& server_name() const noexcept { return server_name_; }

  /// The connection has failed: nothing of it is resumed.
  void forget_sessions(SSL& ssl) noexcept;

 private:
  static int on_certificate(X509_STORE_CTX* verification, void* argument) noexcept;
  static int on_session(SSL* ssl, SSL_SESSION* session) noexcept;

  bool accept_certificate(X509_STORE_CTX& verification, const ClientPolicy& policy);
  void keep_session(SSL& ssl, const SSL_SESSION& session, ClientPolicy& policy) const;
  bool set_host(SSL& ssl);

  std::string host_;
  std::string server_name_;
  std::string session_key_;
  std::optional<std::chrono::sys_seconds> resumed_end_;  // of the session that was offered
  std::optional<Failure> refusal_;
  std::size_t http_bytes_ = 0;  // how much of "HTTP/" has come, and nothing else
  bool looks_like_http_ = true;
  bool begun_ = false;
};

}  // namespace duplex::tls
