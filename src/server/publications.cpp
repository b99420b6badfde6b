#include "server/publications.hpp"

#include <algorithm>

namespace duplex::server {

Publications::Added Publications::add(Publication publication, Worker* from) {
  const std::size_t bytes = publication.message.payload().size();
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(publication));
  ++count_;
  bytes_ += bytes;
  const bool full = exceeds(1);
  if (full && from != nullptr && std::ranges::find(waiting_, from) == waiting_.end()) {
    waiting_.push_back(from);
  }
  return {.to_tell = !std::exchange(told_, true), .full = full};
}

void Publications::take_batch() {
  if (next_ < batch_.size()) return;
  batch_.clear();
  if (batch_.capacity() > count_max) batch_.shrink_to_fit();
  next_ = 0;
  const std::lock_guard lock(mutex_);
  batch_.swap(queue_);
}

Publications::Delivered Publications::note_delivered(std::size_t count, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  count_ -= count;
  bytes_ -= bytes;
  told_ = count_ > 0;
  Delivered delivered{.more = told_, .to_tell = {}};
  if (!exceeds(2)) delivered.to_tell.swap(waiting_);
  return delivered;
}

std::size_t Publications::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace duplex::server
