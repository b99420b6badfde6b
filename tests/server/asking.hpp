#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/server/tcp_client.hpp"
#include <duplex/duplex.hpp>

namespace duplex::server {

/// A server of one thread, which is started by the first request.
class Asking : public testing::Test {
 public:
  ~Asking() override {
    server.stop({.deadline = std::chrono::milliseconds(0)});
    server.wait();
  }

  /// The answer to one request, as it came.
  std::string ask(std::string_view method, std::string_view target, std::string_view lines = "") {
    if (port == 0) {
      port = server.listen({.port = 0});
      server.start();
    }
    TcpClient client(port);
    client.send(std::string(method) + " " + std::string(target) +
                " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + std::string(lines) + "\r\n");
    client.receive_all();
    return client.text;
  }

  Server server{{.threads = 1}};
  std::uint16_t port = 0;
};

}  // namespace duplex::server
