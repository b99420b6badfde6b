#include "net/signal_watch.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace duplex::net {
namespace {

sigset_t nothing() noexcept {
  sigset_t set;
  sigemptyset(&set);
  return set;
}

sigset_t only(int signal) noexcept {
  sigset_t set = nothing();
  sigaddset(&set, signal);
  return set;
}

}  // namespace

SignalWatch::SignalWatch(EventLoop& loop) noexcept
    : loop_(loop), watched_(nothing()), blocked_here_(nothing()) {}

SignalWatch::~SignalWatch() {
  if (descriptor_) loop_.unwatch(descriptor_.number(), *this);
  const timespec at_once{};
  while (sigtimedwait(&watched_, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &blocked_here_, nullptr);
}

void SignalWatch::add(int signal, std::function<void()> handler) {
  const bool unstoppable = signal == SIGKILL || signal == SIGSTOP;
  sigset_t watched = watched_;
  if (unstoppable || sigaddset(&watched, signal) != 0) {
    throw std::invalid_argument("signal " + std::to_string(signal) + " can't be watched");
  }
  const sigset_t added = only(signal);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &added, &before);
  if (sigismember(&before, signal) == 0) sigaddset(&blocked_here_, signal);

  const int number =
      ::signalfd(descriptor_ ? descriptor_.number() : -1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
  if (number < 0) throw std::system_error(errno, std::system_category(), "cannot watch signals");
  if (!descriptor_) {
    descriptor_ = Descriptor(number);
    if (const auto error = loop_.watch(number, {.readable = true}, *this)) {
      throw std::system_error(error, "cannot watch signals");
    }
  }
  watched_ = watched;
  handlers_[signal] = std::move(handler);
}

void SignalWatch::on_ready(Readiness) noexcept {
  signalfd_siginfo signal;
  while (::read(descriptor_.number(), &signal, sizeof signal) == sizeof signal) {
    handlers_.at(static_cast<int>(signal.ssi_signo))();
  }
}

void let_end_program(int signal) noexcept {
  ::signal(signal, SIG_DFL);
  const sigset_t set = only(signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace duplex::net
