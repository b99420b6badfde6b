#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tls/context.hpp"
#include "tls/ticket_keys.hpp"
#include <duplex/tls/server_options.hpp>

namespace duplex::tls {

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
