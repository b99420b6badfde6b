#include "server_watch.hpp"

#include <fmt/format.h>

#include "subcommand.hpp"

namespace duplex::app::bench {

ServerWatch::ServerWatch(int pid) : process_(pid) {
  const auto memory = process_.memory_bytes();
  if (!memory) throw UsageError(fmt::format("--pid: {}", memory.error()));
  cost_.pid = pid;
  cost_.memory_before_bytes = *memory;
}

std::uint64_t ServerWatch::memory_bytes() const {
  return process_.memory_bytes().value_or(0);
}

void ServerWatch::all_open(std::uint64_t connections) {
  cost_.memory_bytes = memory_bytes();
  cost_.connections = connections;
}

void ServerWatch::begin(Time now) {
  before_ = process_.use().value_or(ProcessUse());
  began_ = now;
}

void ServerWatch::end(Time now) {
  if (began_ == 0) return;
  const auto after = process_.use();
  if (after) {
    used_ = cost_between(before_, *after, 1e-9 * static_cast<double>(now - began_));
  } else {
    lost_ = after.error();
  }
}

ServerCost ServerWatch::cost() const {
  ServerCost cost = cost_;
  cost.user_seconds = used_.user_seconds;
  cost.system_seconds = used_.system_seconds;
  cost.busy = used_.busy;
  return cost;
}

}  // namespace duplex::app::bench
