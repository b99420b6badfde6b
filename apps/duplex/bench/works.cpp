#include "works.hpp"

#include <cstddef>
#include <utility>

#include "connect_load.hpp"
#include "echo_load.hpp"
#include "fanout_load.hpp"
#include "idle_load.hpp"
#include "request_load.hpp"

namespace duplex::app::bench {
namespace {

/// Of so many things, how many are this thread's.
std::size_t share(std::size_t count, std::size_t threads, std::size_t number) {
  return count / threads + (number < count % threads ? 1 : 0);
}

std::unique_ptr<Work> work_for(LoadThread& thread, std::size_t connections,
                               const std::shared_ptr<FanoutBoard>& board) {
  switch (thread.setup().options.mode) {
    case Mode::echo: return std::make_unique<EchoLoad>(thread);
    case Mode::fanout: return std::make_unique<FanoutLoad>(thread, board, connections);
    case Mode::idle: return std::make_unique<IdleLoad>(thread);
    case Mode::connect: return std::make_unique<ConnectLoad>(thread);
    case Mode::request: return std::make_unique<RequestLoad>(thread);
  }
  std::unreachable();
}

std::shared_ptr<FanoutBoard> board_for(const std::vector<std::unique_ptr<LoadThread>>& threads) {
  std::vector<LoadThread*> those;
  those.reserve(threads.size());
  for (const auto& thread : threads) those.push_back(thread.get());
  return std::make_shared<FanoutBoard>(std::move(those),
                                       threads.front()->setup().options.publishers);
}

}  // namespace

std::vector<std::unique_ptr<Work>> share_out(
    const std::vector<std::unique_ptr<LoadThread>>& threads) {
  const BenchOptions& options = threads.front()->setup().options;
  const std::shared_ptr<FanoutBoard> board = board_for(threads);
  std::vector<std::unique_ptr<Work>> works;
  for (const auto& thread : threads) {
    const std::size_t connections = share(options.connections, threads.size(), thread->number());
    thread->add_connections(connections, false, options.mode != Mode::connect);
    if (options.mode == Mode::fanout) {
      thread->add_connections(share(options.publishers, threads.size(), thread->number()), true);
    }
    works.push_back(work_for(*thread, connections, board));
  }
  return works;
}

}  // namespace duplex::app::bench
