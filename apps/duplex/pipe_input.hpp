#pragma once

#include <cstddef>
#include <string>

#include "action.hpp"
#include "connect_options.hpp"
#include "inflow.hpp"

namespace duplex::app {

/// Makes messages of what comes in a pipe.
class PipeInput {
 public:
  struct Options {
    Framing framing = Framing::lines;
    bool binary = false;
    std::size_t chunk_bytes = 0;
    std::size_t record_bytes_max = 0;
    /// What to read, and what becomes readable when there is nothing more to read for.
    int descriptor = 0;
    int stop_descriptor = -1;
  };

  explicit PipeInput(const Options& options) noexcept : options_(options) {}

  /// Reads until the end, or until nobody takes any more; never faster than messages are taken.
  /// What is wrong with the input, as a sentence; empty when nothing is.
  std::string pump(Inflow<Action>& actions);

 private:
  Options options_;
};

}  // namespace duplex::app
