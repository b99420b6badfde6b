#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "address.hpp"
#include "tls_context.hpp"

namespace duplex::app::bench {

/// What went wrong on a connection, in the words under which it is counted.
struct Fault {
  /// `refused`, `reset`, `timeout`, `TLS` and the like.
  std::string kind;
  /// A sentence about this one.
  std::string text;
};

/// The fault that the system's error number stands for.
Fault fault_of(int error);

/// A socket that does not block, in clear or encrypted. Calls OpenSSL itself and directly on the
/// socket: a load generator's own cost is measured along with the server's.
class Wire {
 public:
  enum class Outcome : std::uint8_t {
    done,
    blocked,  ///< try again when the socket is ready
    ended,    ///< the peer sends no more
    broken,   ///< `fault` says why
  };
  struct Moved {
    Outcome outcome;
    std::size_t bytes = 0;
  };

  Wire() = default;
  ~Wire() { close(); }
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;

  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  int descriptor() const noexcept { return descriptor_; }

  /// Begins to connect. `from` of size 0: from wherever the system likes. done: it will be writable
  /// when connected.
  Outcome connect(const HostAddress& to, const HostAddress& from) noexcept;
  /// When the socket is ready after `connect`.
  Outcome finish_connecting() noexcept;
  /// From here on, encrypted. Throws std::runtime_error.
  void encrypt(const TlsContext& context) { ssl_ = context.begin(descriptor_); }
  bool encrypted() const noexcept { return ssl_ != nullptr; }
  /// To be called again after `blocked`.
  Outcome shake_hands() noexcept;
  /// Whether the handshake went on with an earlier connection's session.
  bool resumed() const noexcept;

  /// One system call, in clear; one record, encrypted.
  Moved receive(std::span<char> room) noexcept;
  Moved send(std::string_view bytes) noexcept;
  /// Whether something came that `receive` gives without the socket's being ready again.
  bool holds_more() const noexcept;

  /// Closes at once, so that the port is free again: the peer gets a reset if it has not ended the
  /// connection itself.
  void abort() noexcept;
  void close() noexcept;

  /// Of the last call that was `broken`.
  Fault fault() const;

 private:
  Outcome broken(int error) noexcept;
  Outcome tls_outcome(int result) noexcept;

  ssl_st* ssl_ = nullptr;
  int descriptor_ = -1;
  /// The system's; 0 when it was TLS that failed.
  int error_ = 0;
};

}  // namespace duplex::app::bench
