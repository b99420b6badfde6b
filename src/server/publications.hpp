#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <duplex/websocket/prepared_message.hpp>

namespace duplex::server {

class Worker;

/// What other threads have published and one worker has yet to deliver. Refuses nothing: whoever
/// adds is told when there is more than there should be, and lets those wait for whom it publishes.
class Publications {
 public:
  struct Publication {
    std::shared_ptr<const std::string> topic;
    websocket::PreparedMessage message;
  };

  /// More than either is more than there should be: enough for a thread to have work while those
  /// who wait are told, and little memory.
  static constexpr std::size_t count_max = 1024;
  static constexpr std::size_t bytes_max = std::size_t{4} * 1024 * 1024;

  struct Added {
    bool to_tell;  ///< the worker does not know yet that there is something to deliver
    bool full;
  };
  /// Any thread. When there is too much, `from` is told as soon as half of it is gone; nullptr for
  /// somebody who can't be told.
  Added add(Publication publication, Worker* from);

  struct Delivered {
    bool more;                     ///< to be called again, when others have had their turn
    std::vector<Worker*> to_tell;  ///< who wanted to know that there is room again
  };
  /// The worker's thread. Calls `deliver(publication)` for those that are there, in the order in
  /// which they came, for some milliseconds at most: each may be for many.
  template <class Deliver>
  Delivered deliver_some(Deliver deliver) {
    take_batch();
    const Clock::time_point end = Clock::now() + turn_max;
    std::size_t bytes = 0;
    const std::size_t first = next_;
    while (next_ < batch_.size()) {
      // It goes when it is delivered, and not with the batch.
      const Publication publication = std::move(batch_[next_++]);
      deliver(publication);
      bytes += publication.message.payload().size();
      if (Clock::now() >= end) break;
    }
    return note_delivered(next_ - first, bytes);
  }

  /// How many there are. Any thread.
  std::size_t count() const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds turn_max{5};

  void take_batch();
  Delivered note_delivered(std::size_t count, std::size_t bytes);
  /// Whether there is more than this part of what there should be at most.
  bool exceeds(std::size_t part) const noexcept {
    return count_ > count_max / part || bytes_ > bytes_max / part;
  }

  mutable std::mutex mutex_;
  std::vector<Publication> queue_;
  std::size_t count_ = 0;  // with those of the batch
  std::size_t bytes_ = 0;
  bool told_ = false;
  std::vector<Worker*> waiting_;
  // The worker's thread alone.
  std::vector<Publication> batch_;
  std::size_t next_ = 0;
};

}  // namespace duplex::server
