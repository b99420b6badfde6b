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

  /// More than any case needs.
  static constexpr std::size_t input_bytes_default = std::size_t{256} * 1024 * 1024;

  /// `stop_descriptor` becomes readable when all waiting has to end; -1 for none. Of what has come,
  /// no more than `input_bytes_max` is kept: a peer that goes on sending has to wait.
  explicit Wire(std::unique_ptr<ByteStream> stream, int stop_descriptor = -1,
                std::size_t input_bytes_max = input_bytes_default);

  /// What waiting has come to.
  enum class Wait : std::uint8_t {
    done,
    timed_out,
    stopped,
    full,  ///< More can't be kept; some of it has to be consumed first.
  };

  /// Sends all of it, unless the connection ends. A peer that takes a little at a time gets no more
  /// time by it.
  Wait send(std::string_view bytes, Time until);
  /// Waits until more has come than there was, or the peer has ended. Nothing more is taken when
  /// the time is over, though it be there: who waits again and again for the right thing from a
  /// peer that always has another to say, must come to an end.
  Wait receive(Time until);
  /// Whether there is time left, and nobody has had enough; waits for nothing. `done` if so.
  Wait look(Time until) const;
  void end_sending() { stream_->end_sending(); }

  /// What has come and was not consumed; valid until the next call of another function.
  std::string_view input() const noexcept { return std::string_view(input_).substr(consumed_); }
  /// Takes so many bytes off the front.
  void consume(std::size_t bytes);
  /// The same for who knows only by reading how many: `read(std::string_view&)` takes what it has
  /// read off its view's front. The result is its; when it throws, nothing is taken.
  template <class Read>
  auto take(Read read) {
    std::string_view rest = input();
    const std::size_t there = rest.size();
    auto result = read(rest);
    consume(there - rest.size());
    return result;
  }
  /// Nothing more will come.
  bool ended() const noexcept { return ended_ || reset_; }
  /// It was lost, not closed.
  bool reset() const noexcept { return reset_; }

 private:
  bool is_full() const noexcept { return input_.size() - consumed_ >= input_bytes_max_; }
  bool read_available();
  Wait wait(short events, Time until);

  std::unique_ptr<ByteStream> stream_;
  int stop_descriptor_;
  std::size_t input_bytes_max_;
  std::string input_;
  std::size_t consumed_ = 0;
  bool ended_ = false;
  bool reset_ = false;
  bool unwritable_ = false;
};

}  // namespace duplex::app::check
