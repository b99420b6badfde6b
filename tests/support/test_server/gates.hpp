#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <duplex/duplex.hpp>

namespace test_server {

/// Named gates that tests open: what waits at one needs no sleep to be slow.
class Gates {
 public:
  duplex::Task<> pass(std::string name) {
    duplex::Completion<bool> opened;
    {
      const std::scoped_lock lock(mutex_);
      Gate& gate = gates_[std::move(name)];
      if (gate.open) co_return;
      gate.waiting.push_back(opened.resolver());
    }
    co_await opened;
  }
  void open(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    Gate& gate = gates_[name];
    gate.open = true;
    for (const auto& waiter : gate.waiting) waiter.resolve(true);
    gate.waiting.clear();
  }
  std::size_t waiting(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return gates_[name].waiting.size();
  }

 private:
  struct Gate {
    bool open = false;
    std::vector<duplex::Completion<bool>::Resolver> waiting;
  };
  std::mutex mutex_;
  std::map<std::string, Gate> gates_;
};

/// Those of this server.
inline Gates gates;

}  // namespace test_server
