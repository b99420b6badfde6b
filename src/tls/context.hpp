#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "tls/ticket_keys.hpp"
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/client_options.hpp>
#include <duplex/tls/server_options.hpp>

// OpenSSL's SSL_CTX; its headers stay in this folder's sources.
struct ssl_ctx_st;

namespace duplex::tls {

/// What new connections begin with. Those of a listener: certificates, by name, and what is
/// offered. Those of a client: whom to trust, what to show, and the sessions to resume.
/// Unchanged once it is made; any thread.
class Context {
 public:
  /// Reads and checks all that `options` name. The error is a sentence that says which file is
  /// wrong, in what, and what to do.
  static std::expected<std::shared_ptr<const Context>, std::string> for_server(
      const ServerOptions& options, std::shared_ptr<TicketKeys> ticket_keys);
  /// As `for_server`, for the clients' ends.
  static std::expected<std::shared_ptr<const Context>, std::string> for_client(
      const ClientOptions& options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// The own certificates: a server's, the default first; a client's, if it has one.
  const std::vector<Certificate>& certificates() const noexcept;
  /// Sentences on what is no error, and yet is likely to cause trouble: a chain without the
  /// issuer's certificate, an end that is near, servers that are not verified.
  const std::vector<std::string>& warnings() const noexcept;

  /// For `Stream`: what a connection begins with; for a server's, the name that the client asks for
  /// may choose another certificate.
  ssl_ctx_st* native() const noexcept;

 private:
  struct State;
  explicit Context(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace duplex::tls
