#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "knobs.hpp"
#include <duplex/duplex.hpp>

/// All endpoints: each is there to be tested.
namespace test_server {

void add_http_routes(duplex::Server& server, const Knobs& knobs);
void add_websocket_routes(duplex::Server& server, const Knobs& knobs);

// What both kinds need.

/// A parameter of the query.
std::uint64_t number(const duplex::Request& request, std::string_view name,
                     std::uint64_t otherwise);
/// What a handler knows of how its connection is encrypted, and of who shows a certificate.
std::string describe(bool secure, const std::optional<duplex::tls::SessionInfo>& info);

}  // namespace test_server
