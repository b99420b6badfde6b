#pragma once

namespace duplex::app {

/// A descriptor that becomes readable when a thread is to stop waiting for others.
class StopPipe {
 public:
  /// Throws std::system_error.
  StopPipe();
  ~StopPipe();
  StopPipe(const StopPipe&) = delete;
  StopPipe& operator=(const StopPipe&) = delete;

  int descriptor() const noexcept { return read_end_; }
  /// Any thread.
  void stop() noexcept;

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

}  // namespace duplex::app
