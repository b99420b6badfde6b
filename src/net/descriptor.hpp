#pragma once

#include <utility>

namespace duplex::net {

/// Sole owner of a file descriptor, which it closes.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  /// Takes over `number`; a negative one is none.
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  ~Descriptor() { reset(); }

  explicit operator bool() const noexcept { return number_ >= 0; }
  /// The descriptor, still owned here; -1 when there is none.
  int number() const noexcept { return number_; }
  /// Gives up ownership.
  int release() noexcept { return std::exchange(number_, -1); }
  /// Closes what it owns and takes over `number`.
  void reset(int number = -1) noexcept;

 private:
  int number_ = -1;
};

}  // namespace duplex::net
