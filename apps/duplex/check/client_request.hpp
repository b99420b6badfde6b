#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_head.hpp"
#include "wire.hpp"

namespace duplex::app::check {

/// What a client that is checked asks for.
struct ClientRequest {
  enum class Wish : std::uint8_t {
    no_websocket,  ///< Not a WebSocket at all.
    count,         ///< `/getCaseCount`
    numbered,      ///< `/runCase?case=N`
    status,        ///< `/getCaseStatus?case=N`
    info,          ///< `/getCaseInfo?case=N`
    reports,       ///< `/updateReports`
    next,          ///< Any other path.
  };

  Wish wish = Wish::next;
  /// From 1 on; 0 when there is none.
  std::size_t number = 0;
  /// From the query; empty when there is none.
  std::string agent = {};
};

ClientRequest parse_client_request(const HttpHead& head);

/// The head of a client's request; nullopt when it doesn't come. Throws std::invalid_argument for
/// what is not HTTP, and Stopped.
std::optional<HttpHead> receive_request(Wire& wire, Wire::Time deadline);

/// Answers with a status, such as `404 Not Found`, and a text.
void refuse(Wire& wire, std::string_view status, std::string_view text, Wire::Time deadline);

}  // namespace duplex::app::check
