#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tls/ticket_keys.hpp"
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/server_options.hpp>

// OpenSSL's SSL_CTX; its headers stay in this folder's sources.
struct ssl_ctx_st;

namespace duplex::tls {

/// What new connections of a listener begin with: certificates, by name, and what is offered.
/// Unchanged once it is made; any thread.
class Context {
 public:
  /// Reads and checks all that `options` name. The error is a sentence that says which file is
  /// wrong, in what, and what to do.
  static std::expected<std::shared_ptr<const Context>, std::string> for_server(
      const ServerOptions& options, std::shared_ptr<TicketKeys> ticket_keys);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// The servers' own certificates, the default first.
  const std::vector<Certificate>& certificates() const noexcept;
  /// Sentences on what is no error, and yet is likely to trouble clients: a chain without the
  /// issuer's certificate, an end that is near.
  const std::vector<std::string>& warnings() const noexcept;

  /// For `Stream`: what a connection begins with; the name that the client asks for may choose
  /// another certificate.
  ssl_ctx_st* native() const noexcept;

 private:
  struct State;
  explicit Context(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// The context of the day of one listener, and how to get the next one. Any thread.
class ReloadableContext {
 public:
  /// The error is as `Context::for_server`'s.
  static std::expected<std::shared_ptr<ReloadableContext>, std::string> open(ServerOptions options);

  /// For a new connection.
  std::shared_ptr<const Context> current() const;

  /// Reads the files anew and checks them, and changes nothing: `use` does.
  std::expected<std::shared_ptr<const Context>, std::string> load() const;
  void use(std::shared_ptr<const Context> context);

  const ServerOptions& options() const noexcept { return options_; }
  /// The files that `options` name: what is to be watched. Without texts that are given in place of
  /// files.
  std::vector<std::string> files() const;

  explicit ReloadableContext(ServerOptions options) : options_(std::move(options)) {}

 private:
  ServerOptions options_;
  std::shared_ptr<TicketKeys> ticket_keys_ = std::make_shared<TicketKeys>();
  mutable std::mutex mutex_;
  std::shared_ptr<const Context> current_;
};

}  // namespace duplex::tls
