#pragma once

#include <stdexcept>

namespace duplex::tls {

/// What was configured can't be used. `what` is a sentence, without a full stop, that says which
/// file is wrong, in what, and what to do. Does not leave this layer: its functions return the
/// sentence.
class Unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace duplex::tls
