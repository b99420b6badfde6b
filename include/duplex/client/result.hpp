#pragma once

#include <expected>
#include <utility>

#include <duplex/client/error.hpp>

namespace duplex::client {

/// What a client's call yields: a `T`, or the `Error` that tells why there is none. A std::expected
/// whose `value` throws a `Failure` with a message, for who would only pass the error on.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;

  T& value() & {
    check();
    return **this;
  }
  const T& value() const& {
    check();
    return **this;
  }
  T&& value() && {
    check();
    return *std::move(*this);
  }

 private:
  void check() const {
    if (!this->has_value()) throw Failure(this->error());
  }
};

}  // namespace duplex::client
