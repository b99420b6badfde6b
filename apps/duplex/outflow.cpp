#include "outflow.hpp"

namespace duplex::app {

Outflow::Outflow(std::size_t bytes_max, std::function<void()> on_text)
    : on_text_(std::move(on_text)), bytes_max_(bytes_max) {}

Task<bool> Outflow::push(std::string text) {
  if (!push_now(text)) co_return false;
  while (true) {
    net::Completion<bool> room;
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) co_return false;
      if (text_.size() <= bytes_max_) co_return true;
      waiter_.emplace(room.resolver());
    }
    co_await room;
  }
}

bool Outflow::push_now(std::string_view text) {
  std::unique_lock lock(mutex_);
  if (abandoned_ || ended_) return false;
  const bool was_empty = text_.empty();
  text_ += text;
  lock.unlock();
  if (was_empty) {
    something_.notify_one();
    if (on_text_) on_text_();
  }
  return true;
}

void Outflow::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  something_.notify_one();
  if (on_text_) on_text_();
}

std::optional<std::string> Outflow::take() {
  std::unique_lock lock(mutex_);
  something_.wait(lock, [this] { return !text_.empty() || ended_; });
  if (text_.empty()) return std::nullopt;
  return take_all(lock);
}

std::string Outflow::take_now() {
  std::unique_lock lock(mutex_);
  return take_all(lock);
}

bool Outflow::at_end() {
  const std::lock_guard lock(mutex_);
  return ended_ && text_.empty();
}

void Outflow::abandon() {
  std::unique_lock lock(mutex_);
  abandoned_ = true;
  text_.clear();
  wake_writer(lock);
}

std::string Outflow::take_all(std::unique_lock<std::mutex>& lock) {
  std::string text = std::exchange(text_, {});
  wake_writer(lock);
  return text;
}

void Outflow::wake_writer(std::unique_lock<std::mutex>& lock) {
  const auto waiter = std::exchange(waiter_, std::nullopt);
  lock.unlock();
  if (waiter) waiter->resolve(true);
}

}  // namespace duplex::app
