#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <duplex/client/options.hpp>
#include <duplex/server/server.hpp>

namespace duplex::client {

/// A server that runs beside a test, and stops with it.
class Running {
 public:
  explicit Running(const std::function<void(server::Server&)>& set_up) : server_({.threads = 2}) {
    set_up(server_);
    port_ = server_.listen({.port = 0});
    server_.start();
  }
  ~Running() {
    server_.stop({.deadline = std::chrono::milliseconds(0)});
    server_.wait();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::string url(std::string_view path, std::string_view scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  std::string ws(std::string_view path) const { return url(path, "ws"); }

 private:
  server::Server server_;
  std::uint16_t port_ = 0;
};

/// What tests ask for, without proxies that the environment may name.
inline ClientOptions plain_options() {
  ClientOptions options;
  options.proxy.from_environment = false;
  return options;
}

}  // namespace duplex::client
