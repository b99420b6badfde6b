#include "net/event_loop.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <utility>

#include "net/system_call.hpp"

namespace duplex::net {
namespace {

thread_local EventLoop* running_loop = nullptr;

// As std::chrono::steady_clock, and the alarm.
std::uint64_t read_clock_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

/// Has each event of `descriptor` end a wait, of itself alone: nobody reads anything back.
void watch_edges(int epoll, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw std::system_error(errno, std::system_category(), "cannot watch an event loop's own");
  }
}

std::error_code control(int epoll, int operation, int descriptor, Interest interest,
                        Pollable* pollable) noexcept {
  epoll_event event{};
  if (interest.readable) event.events |= EPOLLIN;
  if (interest.writable) event.events |= EPOLLOUT;
  if (interest.exclusive) event.events |= EPOLLEXCLUSIVE;
  event.data.ptr = pollable;
  if (::epoll_ctl(epoll, operation, descriptor, &event) == 0) return {};
  return {errno, std::system_category()};
}

}  // namespace

EventLoop::EventLoop(std::size_t read_buffer_bytes)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      alarm_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      inbox_(std::make_shared<Inbox>()),
      now_ms_(read_clock_ms()),
      timers_(now_ms_),
      read_buffer_(std::make_unique_for_overwrite<std::byte[]>(read_buffer_bytes)),
      read_buffer_bytes_(read_buffer_bytes) {
  if (!epoll_) throw std::system_error(errno, std::system_category(), "cannot open an epoll set");
  if (!alarm_) throw std::system_error(errno, std::system_category(), "cannot open a timer");
  watch_edges(epoll_.number(), inbox_->wake_.number());
  watch_edges(epoll_.number(), alarm_.number());
}

EventLoop::~EventLoop() {
  vacate();
  inbox_->close();
}

std::error_code EventLoop::watch(int descriptor, Interest interest, Pollable& pollable) noexcept {
  return control(epoll_.number(), EPOLL_CTL_ADD, descriptor, interest, &pollable);
}

std::error_code EventLoop::change(int descriptor, Interest interest, Pollable& pollable) noexcept {
  if (!interest.exclusive) {
    return control(epoll_.number(), EPOLL_CTL_MOD, descriptor, interest, &pollable);
  }
  // The system can't modify an exclusive watch. What was collected stays valid.
  const std::error_code error =
      control(epoll_.number(), EPOLL_CTL_DEL, descriptor, interest, &pollable);
  return error ? error : watch(descriptor, interest, pollable);
}

void EventLoop::unwatch(int descriptor, Pollable& pollable) noexcept {
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
  // Level-triggered: what is dropped for another descriptor of the same pollable comes again.
  for (std::size_t i = events_next_; i < events_count_; ++i) {
    if (events_[i].data.ptr == &pollable) events_[i].data.ptr = nullptr;
  }
}

void EventLoop::add(Epilogue& epilogue) {
  epilogues_.push_back(&epilogue);
}

void EventLoop::remove(Epilogue& epilogue) noexcept {
  std::erase(epilogues_, &epilogue);
}

bool EventLoop::has(const Epilogue* epilogue) const noexcept {
  return std::ranges::find(epilogues_, epilogue) != epilogues_.end();
}

void EventLoop::house(std::unique_ptr<Resident> resident) {
  residents_.push_back(std::move(resident));
}

void EventLoop::evict(const Resident& resident) noexcept {
  const auto place = std::ranges::find(residents_, &resident, &std::unique_ptr<Resident>::get);
  if (place == residents_.end()) return;
  const std::unique_ptr<Resident> leaving = std::move(*place);
  residents_.erase(place);
}

void EventLoop::vacate() noexcept {
  const Presence presence(*this);
  vacated_ = true;
  while (!residents_.empty()) {
    const std::unique_ptr<Resident> leaving = std::move(residents_.back());
    residents_.pop_back();
  }
}

void EventLoop::run() {
  const Presence presence(*this);
  while (!stopping_.load(std::memory_order_acquire)) iterate(UINT64_MAX);
  stopping_.store(false, std::memory_order_relaxed);
}

void EventLoop::run_once(std::uint64_t wait_ms_max) {
  const Presence presence(*this);
  iterate(wait_ms_max);
}

void EventLoop::stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  inbox_->wake();
}

EventLoop* EventLoop::current() noexcept {
  return running_loop;
}

EventLoop::Presence::Presence(EventLoop& loop) noexcept
    : outer_(std::exchange(running_loop, &loop)) {}

EventLoop::Presence::~Presence() {
  running_loop = outer_;
}

// With all that it calls here in one piece, since every batch of messages goes through it.
[[gnu::flatten]] void EventLoop::iterate(std::uint64_t wait_ms_max) noexcept {
  events_count_ = wait(wait_ms_max);
  now_ms_ = read_clock_ms();

  for (events_next_ = 0; events_next_ < events_count_;) {
    const epoll_event event = events_[events_next_++];
    // A wake of the inbox, the alarm, or unwatched meanwhile.
    if (event.data.ptr == nullptr) {
      // To be set anew in any case, also should the clock not have got there.
      alarm_ms_ = 0;
      continue;
    }
    static_cast<Pollable*>(event.data.ptr)
        ->on_ready({.readable = (event.events & EPOLLIN) != 0,
                    .writable = (event.events & EPOLLOUT) != 0,
                    .hung_up = (event.events & (EPOLLHUP | EPOLLERR)) != 0});
  }
  events_count_ = events_next_ = 0;

  timers_.advance(now_ms_);
  inbox_->run_posted();
  late_work_ = false;
  for (std::size_t i = 0; i < epilogues_.size(); ++i) epilogues_[i]->on_iteration_end();
}

std::size_t EventLoop::wait(std::uint64_t wait_ms_max) noexcept {
  const int count = call_epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_max),
                                    timeout_ms(wait_ms_max));
  inbox_->awake();
  // An interrupted wait is an empty one.
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

/// How long the next wait may last, with an alarm set for what is due in the course of it; -1 for
/// no limit.
int EventLoop::timeout_ms(std::uint64_t wait_ms_max) noexcept {
  if (late_work_ || wait_ms_max == 0) return 0;
  if (const std::optional<std::uint64_t> due_ms = timers_.next_due_ms()) {
    if (*due_ms <= now_ms_) return 0;
    // One that is set for a time before this ends a wait in vain, and is set anew then.
    if (alarm_ms_ <= now_ms_ || *due_ms < alarm_ms_) set_alarm(*due_ms);
  }
  if (!inbox_->prepare_sleep()) return 0;
  return wait_ms_max > INT_MAX ? -1 : static_cast<int>(wait_ms_max);
}

void EventLoop::set_alarm(std::uint64_t due_ms) noexcept {
  alarm_ms_ = due_ms;
  itimerspec time{};
  time.it_value.tv_sec = static_cast<time_t>(std::min<std::uint64_t>(due_ms / 1'000, INT32_MAX));
  time.it_value.tv_nsec = static_cast<long>(due_ms % 1'000 * 1'000'000);
  // Fails for times that can't be, only.
  ::timerfd_settime(alarm_.number(), TFD_TIMER_ABSTIME, &time, nullptr);
}

}  // namespace duplex::net
