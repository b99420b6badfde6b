#pragma once

#include <semaphore.h>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>

#include <duplex/duplex.hpp>

namespace detail {
inline sem_t stop_wanted;
}

/// What the examples' `main` ends with: listens on the port that the first argument names (8080
/// without one, any free port for 0), prints the URL, and serves until Ctrl+C or SIGTERM.
inline int serve(duplex::Server& server, int argc, char** argv) {
  // A signal handler may do next to nothing; posting a semaphore is among the little it may.
  sem_init(&detail::stop_wanted, 0, 0);
  for (int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, [](int) { sem_post(&detail::stop_wanted); });
  }
  const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
  std::cout << "http://127.0.0.1:" << server.listen({.port = static_cast<std::uint16_t>(port)})
            << std::endl;
  server.start();
  while (sem_wait(&detail::stop_wanted) != 0) {
  }
  server.stop();
  server.wait();
  return 0;
}
