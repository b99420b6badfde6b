// A server for the integration tests: every limit is an argument, and every endpoint is there to
// be tested. Uses the public interface only. `test_server --threads 2 --head-ms 300 ...`

#include <semaphore.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>

#include "knobs.hpp"
#include "options.hpp"
#include "routes.hpp"
#include <duplex/duplex.hpp>

namespace {

sem_t signalled;
/// Signal handlers run in whichever thread.
std::atomic<bool> stop_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

int main(int argc, char** argv) {
  const test_server::Knobs knobs(argc, argv);
  duplex::Server server(test_server::server_options(knobs));
  test_server::add_http_routes(server, knobs);
  test_server::add_websocket_routes(server, knobs);
  sem_init(&signalled, 0, 0);
  for (int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, [](int) {
      stop_wanted = true;
      sem_post(&signalled);
    });
  }
  std::signal(SIGHUP, [](int) { sem_post(&signalled); });
  duplex::ListenOptions clear;
  std::uint16_t tls_port = 0;
  if (knobs.has("tls-cert")) {
    duplex::ListenOptions encrypted{.tls = test_server::tls_options(knobs)};
    if (knobs.has("hsts")) {
      encrypted.strict_transport =
          duplex::StrictTransport{.max_age = std::chrono::seconds(std::stoul(knobs.text("hsts")))};
    }
    tls_port = server.listen(encrypted);
    if (knobs.has("redirect")) clear.redirect_to_https = tls_port;
  }
  std::cout << "http://127.0.0.1:" << server.listen(clear) << std::endl;
  if (tls_port != 0) std::cout << "https://127.0.0.1:" << tls_port << std::endl;
  if (knobs.has("unix")) server.listen({.unix_path = knobs.text("unix")});

  server.start();
  while (!stop_wanted) {
    // What goes wrong is in the log.
    if (sem_wait(&signalled) == 0 && !stop_wanted) (void)server.reload_certificates();
  }
  std::uint32_t deadline_ms = 10'000;
  knobs.set("deadline-ms", deadline_ms);
  server.stop({.deadline = std::chrono::milliseconds(deadline_ms)});
  server.wait();
  return 0;
}
