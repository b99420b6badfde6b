#include "net/signal_watch.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace duplex::net {
namespace {

constexpr int no_descriptor = -1;

/// What the system's handler knows of one signal.
struct Slot {
  /// Which watch to wake.
  std::atomic<int> wake = no_descriptor;
  std::atomic<bool> has_come = false;
  std::atomic<bool> next_ends_program = false;
};

static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "nothing else may be used in a handler");

std::array<Slot, NSIG> slots;
/// Handlers that run now, and may be about to write to a watch's descriptor.
std::atomic<int> handlers_running = 0;

extern "C" void note_signal(int signal) {
  const int saved = errno;
  ++handlers_running;
  Slot& slot = slots[static_cast<std::size_t>(signal)];
  if (slot.next_ends_program) {
    for (int other = 1; other < NSIG; ++other) {
      if (slots[static_cast<std::size_t>(other)].next_ends_program) ::signal(other, SIG_DFL);
    }
  }
  slot.has_come = true;
  if (const int wake = slot.wake; wake != no_descriptor) {
    const std::uint64_t once = 1;
    [[maybe_unused]] const auto written = ::write(wake, &once, sizeof once);
  }
  --handlers_running;
  errno = saved;
}

/// What a fault of the program's raises can't wait until a loop looks at it.
bool is_fault(int signal) noexcept {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
}

}  // namespace

SignalWatch::~SignalWatch() {
  end();
  if (!wake_) return;
  for (EventLoop* const loop : loops_) loop->unwatch(wake_.number(), *this);
}

void SignalWatch::open() {
  Descriptor wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) throw std::system_error(errno, std::system_category(), "cannot watch signals");
  for (EventLoop* const loop : loops_) {
    // What was watched before one fails, closing ends.
    if (const auto error = loop->watch(wake.number(), {.readable = true}, *this)) {
      throw std::system_error(error, "cannot watch signals");
    }
  }
  wake_ = std::move(wake);
}

bool SignalWatch::is_taken(int signal) noexcept {
  return signal > 0 && signal < NSIG &&
         slots[static_cast<std::size_t>(signal)].wake != no_descriptor;
}

void SignalWatch::refuse_taken(int signal) {
  throw std::logic_error("another server is told of signal " + std::to_string(signal) +
                         ": have its handler tell this one");
}

void SignalWatch::add(int signal, std::function<void()> handler, Next next) {
  if (signal <= 0 || signal >= NSIG || is_fault(signal)) {
    throw std::invalid_argument("signal " + std::to_string(signal) + " can't be waited for");
  }
  if (!wake_) open();
  Slot& slot = slots[static_cast<std::size_t>(signal)];
  const auto [place, added] = watched_.try_emplace(signal);
  place->second.handler = std::move(handler);
  if (added) {
    int none = no_descriptor;
    if (!slot.wake.compare_exchange_strong(none, wake_.number())) {
      watched_.erase(place);
      refuse_taken(signal);
    }
    slot.has_come = false;
    struct sigaction action{};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, &place->second.before) != 0) {
      slot.wake = no_descriptor;
      watched_.erase(place);
      throw std::invalid_argument("signal " + std::to_string(signal) + " can't be waited for");
    }
  }
  slot.next_ends_program = next == Next::ends_program;
}

void SignalWatch::remove(int signal) noexcept {
  const auto place = watched_.find(signal);
  if (place == watched_.end()) return;
  restore(signal, place->second);
  watched_.erase(place);
  wait_for_handlers();
}

void SignalWatch::end() noexcept {
  for (const auto& [signal, watched] : watched_) restore(signal, watched);
  watched_.clear();
  wait_for_handlers();
}

void SignalWatch::restore(int signal, const Watched& watched) noexcept {
  ::sigaction(signal, &watched.before, nullptr);
  Slot& slot = slots[static_cast<std::size_t>(signal)];
  slot.next_ends_program = false;
  slot.wake = no_descriptor;
}

/// In other threads, and for a few instructions: one in this thread would have ended.
void SignalWatch::wait_for_handlers() noexcept {
  while (handlers_running > 0) std::this_thread::yield();
}

void SignalWatch::on_ready(Readiness) noexcept {
  std::uint64_t times = 0;
  [[maybe_unused]] const auto read = ::read(wake_.number(), &times, sizeof times);
  for (const auto& [signal, watched] : watched_) {
    if (slots[static_cast<std::size_t>(signal)].has_come.exchange(false)) watched.handler();
  }
}

SignalWatch::Unblocked::Unblocked(const SignalWatch& watch) noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  for (const auto& [signal, watched] : watch.watched_) sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, &before_);
}

SignalWatch::Unblocked::~Unblocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace duplex::net
