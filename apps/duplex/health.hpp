#pragma once

#include <duplex/server/server.hpp>

namespace duplex::app {

/// `GET /_duplex/health`: JSON for whoever watches over the program, with status, version,
/// uptime_s, and what the server counts. The server must outlive its own run, as it does.
void add_health(server::Server& server);

}  // namespace duplex::app
