// https and wss, and the way to them from http: `secure PORT CERTIFICATE KEY`. Without files it
// makes a certificate for itself, which browsers warn of. Files that change are taken into use
// within seconds; SIGHUP has them read at once. Nothing but `listen` differs from a server in
// clear.

#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>

#include <duplex/duplex.hpp>
#include <duplex/tls/authority.hpp>

namespace {

duplex::tls::ServerOptions encryption(int argc, char** argv) {
  if (argc > 3) return {.certificate = argv[2], .key = argv[3]};
  auto own = duplex::tls::make_self_signed({.names = {"localhost", "127.0.0.1"}});
  return {.certificate = own.certificate, .key = own.key};
}

duplex::Response tell(const duplex::Request& request) {
  const auto session = request.tls();  // never null here: who comes in clear is sent away
  return duplex::Response::text("You came by " + std::string(session->protocol) + " with " +
                                std::string(session->cipher) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.stop_on_signals();
  server.on_signal(SIGHUP, [&server] {
    const auto reloaded = server.reload_certificates();
    std::cout << (reloaded ? "new certificates are in use" : reloaded.error()) << "\n";
  });
  server.get("/", tell);
  server.websocket("/echo", {.on_message = [](duplex::WebSocket& socket, duplex::Message message) {
                     socket.send(message);
                   }});
  const int wanted = argc > 1 ? std::stoi(argv[1]) : 8443;
  const std::uint16_t port = server.listen({
      .port = static_cast<std::uint16_t>(wanted),
      .tls = encryption(argc, argv),
      // Begin with minutes; when all works, say months.
      .strict_transport = duplex::StrictTransport{.max_age = std::chrono::minutes(5)},
  });
  const std::uint16_t in_clear = server.listen({.redirect_to_https = port});
  std::cout << std::unitbuf << "https://localhost:" << port << "\nhttp://localhost:" << in_clear
            << "\n";
  server.run();
}
