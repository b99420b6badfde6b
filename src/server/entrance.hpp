#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tls/reloadable_context.hpp"
#include <duplex/http/fields.hpp>
#include <duplex/server/options.hpp>

namespace duplex::server {

/// What connections must know of the listener by which they come in. Outlives them, and unchanged
/// once it is made.
struct Entrance {
  /// What encrypts; nullptr in clear.
  std::shared_ptr<const tls::ReloadableContext> tls = {};
  /// The value of `Strict-Transport-Security`; empty for none.
  std::string strict_transport_value = {};
  /// The port of https that requests are sent to instead of being answered.
  std::optional<std::uint16_t> redirect_to_https = {};

  bool encrypted() const noexcept { return tls != nullptr; }
  /// The field that goes with every response; without a name when there is none.
  http::FieldView strict_transport() const noexcept {
    if (strict_transport_value.empty()) return {};
    return {"Strict-Transport-Security", strict_transport_value};
  }
};

/// Throws std::invalid_argument for options that contradict each other, in words that say what to
/// change.
void check_encryption(const ListenOptions& options);

/// The value of the field (RFC 6797 section 6.1); empty when it is not to be sent.
std::string format_strict_transport(const std::optional<StrictTransport>& options);

}  // namespace duplex::server
