#include "works.hpp"

#include <cstddef>

#include "echo.hpp"

namespace duplex::app::bench {
namespace {

/// Of so many things, how many are this thread's.
std::size_t share(std::size_t count, std::size_t threads, std::size_t number) {
  return count / threads + (number < count % threads ? 1 : 0);
}

}  // namespace

std::vector<std::unique_ptr<Work>> share_out(
    const std::vector<std::unique_ptr<LoadThread>>& threads) {
  std::vector<std::unique_ptr<Work>> works;
  for (const auto& thread : threads) {
    const BenchOptions& options = thread->setup().options;
    thread->add_connections(share(options.connections, threads.size(), thread->number()));
    works.push_back(std::make_unique<Echo>(*thread));
  }
  return works;
}

}  // namespace duplex::app::bench
