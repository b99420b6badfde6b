#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "byte_stream.hpp"

namespace duplex::app::check {

/// A byte stream with a memory for what has come, and with deadlines.
///
/// It reads while it sends. A peer that takes no more before its answers are taken would else wait
/// for us, and we for it.
class Wire {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  /// `stop_descriptor` becomes readable when all waiting has to end; -1 for none.
  explicit Wire(std::unique_ptr<ByteStream> stream, int stop_descriptor = -1);

  /// What waiting has come to.
  enum class Wait : std::uint8_t { done, timed_out, stopped };

  /// Sends all of it, unless the connection ends.
  Wait send(std::string_view bytes, Time until);
  /// Waits until more has come than there was, or the peer has ended.
  Wait receive(Time until);
  void end_sending() { stream_->end_sending(); }

  /// What has come and was not consumed; valid until the next call of another function.
  std::string_view input() const noexcept { return std::string_view(input_).substr(consumed_); }
  /// Takes so many bytes off the front.
  void consume(std::size_t bytes);
  /// Nothing more will come.
  bool ended() const noexcept { return ended_ || reset_; }
  /// It was lost, not closed.
  bool reset() const noexcept { return reset_; }

 private:
  bool read_available();
  Wait wait(short events, Time until);

  std::unique_ptr<ByteStream> stream_;
  int stop_descriptor_;
  std::string input_;
  std::size_t consumed_ = 0;
  bool ended_ = false;
  bool reset_ = false;
  bool unwritable_ = false;
};

}  // namespace duplex::app::check
