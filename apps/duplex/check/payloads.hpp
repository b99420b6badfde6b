#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "frame.hpp"
#include "message.hpp"

/// What cases send. The same each time, so that a case that fails can be run again.
namespace duplex::app::check {

/// Printable ASCII in which every place can be told from its neighbours: from the first byte on
/// with letters, and soon with those of both cases, digits and marks.
std::string ascii_payload(std::size_t bytes);

/// All 256 values of a byte, in an order without a pattern.
std::string binary_payload(std::size_t bytes);

/// The message as frames of at most `fragment_bytes` each; an empty message is one frame.
std::vector<Frame> fragments(const Message& message, std::size_t fragment_bytes);

/// The message as one frame.
Frame whole(const Message& message);

}  // namespace duplex::app::check
