#include "wire.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

void set(int descriptor, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(descriptor, level, option, &on, sizeof on);
}

/// What to do about an error of TLS, where it is known; else empty.
std::string_view advice_on(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "";
  switch (ERR_GET_REASON(error)) {
    // OpenSSL takes whatever a server in clear answers for a strange version of TLS.
    case SSL_R_WRONG_VERSION_NUMBER:
      return ": it does not speak TLS there; write ws:// or http://, perhaps";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return ": --cert shows one";
    default: return "";
  }
}

Fault tls_fault() {
  const std::string_view advice = advice_on(ERR_peek_error());
  return {"TLS", tls_reason().append(advice)};
}

bool is_unknown_authority(long verified) {
  return verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         verified == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

int bounded(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes, 1U << 30));
}

}  // namespace

Fault fault_of(int error) {
  std::string text = std::generic_category().message(error);
  switch (error) {
    case ECONNREFUSED: return {"refused", std::move(text)};
    case ECONNRESET:
    case EPIPE: return {"reset", std::move(text)};
    case ETIMEDOUT: return {"timeout", std::move(text)};
    // Of a Unix socket: with TCP the system tries for a while.
    case EAGAIN: return {"queue full", "the server does not accept connections fast enough"};
    case EADDRNOTAVAIL: return {std::string(error_kind::no_port_left), std::move(text)};
    case EMFILE:
    case ENFILE: return {std::string(error_kind::no_descriptor_left), std::move(text)};
    default: return {"connection", std::move(text)};
  }
}

Wire::Wire(Wire&& other) noexcept
    : ssl_(std::exchange(other.ssl_, nullptr)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      error_(other.error_) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(ssl_, other.ssl_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(error_, other.error_);
  return *this;
}

Wire::Outcome Wire::connect(const HostAddress& to, const HostAddress& from) noexcept {
  close();
  descriptor_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return broken(errno);
  set(descriptor_, IPPROTO_TCP, TCP_NODELAY);
  if (from.size > 0) {
    // The port is chosen when the target is known too, of those that are free for it.
    set(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    if (::bind(descriptor_, from.get(), from.size) != 0) return broken(errno);
  }
  if (::connect(descriptor_, to.get(), to.size) != 0 && errno != EINPROGRESS) return broken(errno);
  return Outcome::done;
}

Wire::Outcome Wire::finish_connecting() noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? Outcome::done : broken(error);
}

Wire::Outcome Wire::shake_hands() noexcept {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? Outcome::done : tls_outcome(result);
}

bool Wire::resumed() const noexcept {
  return ssl_ != nullptr && SSL_session_reused(ssl_) == 1;
}

Wire::Moved Wire::receive(std::span<char> room) noexcept {
  if (ssl_ != nullptr) {
    const int count = SSL_read(ssl_, room.data(), bounded(room.size()));
    if (count > 0) return {Outcome::done, static_cast<std::size_t>(count)};
    return {tls_outcome(count)};
  }
  const ssize_t count = ::recv(descriptor_, room.data(), room.size(), 0);
  if (count > 0) return {Outcome::done, static_cast<std::size_t>(count)};
  if (count == 0) return {Outcome::ended};
  return {errno == EAGAIN || errno == EINTR ? Outcome::blocked : broken(errno)};
}

Wire::Moved Wire::send(std::string_view bytes) noexcept {
  if (ssl_ != nullptr) {
    const int count = SSL_write(ssl_, bytes.data(), bounded(bytes.size()));
    if (count > 0) return {Outcome::done, static_cast<std::size_t>(count)};
    return {tls_outcome(count)};
  }
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return {Outcome::done, static_cast<std::size_t>(count)};
  return {errno == EAGAIN || errno == EINTR ? Outcome::blocked : broken(errno)};
}

bool Wire::holds_more() const noexcept {
  return ssl_ != nullptr && SSL_has_pending(ssl_) == 1;
}

void Wire::abort() noexcept {
  if (descriptor_ >= 0) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close();
}

void Wire::close() noexcept {
  if (ssl_ != nullptr) {
    // Without a goodbye, which nobody would read, OpenSSL would not resume the session.
    SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(std::exchange(ssl_, nullptr));
  }
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Fault Wire::fault() const {
  if (error_ != 0) return fault_of(error_);
  const long verified = ssl_ == nullptr ? X509_V_OK : SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK && SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE) {
    ERR_clear_error();
    return {"TLS",
            fmt::format("the certificate is refused: {}{}", X509_verify_cert_error_string(verified),
                        is_unknown_authority(verified)
                            ? ": none that is trusted has issued it; --cacert names a file "
                              "of others"
                            : "")};
  }
  return tls_fault();
}

Wire::Outcome Wire::broken(int error) noexcept {
  error_ = error;
  return Outcome::broken;
}

Wire::Outcome Wire::tls_outcome(int result) noexcept {
  const int system_error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Outcome::blocked;
    case SSL_ERROR_ZERO_RETURN: return Outcome::ended;
    case SSL_ERROR_SYSCALL: return broken(system_error == 0 ? ECONNRESET : system_error);
    default:
      // The end of TCP without a goodbye of TLS. WebSocket and HTTP have their own.
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return Outcome::ended;
      }
      return broken(0);
  }
}

}  // namespace duplex::app::bench
