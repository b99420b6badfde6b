#include "server/acceptor.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "server/worker.hpp"

namespace duplex::server {

namespace {

// Connections that are taken at once, before those that are open have their turn again. With fewer
// these wait no less, with four times as many twice as long (docs/performance.md).
constexpr int accepts_max = 16;

// How long accepting rests when the system has nothing left to accept with.
constexpr std::uint64_t pause_ms = 100;

bool out_of_descriptors(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system;
}

}  // namespace

Acceptor::Acceptor(Worker& worker, std::shared_ptr<const net::Listener> listener,
                   const Entrance& entrance, bool exclusive)
    : worker_(worker), listener_(std::move(listener)), entrance_(entrance), exclusive_(exclusive) {
  const auto error = worker_.loop().watch(listener_->descriptor(),
                                          {.readable = true, .exclusive = exclusive_}, *this);
  if (error) throw std::system_error(error, "a listening socket can't be watched");
}

Acceptor::~Acceptor() {
  worker_.loop().unwatch(listener_->descriptor(), *this);
}

void Acceptor::take_all() noexcept {
  while (auto accepted = net::accept_next(listener_->descriptor())) {
    worker_.connected(std::move(*accepted), entrance_);
  }
}

void Acceptor::on_ready(net::Readiness /*readiness*/) noexcept {
  for (int count = 0; count < accepts_max; ++count) {
    auto accepted = net::accept_next(listener_->descriptor());
    if (accepted) {
      worker_.connected(std::move(*accepted), entrance_);
      continue;
    }
    if (accepted.error() == std::errc::operation_would_block) return;
    if (out_of_descriptors(accepted.error()) && spare_.refuse_waiting(listener_->descriptor())) {
      return worker_.refused_for_want_of_descriptors();
    }
    worker_.log(LogLevel::error,
                "no connection can be accepted for the moment: " + accepted.error().message());
    return pause();
  }
}

void Acceptor::pause() noexcept {
  // An exclusive watch can't be changed, only ended and begun anew.
  worker_.loop().unwatch(listener_->descriptor(), *this);
  worker_.loop().arm(*this, pause_ms);
}

void Acceptor::on_timer() noexcept {
  const auto error = worker_.loop().watch(listener_->descriptor(),
                                          {.readable = true, .exclusive = exclusive_}, *this);
  if (error) worker_.loop().arm(*this, pause_ms);
}

}  // namespace duplex::server
