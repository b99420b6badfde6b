#include "connection/hub.hpp"

#include <algorithm>
#include <utility>

#include "connection/pipe.hpp"

namespace duplex::connection {

namespace {

// Deadlines are kept to this: a sweep looks at all pipes, and need not do so more often.
constexpr std::uint32_t sweep_interval_ms_min = 20;

// How often pipes are serviced within one iteration before the loop looks at its descriptors again:
// what one pipe sends may give work to another.
constexpr int service_rounds_max = 4;

// Times are compared modulo 2^32, so that a deadline must be less than 24 days ahead.
constexpr std::uint64_t due_in_ms_max = INT32_MAX - 1;

bool is_before(std::uint32_t left, std::uint32_t right) noexcept {
  return static_cast<std::int32_t>(left - right) < 0;
}

/// Far from those of the hubs before and behind it: steps of the golden ratio's part of 2^32.
std::uint32_t next_first_generation() noexcept {
  static std::atomic<std::uint32_t> last = 0;
  return last.fetch_add(0x9E3779B9U, std::memory_order_relaxed);
}

}  // namespace

Hub::Hub(net::EventLoop& loop, const PipeLimits& limits)
    : loop_(loop),
      limits_(limits),
      began_ms_(loop.now_ms()),
      first_generation_(next_first_generation()) {
  loop_.add(*this);
}

Hub::~Hub() {
  close_all();
  loop_.remove(*this);
}

void Hub::close_all() noexcept {
  for (const Slot& slot : slots_) {
    if (slot.pipe != nullptr) slot.pipe->abort();
  }
  free_retired();
  while (!orphans_.empty()) {
    Pipe* orphan = *orphans_.begin();
    orphans_.erase(orphans_.begin());
    orphan->discard();
    // It may have held the last handles of others.
    free_retired();
  }
}

tls::Workspace& Hub::tls_workspace() {
  if (!tls_workspace_) tls_workspace_ = std::make_unique<tls::Workspace>();
  return *tls_workspace_;
}

std::uint32_t Hub::now_ms() const noexcept {
  return static_cast<std::uint32_t>(loop_.now_ms() - began_ms_);
}

void Hub::adopt(Pipe& pipe) {
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({.generation = first_generation_});
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.pipe = &pipe;
  slot.due_ms = now_ms() + INT32_MAX;
  ++pipe_count_;
  pipe.begin(index);
}

Pipe* Hub::find(std::uint32_t index, std::uint32_t generation) noexcept {
  if (index >= slots_.size() || slots_[index].generation != generation) return nullptr;
  return slots_[index].pipe;
}

void Hub::service_later(Pipe& pipe) {
  to_service_.push_back(&pipe);
  note_work();
}

/// There is something for the end of this iteration, or of the next if ours was before: several
/// hubs may share a loop, and what one does at its end may concern another's pipes.
void Hub::note_work() noexcept {
  if (!in_epilogue_) loop_.note_late_work();
}

void Hub::wake_by(std::uint32_t index, std::uint64_t due_ms) noexcept {
  // What is further away than the sweep can tell is asked for once in between.
  const std::uint64_t horizon_ms = loop_.now_ms() + due_in_ms_max;
  const auto due = static_cast<std::uint32_t>(std::min(due_ms, horizon_ms) - began_ms_);
  Slot& slot = slots_[index];
  if (!is_before(due, slot.due_ms)) return;
  slot.due_ms = due;
  if (!armed() || is_before(due, sweep_due_ms_)) arm_sweep(due);
}

void Hub::arm_sweep(std::uint32_t due_ms) noexcept {
  const std::uint32_t earliest = now_ms() + sweep_interval_ms_min;
  sweep_due_ms_ = is_before(due_ms, earliest) ? earliest : due_ms;
  loop_.arm(*this, sweep_due_ms_ - now_ms());
}

void Hub::on_timer() noexcept {
  const std::uint32_t now = now_ms();
  // Pipes may be adopted, and name later deadlines, while this runs; so by index, and afresh.
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    if (slot.pipe == nullptr || is_before(now, slot.due_ms)) continue;
    slot.due_ms = now + INT32_MAX;
    slot.pipe->on_deadline(loop_.now_ms());
  }
  std::uint32_t soonest = now + INT32_MAX;
  for (const Slot& slot : slots_) {
    if (slot.pipe != nullptr && is_before(slot.due_ms, soonest)) soonest = slot.due_ms;
  }
  if (pipe_count_ > 0) arm_sweep(soonest);
}

void Hub::retire(Pipe& pipe) noexcept {
  Slot& slot = slots_[pipe.index()];
  slot.pipe = nullptr;
  ++slot.generation;
  free_slots_.push_back(pipe.index());
  --pipe_count_;
  retired_.push_back(&pipe);
  note_work();
}

void Hub::retire_orphan(Pipe& pipe) noexcept {
  orphans_.erase(&pipe);
  retired_.push_back(&pipe);
  note_work();
}

const websocket::DeflateWaiting Hub::waiting_for_another_thread = {
    .wait = [](const std::atomic<bool>& made) noexcept { made.wait(false); },
    .wake = [](std::atomic<bool>& made) noexcept { made.notify_all(); }};

void Hub::on_iteration_end() noexcept {
  if (!to_service_.empty() || !retired_.empty()) do_late_work();
  deflate_workspace_.trim();
}

void Hub::do_late_work() noexcept {
  in_epilogue_ = true;
  for (int round = 0; round < service_rounds_max && !to_service_.empty(); ++round) {
    in_service_.swap(to_service_);
    for (Pipe* pipe : in_service_) pipe->service();
    in_service_.clear();
  }
  free_retired();
  // Whoever still has work, like a response whose reader keeps up, goes on in the next iteration,
  // when the others have had their turn.
  if (!to_service_.empty()) loop_.note_late_work();
  in_epilogue_ = false;
}

void Hub::free_all_retired() noexcept {
  // Freeing runs destructors of users' objects, which may close other pipes.
  while (!retired_.empty()) {
    std::erase_if(to_service_, [](const Pipe* pipe) { return !pipe->is_open(); });
    for (Pipe* pipe : std::exchange(retired_, {})) pipe->bury();
  }
}

}  // namespace duplex::connection
