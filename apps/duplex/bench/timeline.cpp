#include "timeline.hpp"

#include <algorithm>

namespace duplex::app::bench {
namespace {

double seconds_of(std::chrono::nanoseconds duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

/// The slices of the last second: not the one that goes on, and not the one before, which not every
/// thread has handed over yet.
constexpr std::size_t slices_a_second = std::chrono::seconds(1) / Timeline::slice_duration;
constexpr std::size_t slices_under_way = 2;
static_assert(slices_a_second + slices_under_way <= Timeline::slices_kept);

std::int64_t change_of(const SlicePart& part) noexcept {
  return static_cast<std::int64_t>(part.connections_opened) -
         static_cast<std::int64_t>(part.connections_ended);
}

std::uint64_t open_after(std::int64_t open) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(open, 0));
}

}  // namespace

void Timeline::Counts::add(const SlicePart& part) noexcept {
  messages += part.received;
  bytes += part.bytes_received;
  errors += part.errors;
  connections_change += change_of(part);
  max_ns = std::max(max_ns, part.latency.max());
}

void Timeline::start(Time begin) {
  begin_ns_.store(std::chrono::nanoseconds(begin.time_since_epoch()).count());
}

std::optional<Timeline::Time> Timeline::begin() const noexcept {
  const std::int64_t ns = begin_ns_.load(std::memory_order_relaxed);
  if (ns == not_begun) return std::nullopt;
  return Time(std::chrono::nanoseconds(ns));
}

std::size_t Timeline::slice_at(Time time, Time begin) noexcept {
  return time <= begin ? 0 : static_cast<std::size_t>((time - begin) / slice_duration);
}

void Timeline::add(std::optional<std::size_t> slice, const SlicePart& part) {
  const std::lock_guard lock(mutex_);
  errors_ += part.errors;
  open_ += change_of(part);
  if (!slice) {
    open_before_ += change_of(part);
    return;
  }
  reach(*slice);
  counts_[*slice].add(part);
  if (Histogram* const latency = latency_of(*slice)) latency->merge(part.latency);
}

void Timeline::note_memory(Time time, std::uint64_t bytes) {
  const std::optional<Time> first = begin();
  if (!first || time < *first) return;
  const std::lock_guard lock(mutex_);
  const std::size_t index = slice_at(time, *first);
  reach(index);
  counts_[index].memory_bytes = bytes;
}

Now Timeline::now(Time time) const {
  const std::lock_guard lock(mutex_);
  Now now{.errors = errors_, .connections = open_after(open_)};
  const std::optional<Time> first = begin();
  if (!first) return now;
  const std::size_t current = slice_at(time, *first);
  if (current < slices_under_way) return now;
  // Of what is over; slices in which nothing was counted may not be there.
  const std::size_t end = current - slices_under_way + 1;
  const std::size_t from = end - std::min(end, slices_a_second);
  std::uint64_t messages = 0;
  Histogram latency;
  for (std::size_t index = from; index < std::min(end, counts_.size()); ++index) {
    messages += counts_[index].messages;
    if (counts_.size() - index <= slices_kept) latency.merge(kept_[index % slices_kept]);
  }
  now.messages_per_second = static_cast<double>(messages) /
                            (static_cast<double>(end - from) * seconds_of(slice_duration));
  now.p50_ns = latency.at_percentile(50);
  now.p99_ns = latency.at_percentile(99);
  return now;
}

std::vector<Slice> Timeline::finish(Time end) {
  std::vector<Slice> slices;
  const std::optional<Time> first = begin();
  if (!first || end <= *first) return slices;
  const std::lock_guard lock(mutex_);
  const std::chrono::nanoseconds duration = end - *first;
  const std::chrono::nanoseconds rest = duration % slice_duration;
  auto whole = static_cast<std::size_t>(duration / slice_duration);
  const bool rest_is_a_slice = whole == 0 || rest >= slice_duration / 2;
  const std::size_t count = whole + (rest_is_a_slice ? 1 : 0);
  reach(count - 1);
  // What came in the rest, or late.
  for (std::size_t index = count; index < counts_.size(); ++index) {
    Counts& last = counts_[count - 1];
    last.messages += counts_[index].messages;
    last.bytes += counts_[index].bytes;
    last.errors += counts_[index].errors;
    last.connections_change += counts_[index].connections_change;
    last.max_ns = std::max(last.max_ns, counts_[index].max_ns);
    Histogram* const late = latency_of(index);
    Histogram* const latency = latency_of(count - 1);
    if (late != nullptr && latency != nullptr) latency->merge(*late);
  }
  std::int64_t open = open_before_;
  for (std::size_t index = 0; index < count; ++index) {
    Counts& counts = counts_[index];
    if (Histogram* const latency = latency_of(index)) settle(counts, *latency);
    open += counts.connections_change;
    const std::chrono::nanoseconds from = index * slice_duration;
    const std::chrono::nanoseconds to = index + 1 == count ? duration : from + slice_duration;
    slices.push_back({.from_s = seconds_of(from),
                      .seconds = seconds_of(to - from),
                      .messages = counts.messages,
                      .bytes = counts.bytes,
                      .errors = counts.errors,
                      .p50_ns = counts.p50_ns,
                      .p99_ns = counts.p99_ns,
                      .max_ns = counts.max_ns,
                      .connections = open_after(open),
                      .memory_bytes = counts.memory_bytes});
  }
  return slices;
}

void Timeline::reach(std::size_t slice) {
  while (counts_.size() <= slice) {
    Histogram& place = kept_[counts_.size() % slices_kept];
    if (counts_.size() >= slices_kept) settle(counts_[counts_.size() - slices_kept], place);
    place.clear();
    counts_.emplace_back();
  }
}

Histogram* Timeline::latency_of(std::size_t slice) noexcept {
  return counts_.size() - slice <= slices_kept ? &kept_[slice % slices_kept] : nullptr;
}

void Timeline::settle(Counts& counts, Histogram& latency) noexcept {
  counts.p50_ns = latency.at_percentile(50);
  counts.p99_ns = latency.at_percentile(99);
}

void Recorder::turn_over(Time now) {
  const std::optional<Time> begin = timeline_->begin();
  if (!begin || now < *begin) {
    // Not yet: connections and errors are shown already.
    if (handed_over_ != Time::min() && now - handed_over_ < Timeline::slice_duration) return;
    handed_over_ = now;
    hand_over();
    return;
  }
  hand_over();
  slice_ = Timeline::slice_at(now, *begin);
  due_ = *begin + (*slice_ + 1) * Timeline::slice_duration;
}

void Recorder::finish() {
  hand_over();
  due_ = Time::max();
}

void Recorder::hand_over() {
  timeline_->add(slice_, part_);
  if (slice_) {
    tally_->sent += part_.sent;
    tally_->received += part_.received;
    tally_->bytes_sent += part_.bytes_sent;
    tally_->bytes_received += part_.bytes_received;
    tally_->compressed_bytes_sent += part_.compressed_bytes_sent;
    tally_->compressed_bytes_received += part_.compressed_bytes_received;
    tally_->latency.merge(part_.latency);
  }
  part_ = {};
}

}  // namespace duplex::app::bench
