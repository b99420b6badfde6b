#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "load_thread.hpp"

namespace duplex::app::bench {

/// What the threads of a fan-out tell each other. Any thread.
class FanoutBoard {
 public:
  FanoutBoard(std::vector<LoadThread*> threads, std::size_t publishers)
      : threads_(std::move(threads)),
        publishers_(publishers),
        counted_from_(publishers),
        published_(publishers),
        ended_(threads_.size()),
        done_(publishers * threads_.size()) {
    for (auto& from : counted_from_) from = UINT64_MAX;
  }

  std::size_t publishers() const noexcept { return publishers_; }
  /// The thread that a publisher's connection belongs to.
  std::size_t thread_of(std::size_t publisher) const noexcept {
    return publisher % threads_.size();
  }

  /// From which of a publisher's messages on they count; to be told before that one is sent.
  void count_from(std::size_t publisher, std::uint64_t sequence) noexcept {
    if (counted_from_[publisher] > sequence) counted_from_[publisher] = sequence;
  }
  bool counts(std::size_t publisher, std::uint64_t sequence) const noexcept {
    return sequence >= counted_from_[publisher].load(std::memory_order_relaxed);
  }

  void note_published(std::size_t publisher, std::uint64_t count) noexcept {
    published_[publisher].store(count, std::memory_order_release);
  }
  /// This thread publishes nothing more.
  void note_end(std::size_t thread) noexcept { ended_[thread] = true; }
  /// Whether nobody publishes anything more, and the subscribers of this thread have it all.
  bool has_all(std::size_t thread) const noexcept {
    if (!std::ranges::all_of(ended_, [](const auto& ended) { return ended.load(); })) return false;
    for (std::size_t publisher = 0; publisher < publishers_; ++publisher) {
      if (done_[publisher * threads_.size() + thread] < published_[publisher]) return false;
    }
    return true;
  }

  /// All subscribers of this thread have the publisher's first `count` messages.
  void note_done(std::size_t thread, std::size_t publisher, std::uint64_t count) noexcept {
    done_[publisher * threads_.size() + thread].store(count, std::memory_order_release);
    if (thread_of(publisher) != thread) threads_[thread_of(publisher)]->wake();
  }
  /// How many all subscribers of all threads have.
  std::uint64_t done(std::size_t publisher) const noexcept {
    std::uint64_t least = UINT64_MAX;
    for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
      const auto& count = done_[publisher * threads_.size() + thread];
      least = std::min(least, count.load(std::memory_order_acquire));
    }
    return least;
  }

 private:
  std::vector<LoadThread*> threads_;
  std::size_t publishers_;
  std::vector<std::atomic<std::uint64_t>> counted_from_;
  std::vector<std::atomic<std::uint64_t>> published_;
  std::vector<std::atomic<bool>> ended_;
  /// Of each publisher, one for each thread.
  std::vector<std::atomic<std::uint64_t>> done_;
};

}  // namespace duplex::app::bench
