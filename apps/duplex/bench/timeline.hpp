#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "histogram.hpp"
#include "result.hpp"
#include "tally.hpp"

namespace duplex::app::bench {

/// What one thread has counted since it last handed something over.
struct SlicePart {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t compressed_bytes_sent = 0;
  std::uint64_t compressed_bytes_received = 0;
  std::uint64_t errors = 0;
  std::uint64_t connections_opened = 0;
  /// By either end.
  std::uint64_t connections_ended = 0;
  Histogram latency = {};
};

/// How things are now, of all threads.
struct Now {
  /// Of the last second of which all is known.
  double messages_per_second = 0;
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  /// Since the beginning.
  std::uint64_t errors = 0;
  /// That are open.
  std::uint64_t connections = 0;
};

/// The run's time in slices, to which every thread hands over what it has counted, ten times a
/// second. All functions are for any thread.
///
/// Percentiles of a slice can be reckoned while its histogram is kept, which is so for the latest
/// `slices_kept`: what a thread hands over later than that only adds to the slice's counts. The
/// histograms take 1 MiB, and a finished slice less than 100 bytes.
class Timeline {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  static constexpr std::chrono::milliseconds slice_duration{100};
  static constexpr std::size_t slices_kept = 16;

  /// From `begin` on, which may be in the future, is measured. What is counted before warms up:
  /// only its errors and connections are kept. To be called once.
  void start(Time begin);

  /// nullopt until `start` was called.
  std::optional<Time> begin() const noexcept;

  /// The slice of a time; times before the beginning belong to the first one.
  static std::size_t slice_at(Time time, Time begin) noexcept;

  /// What a thread has counted in a slice; nullopt is the time before the beginning.
  void add(std::optional<std::size_t> slice, const SlicePart& part);

  /// How much memory the server has at this time.
  void note_memory(Time time, std::uint64_t bytes);

  Now now(Time time) const;

  /// All slices of the measured time, which ended at `end`. A rest at the end that is too short to
  /// be compared belongs to the slice before it. To be called when all threads have finished.
  std::vector<Slice> finish(Time end);

 private:
  struct Kept {
    std::size_t slice = 0;
    Histogram latency = {};
  };
  /// A slice so far.
  struct Counts {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t errors = 0;
    std::int64_t connections_change = 0;
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t max_ns = 0;
    std::optional<std::uint64_t> memory_bytes = {};

    void add(const SlicePart& part) noexcept;
  };

  /// Makes it the latest slice, if it is later than what there is.
  void reach(std::size_t slice);
  /// nullptr when it is no longer kept.
  Histogram* latency_of(std::size_t slice) noexcept;
  void settle(Counts& counts, Histogram& latency) noexcept;

  static constexpr std::int64_t not_begun = INT64_MIN;

  std::atomic<std::int64_t> begin_ns_ = not_begun;
  mutable std::mutex mutex_;
  std::uint64_t errors_ = 0;
  std::int64_t open_ = 0;
  std::int64_t open_before_ = 0;
  std::vector<Counts> counts_;
  std::vector<Histogram> kept_ = std::vector<Histogram>(slices_kept);
};

/// What one thread counts with: a message costs it a few additions and one `Histogram::record`, and
/// what is counted goes ten times a second to the timeline and to the thread's tally.
///
/// Counts are of the time that `advance` was last told. A thread that waits is to wake up and
/// advance once a slice.
class Recorder {
 public:
  using Time = Timeline::Time;

  /// Both must outlive it; the tally is this thread's own.
  Recorder(Timeline& timeline, Tally& tally) noexcept : timeline_(&timeline), tally_(&tally) {}

  /// To be called before what a batch has brought is counted, with the clock read once for all of
  /// it.
  void advance(Time now) {
    if (now >= due_) [[unlikely]] {
      turn_over(now);
    }
  }

  void sent(std::uint64_t bytes, std::uint64_t count = 1) noexcept {
    part_.sent += count;
    part_.bytes_sent += bytes;
  }

  /// So many of what was counted as sent will be sent, and counted, again. Modulo 2^64, since they
  /// may have been handed over.
  void taken_back(std::uint64_t bytes, std::uint64_t count) noexcept {
    part_.sent -= count;
    part_.bytes_sent -= bytes;
  }

  /// `bytes` are those of all `count` messages, `latency_ns` that of each.
  void received(std::uint64_t bytes, std::uint64_t latency_ns, std::uint64_t count = 1) noexcept {
    part_.received += count;
    part_.bytes_received += bytes;
    part_.latency.record(latency_ns, count);
  }

  /// With compression, what the payload of messages took on the wire that are counted besides.
  void sent_compressed(std::uint64_t bytes) noexcept { part_.compressed_bytes_sent += bytes; }
  void received_compressed(std::uint64_t bytes) noexcept {
    part_.compressed_bytes_received += bytes;
  }

  /// Of what was due in the measured time and came behind its end: belongs to no slice.
  void late(std::uint64_t latency_ns, std::uint64_t count = 1) noexcept {
    tally_->late += count;
    tally_->latency.record(latency_ns, count);
  }

  /// Was due in the measured time, and waited so long, and longer, for an answer or for being sent.
  void unanswered(std::uint64_t waited_ns, std::uint64_t count) noexcept {
    tally_->unanswered += count;
    tally_->latency.record(waited_ns, count);
  }

  void opened(std::uint64_t handshake_ns, bool resumed = false) noexcept {
    ++part_.connections_opened;
    ++tally_->connections_opened;
    if (resumed) ++tally_->connections_resumed;
    tally_->handshake.record(handshake_ns);
  }

  /// Could not be opened.
  void failed(std::string_view kind, std::string_view example = {}) {
    ++tally_->connections_failed;
    count(kind, example, 1);
  }

  /// An open connection was closed by us, as it should be.
  void ended() noexcept { ++part_.connections_ended; }

  /// An open connection was lost; add the error too.
  void closed() noexcept {
    ++part_.connections_ended;
    ++tally_->connections_closed;
  }

  void error(std::string_view kind, std::string_view example = {}, std::uint64_t times = 1) {
    if (!measures()) tally_->errors_of_warmup += times;
    count(kind, example, times);
  }

  void status(unsigned code, std::uint64_t count = 1) {
    if (slice_) tally_->statuses[code] += count;
  }

  /// Whether what is counted is measured; before, it warms up. As of the last `advance`.
  bool measures() const noexcept { return slice_.has_value(); }

  /// Hands over the rest. What is counted later is lost.
  void finish();

 private:
  void count(std::string_view kind, std::string_view example, std::uint64_t times) {
    part_.errors += times;
    tally_->errors.add(kind, example, times);
  }
  void turn_over(Time now);
  void hand_over();

  Timeline* timeline_;
  Tally* tally_;
  SlicePart part_;
  std::optional<std::size_t> slice_;
  /// When to turn over next: until the beginning, the question is always due.
  Time due_ = Time::min();
  Time handed_over_ = Time::min();
};

}  // namespace duplex::app::bench
