#pragma once

#include <cstdint>
#include <iostream>
#include <string>

#include <duplex/duplex.hpp>

/// What the examples' `main` ends with: listens on the port that the first argument names (8080
/// without one, any free port for 0), prints the URL, and serves until Ctrl+C or SIGTERM.
inline int serve(duplex::Server& server, int argc, char** argv) {
  server.stop_on_signals();
  const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
  std::cout << "http://127.0.0.1:" << server.listen({.port = static_cast<std::uint16_t>(port)})
            << std::endl;
  server.run();
  return 0;
}
