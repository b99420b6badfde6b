#include "health.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "version.hpp"

namespace duplex::app {

void add_health(server::Server& server) {
  using Clock = std::chrono::steady_clock;
  server.get("/_duplex/health", [&server, start = Clock::now()](const server::Request&) {
    const server::Statistics statistics = server.statistics();
    const auto uptime = std::chrono::floor<std::chrono::seconds>(Clock::now() - start);
    const nlohmann::ordered_json health = {
        {"status", "ok"},
        {"version", version()},
        {"uptime_s", uptime.count()},
        {"connections", statistics.connections_open},
        {"websockets", statistics.websockets_open},
        {"connections_accepted", statistics.connections_accepted},
        {"connections_refused", statistics.connections_refused},
        {"requests", statistics.requests},
        {"messages_received", statistics.messages_received},
        {"messages_dropped", statistics.messages_dropped},
        {"slow_consumers_closed", statistics.slow_consumers_closed},
        {"publications_waiting", statistics.publications_waiting},
        {"tls_handshakes", statistics.tls_handshakes},
        {"tls_resumptions", statistics.tls_resumptions},
        {"tls_failures", statistics.tls_failures},
    };
    return server::Response::json(health.dump() + '\n').set_field("Cache-Control", "no-store");
  });
}

}  // namespace duplex::app
